"""What the second release of the measurements corrects, against the first."""

import numpy as np
import pandas as pd

from trinity.files import data_path
from trinity.measurements.specimens import load_measurements, load_specimens


def corrections() -> pd.DataFrame:
    """What the second release changed, one row per polymer and laboratory of the first.

    Ratios are geometric means, second over first release, over conditions that both have (flux
    within 0.5 kW/m2, thickness within 10 %). ``oxygen_phrr`` and ``oxygen_thr`` are the part of
    the complete equation of oxygen consumption (over the oxygen-only one), specimens of FSRI.
    ``thr_blank`` counts specimens whose total heat release was taken out.
    """
    first = pd.read_csv(data_path("measurements", "first_release.csv"))
    second, cells = load_specimens(), load_measurements()
    rows = []
    for (polymer, lab), old in first.groupby(["polymer", "lab"], sort=False):
        new, own = (t[(t["polymer"] == polymer) & (t["lab"] == lab)] for t in (cells, second))
        pairs = old.merge(new, how="cross", suffixes=("_old", ""))
        same = (pairs["flux_kw_m2"] - pairs["flux_kw_m2_old"]).abs() < 0.5
        same &= np.log(pairs["thickness_mm"] / pairs["thickness_mm_old"]).abs() < 0.1
        pairs = pairs[same]
        row = {
            "polymer": polymer,
            "lab": lab,
            "rows_first": len(old),
            "specimens": len(own),
            "matched": len(pairs),
            "care": int((own["quality"] == "care").sum()),
            "thr_blank": int((own["thr_mj_m2"].isna() & (own["ignited"] == 1)).sum()),
        }
        for name in ("t_ig_s", "phrr_kw_m2", "thr_mj_m2"):
            row[name] = _mean_ratio(pairs[name], pairs[f"{name}_old"])
        row["oxygen_phrr"] = _mean_ratio(own["phrr_kw_m2"], own["phrr_o2only_kw_m2"])
        row["oxygen_thr"] = _mean_ratio(own["thr_mj_m2"], own["thr_o2only_mj_m2"])
        rows.append(row)
    return pd.DataFrame(rows)


def _mean_ratio(new: pd.Series, old: pd.Series) -> float:
    return float(np.exp(np.log(new / old).mean()))
