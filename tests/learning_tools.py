"""Small models and tables for the tests of the learning modules."""

import numpy as np
import pandas as pd

from trinity.learning.encoder import BackboneShape, bert_config, build_tokenizer
from trinity.learning.loop import seeded
from trinity.learning.model import FlammabilityModel

TINY = BackboneShape(layers=1, width=16, heads=2, feed_forward=32, max_tokens=64)
POLYMERS = (
    "*CC*", "*CC(*)C", "*CC(*)c1ccccc1", "*CC(*)Cl", "*CC(*)(C)C(=O)OC", "*CC(*)C#N",
    "*CCOC(=O)c1ccc(C(=O)O*)cc1", "*CCCCCC(=O)N*", "*CCO*", "*CC(*)OC(C)=O",
)  # fmt: skip


def tiny_model(seed: int = 0) -> FlammabilityModel:
    """A model of a few thousand weights with random numbers in all of them."""
    from transformers import BertModel

    tokenizer = build_tokenizer(TINY.max_tokens)
    with seeded(seed):
        backbone = BertModel(bert_config(TINY, len(tokenizer)), add_pooling_layer=False)
        model = FlammabilityModel(backbone, tokenizer=tokenizer)
    return model.eval()


def toy_table(polymers=POLYMERS, tests: int = 3, seed: int = 0) -> pd.DataFrame:
    """Cone tests after a simple law: heavier and more aromatic polymers ignite later, thicker
    specimens burn longer, all of it faster under more heat."""
    rng = np.random.default_rng(seed)
    rows = []
    for number, psmiles in enumerate(polymers):
        aromatic = psmiles.count("c") / len(psmiles)
        for _ in range(tests):
            flux, thickness = rng.uniform(20, 90), rng.uniform(2, 25)
            t_ig = 200 * (1 + aromatic) * (flux / 25) ** -2
            rows.append(
                {
                    "polymer_id": number,
                    "psmiles": psmiles,
                    "key": psmiles,
                    "flux_kw_m2": flux,
                    "thickness_mm": thickness,
                    "ignited": True,
                    "t_ig_s": t_ig,
                    "phrr_kw_m2": 20 * flux * (1 - aromatic),
                    "thr_mj_m2": 30 * thickness * (1 - aromatic),
                    "t_peak_s": t_ig + 40 * thickness,
                }
            )
    return pd.DataFrame(rows)
