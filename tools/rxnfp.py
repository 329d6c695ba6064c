"""Bring in the encoder of chemical reactions that the package rxnfp 0.1.0 carries.

Schwaller et al. (2021, Nature Machine Intelligence 3, 144, recalled); MIT licence. The weights
(27 MB) are not part of this repository: download the wheel from the package index without its
dependencies, which are old, and run

    python -m tools.rxnfp rxnfp-0.1.0-py3-none-any.whl

The folder build/rxnfp then holds the encoder as `trinity.learning.encoder.load_backbone` reads it.
"""

import io
import json
import sys
import zipfile
from pathlib import Path

from trinity.errors import InputError
from trinity.files import sha256_of
from trinity.pipeline.stages import build_root

SHA256 = "c5c1e818add6f34539a6b29bc680c47c9e7311e9383d1b34ce901481e34b58cf"
INSIDE = "rxnfp/models/transformers/bert_pretrained/"
#: The atom-wise pattern of Schwaller et al. (2018) that the package's tokenizer uses; the
#: vocabulary has `*` as a token of its own.
PATTERN = (
    r"\[[^\]]+\]|Br?|Cl?|N|O|S|P|F|I|b|c|n|o|s|p|\(|\)|\.|=|#|-|\+|\\|\/|:|~|@|\?|>>?|\*|\$"
    r"|\%[0-9]{2}|[0-9]"
)


def convert(wheel: Path, out: Path) -> Path:
    """Write the encoder of a wheel to a folder: configuration, safetensors, tokenizer; an
    InputError if the file is not that wheel."""
    import torch
    from transformers import BertConfig, BertModel

    if not wheel.is_file() or sha256_of(wheel) != SHA256:
        raise InputError(f"{wheel} is not the wheel of rxnfp 0.1.0: its SHA-256 differs.")
    with zipfile.ZipFile(wheel) as archive:
        config, weights, words = (
            archive.read(INSIDE + name)
            for name in ("config.json", "pytorch_model.bin", "vocab.txt")
        )
    shape = BertConfig(**json.loads(config))
    stored = torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True)
    own = {
        name.removeprefix("bert."): values
        for name, values in stored.items()
        if name.startswith("bert.") and ".pooler." not in name and "position_ids" not in name
    }
    model = BertModel(shape, add_pooling_layer=False)
    model.load_state_dict(own)
    tokenizer_of(words.decode().splitlines()).save_pretrained(str(out))
    model.save_pretrained(str(out))
    return out


def tokenizer_of(words: list[str]):
    """Tokenizer of the vocabulary, one word a line, in the form that the book's encoders have."""
    from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
    from tokenizers.models import WordLevel
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    from trinity.learning.encoder import ATTACHMENT

    ids = {word: number for number, word in enumerate(words)}
    core = Tokenizer(WordLevel(ids, unk_token="[UNK]"))
    core.normalizer = normalizers.Replace(Regex(ATTACHMENT), "*")
    core.pre_tokenizer = pre_tokenizers.Split(Regex(PATTERN), behavior="isolated")
    core.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(word, ids[word]) for word in ("[CLS]", "[SEP]")]
    )
    special = {
        f"{name.lower()}_token": f"[{name}]" for name in ("PAD", "UNK", "CLS", "SEP", "MASK")
    }
    return PreTrainedTokenizerFast(
        tokenizer_object=core, model_max_length=256, clean_up_tokenization_spaces=False, **special
    )


if __name__ == "__main__":
    try:
        print(convert(Path(sys.argv[1]), build_root() / "rxnfp"))
    except (IndexError, InputError) as error:
        sys.exit(str(error) if isinstance(error, InputError) else __doc__)
