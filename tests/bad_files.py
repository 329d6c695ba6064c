"""Files that cannot be used, for the table of wrong inputs (`bad_inputs`)."""

import json
import os
import shutil
from pathlib import Path

HEAD = "psmiles,flux_kw_m2,thickness_mm"
MEASURED = HEAD + ",t_ig_s,phrr_kw_m2,t_peak_s,thr_mj_m2"
GOOD = "*CC*,50,6,60,900,120,80"
#: Tables of conditions and measurements, each with one thing wrong: name -> content.
TABLES = {
    "empty": b"",
    "blank_lines": b"\n\n\n",
    "binary": bytes(range(256)) * 40,
    "null_bytes": f"{MEASURED}\n{GOOD}\n".encode() + b"\x00" * 100,
    "head_only": f"{MEASURED}\n".encode(),
    "no_psmiles": b"polymer,flux_kw_m2,thickness_mm,t_ig_s\n*CC*,50,6,60\n",
    "no_flux": b"psmiles,heater,thickness_mm,t_ig_s\n*CC*,50,6,60\n",
    "strange_unit": b"psmiles,flux (BTU/h),thickness_mm,t_ig_s\n*CC*,50,6,60\n",
    "mixed_decimals": f"{MEASURED}\n{GOOD}\n".replace(",", ";")
    .replace("50;6", "50,5;6.1")
    .encode(),
    "no_thickness": b"psmiles,flux_kw_m2,t_ig_s\n*CC*,50,60\n",
    "no_head": f"{GOOD}\n".encode(),
    "twice": f"{MEASURED},t_ig_s\n{GOOD},60\n".encode(),
    "ragged": f"{MEASURED}\n{GOOD}\n{GOOD},7,8,9\n".encode(),
    "open_quote": f'{MEASURED}\n"*CC*,50,6,60,900,120,80\n'.encode(),
    "html": b"<!DOCTYPE html><html><body>404</body></html>",
    "json": b'{"psmiles": "*CC*"}',
    "truncated": f"{MEASURED}\n{GOOD}\n*CC(*)C,50".encode(),
}
#: Rows of measurements with one thing wrong: name -> row below ``MEASURED``.
ROWS = {
    "flux_in_w": "*CC*,50000,6,60,900,120,80",
    "thickness_in_m": "*CC*,50,0.006,60,900,120,80",
    "thickness_in_inches_text": '*CC*,50,"1/4 in",60,900,120,80',
    "phrr_in_w": "*CC*,50,6,60,900000,120,80",
    "thr_in_kj": "*CC*,50,6,60,900,120,80000",
    "swapped_times": "*CC*,50,6,120,900,60,80",
    "swapped_columns": "50,*CC*,6,60,900,120,80",
    "too_much_heat": "*CC*,50,1,60,900,120,500",
    "not_a_polymer": "CCO,50,6,60,900,120,80",
    "empty_psmiles": ",50,6,60,900,120,80",
    "empty_flux": "*CC*,,6,60,900,120,80",
    "empty_thickness": "*CC*,50,,60,900,120,80",
    "words": "*CC*,fifty,6,60,900,120,80",
    "unit_in_cell": "*CC*,50 kW/m2,6,60,900,120,80",
    "decimal_comma": '*CC*,"50,0",6,60,900,120,80',
    "nan": "*CC*,nan,6,60,900,120,80",
    "infinite": "*CC*,inf,6,60,900,120,80",
    "negative_flux": "*CC*,-50,6,60,900,120,80",
    "negative_thickness": "*CC*,50,-6,60,900,120,80",
    "negative_time": "*CC*,50,6,-60,900,120,80",
    "zero_time": "*CC*,50,6,0,900,120,80",
    "negative_peak": "*CC*,50,6,60,-900,120,80",
    "peak_without_ignition": "*CC*,50,6,,900,120,80",
    "no_measured_value": "*CC*,50,6,,,,",
    "enormous_psmiles": "*" + "C" * 100_000 + "*,50,6,60,900,120,80",
    "unicode_digits": "*CC*,５０x,6,60,900,120,80",
    "formula": "=1+1,50,6,60,900,120,80",
    "two_rows_alike": f"{GOOD}\n{GOOD}",
}
#: JSON files that hold no cases: name -> content.
DOCUMENTS = {
    "empty": b"",
    "truncated": b'{"cases": [{"id": 1, "thickness_m": 0.0',
    "deep": b"[" * 100_000,
    "deep_closed": b"[" * 50_000 + b"]" * 50_000,
    "text": b"cases: none",
    "number": b"3",
    "null": b"null",
    "list_of_none": b"[]",
    "no_cases": b'{"case": []}',
    "cases_no_list": b'{"cases": {"a": 1}}',
    "cases_empty": b'{"cases": []}',
    "latin1": '{"cases": "caf\xe9"'.encode("latin-1"),
    "binary": bytes(range(256)),
    "bom": b"\xef\xbb\xbf{",
    "single_quotes": b"{'cases': []}",
    "comment": b'{"cases": [] // none\n}',
    "surrogate": b'{"cases": "\\ud800"',
}
#: Contents that pretend to be weights: name -> bytes.
WEIGHTS = {
    "empty": b"",
    "text": b"these are no weights",
    "binary": bytes(range(256)) * 10,
    "pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix.",
    "huge_header": (2**62).to_bytes(8, "little") + b"{}",
    "other_tensors": (10).to_bytes(8, "little") + b"{}        ",
}
PREDICTED = {
    "arm": "mine", "seed": 0, "fold": "styrenics", "test_id": 0, "target": "t_ig_s",
    "measured": 111.65, "predicted": 66.0, "lo": 50.0, "hi": 80.0,
}  # fmt: skip
#: Tables of predictions with one value or column wrong: name -> what changes (None: left out).
PREDICTIONS = {
    "negative": {"predicted": -1.0},
    "zero": {"measured": 0.0},
    "nothing": {"predicted": ""},
    "words": {"predicted": "sixty"},
    "infinite": {"predicted": "inf"},
    "no_target": {"target": None},
    "no_predicted": {"predicted": None},
    "unknown_target": {"target": "smoke"},
    "unknown_test": {"test_id": 999},
    "one_specimen": {"test_id": 1},
    "not_what_was_measured": {"measured": 60.0},
    "another_fold": {"fold": "PE"},
    "no_cell": {"test_id": None},
    "interval_upside_down": {"lo": 80.0, "hi": 50.0},
    "interval_in_words": {"lo": "low"},
    "interval_negative": {"lo": -5.0},
}


def case(**changed) -> dict:
    """A case that the solver runs, changed; a key with dots goes into an inner object."""
    made = {
        "id": "slab", "thickness_m": 0.006, "irradiance_w_m2": 50000.0, "end_time_s": 20.0,
        "front": {"h_w_m2_k": 10.0},
        "components": {"virgin": {
            "density_kg_m3": 1000.0, "conductivity_w_m_k": 0.2, "specific_heat_j_kg_k": 2000.0,
            "emissivity": 0.9,
        }},
        "reactions": [{
            "reactant": "virgin", "product": None, "A_1_s": 1e13, "E_j_mol": 2e5,
            "solid_yield": 0.0, "heat_of_reaction_j_kg": 1e6,
        }],
    }  # fmt: skip
    for path, value in changed.items():
        *outer, last = path.split("__")
        place = made
        for name in outer:
            place = place[int(name) if isinstance(place, list) else name]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return made


#: Cases with one field wrong: name -> the changes.
CASES = {
    "no_thickness": {"thickness_m": ...},
    "thickness_in_mm": {"thickness_m": 6.0},
    "thickness_negative": {"thickness_m": -0.006},
    "thickness_zero": {"thickness_m": 0},
    "thickness_text": {"thickness_m": "6 mm"},
    "thickness_true": {"thickness_m": True},
    "thickness_list": {"thickness_m": [0.006]},
    "flux_in_kw": {"irradiance_w_m2": 50.0},
    "flux_negative": {"irradiance_w_m2": -1.0},
    "no_flux": {"irradiance_w_m2": ...},
    "no_end": {"end_time_s": ...},
    "end_zero": {"end_time_s": 0},
    "end_enormous": {"end_time_s": 1e30},
    "temperature_in_celsius": {"initial_temperature_k": 20.0},
    "temperature_negative": {"initial_temperature_k": -300.0},
    "no_front": {"front": ...},
    "front_is_number": {"front": 10.0},
    "front_is_empty": {"front": {}},
    "front_h_text": {"front__h_w_m2_k": "ten"},
    "gas_in_celsius": {"front__gas_temperature_k": 25.0},
    "no_components": {"components": ...},
    "components_empty": {"components": {}},
    "components_list": {"components": []},
    "component_is_number": {"components__virgin": 3},
    "density_in_g_cm3": {"components__virgin__density_kg_m3": 0.95},
    "density_missing": {"components__virgin__density_kg_m3": ...},
    "conductivity_zero": {"components__virgin__conductivity_w_m_k": 0.0},
    "capacity_in_kj": {"components__virgin__specific_heat_j_kg_k": 2.0},
    "emissivity_above_one": {"components__virgin__emissivity": 1.5},
    "ramp_empty": {"components__virgin__conductivity_w_m_k": []},
    "ramp_falls": {"components__virgin__conductivity_w_m_k": [[400, 0.2], [300, 0.2]]},
    "ramp_of_triples": {"components__virgin__conductivity_w_m_k": [[400, 0.2, 1]]},
    "ramp_in_celsius": {"components__virgin__conductivity_w_m_k": [[20, 0.2]]},
    "ramp_of_text": {"components__virgin__conductivity_w_m_k": [["a", "b"]]},
    "ramp_too_long": {
        "components__virgin__conductivity_w_m_k": [[300 + i, 0.2] for i in range(101)]
    },
    "no_reactions": {"reactions": ...},
    "reactions_object": {"reactions": {}},
    "reaction_text": {"reactions": ["burns"]},
    "reactant_unknown": {"reactions__0__reactant": "char"},
    "product_unknown": {"reactions__0__product": "char"},
    "product_itself": {"reactions__0__product": "virgin", "reactions__0__solid_yield": 0.5},
    "second_order": {"reactions__0__order": 2},
    "order_list": {"reactions__0__order": [1]},
    "no_frequency": {"reactions__0__A_1_s": ...},
    "energy_in_kj_text": {"reactions__0__E_j_mol": "200 kJ/mol"},
    "energy_negative": {"reactions__0__E_j_mol": -2e5},
    "yield_above_one": {"reactions__0__solid_yield": 1.5},
    "yield_of_nothing": {"reactions__0__solid_yield": 0.3},
    "back_unknown": {"back": "wood"},
    "back_number": {"back": 3},
    "back_list": {"back": []},
    "back_type_list": {"back": {"type": ["insulated"]}},
    "back_without_type": {"back": {"h_w_m2_k": 10}},
    "fractions_text": {"initial_mass_fractions": "all"},
    "fractions_do_not_sum": {"initial_mass_fractions": {"virgin": 0.5}},
    "fractions_unknown": {"initial_mass_fractions": {"char": 1.0}},
    "efficiency_in_percent": {"flaming_efficiency": 80.0},
    "critical_flux_huge": {"critical_mass_flux_kg_m2_s": 1e9},
    "critical_temperature_in_celsius": {"critical_surface_temperature_k": 100.0},
    "heat_of_combustion_negative": {"heat_of_combustion_j_kg": -1.0},
    "timeout_zero": {"ignition_timeout_s": 0},
}


def tables(folder: Path) -> None:
    """CSV files."""
    for name, content in TABLES.items():
        (folder / f"{name}.csv").write_bytes(content)
    for name, row in ROWS.items():
        (folder / f"row_{name}.csv").write_text(f"{MEASURED}\n{row}\n", encoding="utf-8")
    for name, change in PREDICTIONS.items():
        row = {k: v for k, v in (PREDICTED | change).items() if v is not None}
        text = f"{','.join(row)}\n{','.join(map(str, row.values()))}\n"
        (folder / f"predictions_{name}.csv").write_text(text)
    (folder / "predictions_list.json").write_text("[1, 2, 3]")
    (folder / "predictions_object.json").write_text('{"rows": []}')
    (folder / "predictions_none.json").write_text("[]")
    (folder / "predictions_odd.json").write_text(json.dumps([PREDICTED | {"predicted": {"a": 1}}]))


def cases(folder: Path) -> None:
    """JSON files of cases, whole documents and single fields wrong."""
    for name, content in DOCUMENTS.items():
        (folder / f"{name}.json").write_bytes(content)
    for name, change in CASES.items():
        text = json.dumps({"cases": [case(**change)]})
        (folder / f"case_{name}.json").write_text(text)
    not_a_number = json.dumps({"cases": [case(thickness_m=float("nan"))]})
    (folder / "case_not_a_number.json").write_text(not_a_number)
    (folder / "case_is_text.json").write_text('{"cases": ["slab"]}')
    (folder / "case_is_null.json").write_text('{"cases": [null]}')
    (folder / "good.json").write_text(json.dumps({"cases": [case()]}))


def odd_places(folder: Path) -> None:
    """Paths that are no files, or cannot be reached."""
    (folder / "folder.csv").mkdir()
    (folder / "folder.json").mkdir()
    (folder / "folder.png").mkdir()
    (folder / "loop.csv").symlink_to(folder / "loop.csv")
    (folder / "dangling.csv").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "pipe.csv")


def synthetic_tables(folder: Path, published: Path) -> None:
    """Folders that hold no synthetic table, or a broken one."""
    import pandas as pd

    for name in ("no_table", "text_table", "cut_table", "other_table", "empty_table",
                 "claimed", "unknown_origin"):  # fmt: skip
        (folder / name).mkdir()
    (folder / "text_table" / "synthetic.parquet").write_text("no parquet")
    raw = published.read_bytes()
    (folder / "cut_table" / "synthetic.parquet").write_bytes(raw[: len(raw) // 2])
    pd.DataFrame({"a": [1]}).to_parquet(folder / "other_table" / "synthetic.parquet")
    columns = list(pd.read_parquet(published, columns=["psmiles", "key"]).columns)
    pd.DataFrame({name: [] for name in columns}).to_parquet(
        folder / "empty_table" / "synthetic.parquet"
    )
    (folder / "claimed" / "_run.json").write_text('{"parameters": {"n_polymers": 1}}')
    (folder / "unknown_origin" / "parts").mkdir()
    (folder / "garbled_claim").mkdir()
    (folder / "garbled_claim" / "_run.json").write_bytes(b"{")


def models(folder: Path, published: Path) -> None:
    """Folders that hold no model, another one, or a broken copy of the published one."""
    (folder / "no_model").mkdir()

    def broken(name: str) -> Path:
        copy = folder / name
        copy.mkdir()
        for path in sorted(published.iterdir()):
            if path.is_dir() and path.name != "member0":
                continue
            if path.is_dir():
                shutil.copytree(path, copy / path.name)
            else:
                shutil.copy(path, copy)
        about = json.loads((copy / "ensemble.json").read_text())
        (copy / "ensemble.json").write_text(json.dumps(about | {"members": 1}))
        return copy

    (broken("model_cut_about") / "ensemble.json").write_text('{"name": "tri')
    (broken("model_foreign_about") / "ensemble.json").write_text("[1, 2]")
    (broken("model_bare_about") / "ensemble.json").write_text('{"name": "x"}')
    shutil.rmtree(broken("model_no_members") / "member0")
    member = broken("model_no_config") / "member0"
    (member / "config.json").unlink()
    (broken("model_cut_config") / "member0" / "config.json").write_text('{"kind": "tri')
    (broken("model_foreign_config") / "member0" / "config.json").write_text('{"kind": "bert"}')
    (broken("model_list_config") / "member0" / "config.json").write_text("[]")
    (broken("model_no_tokenizer") / "member0" / "tokenizer.json").unlink()
    (broken("model_cut_tokenizer") / "member0" / "tokenizer.json").write_text('{"version"')
    (broken("model_no_weights") / "member0" / "model.safetensors").unlink()
    weights = broken("model_cut_weights") / "member0" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    for name, content in WEIGHTS.items():
        made = broken(f"model_{name}_weights")
        (made / "member0" / "model.safetensors").write_bytes(content)
    (broken("model_no_domain") / "domain.safetensors").unlink()
    (broken("model_text_domain") / "domain.safetensors").write_text("no fingerprints")


def make(folder: Path, data: Path) -> Path:
    """All of them below ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    tables(folder)
    cases(folder)
    odd_places(folder)
    synthetic_tables(folder, data / "artifacts" / "synthetic" / "synthetic.parquet")
    models(folder, data / "artifacts" / "models" / "phase2")
    (folder / "plain.txt").write_text("a file")
    (folder / "no_block.json").write_text('{"results": 1}')
    (folder / "odd_block.json").write_text('{"provenance": {"stage": "cooking"}}')
    (folder / "empty_block.json").write_text('{"provenance": {}}')
    (folder / "list_block.json").write_text('{"provenance": [1]}')
    (folder / "list_stage.json").write_text('{"provenance": {"stage": ["synthesis"]}}')
    (folder / "text_metadata.json").write_text('{"metadata": "none"}')
    (folder / "broken.ipynb").write_text('{"cells": [')
    (folder / "stampless.ipynb").write_text(
        '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    )
    return folder
