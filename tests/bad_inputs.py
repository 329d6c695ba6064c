"""Wrong inputs, by what is wrong with them: the table behind `test_bad_input` and the page
"Troubleshooting".

Each mistake names the sentence that it must end in, why that happens and what helps; each of its
inputs is a command line or a call. ``{files}`` in a command line is the folder of `bad_files`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bad_files

STYRENE = "*CC(*)c1ccccc1"
LONG = 100_000
Call = tuple[str, Callable[[Path], object]]


@dataclass(frozen=True)
class Mistake:
    """Inputs that are wrong for one reason."""

    title: str
    says: str  # regular expression, found in every message
    cause: str
    remedy: str
    commands: tuple[tuple[str, ...], ...] = ()
    calls: tuple[Call, ...] = ()
    code: int = 1
    by_row: bool = False  # good rows are written, each bad one has a sentence of its own


def lines(*texts: str) -> tuple[tuple[str, ...], ...]:
    """Command lines without spaces inside an argument, as tuples of words."""
    return tuple(tuple(text.split()) for text in texts)


def units(*texts: str) -> tuple[tuple[str, ...], ...]:
    """Each repeat unit given to one of the commands that take one, in turn."""
    commands = ("estimate", "cone", "predict")
    return tuple((commands[i % 3], "--", text) for i, text in enumerate(texts))


def files(pattern: str, names) -> tuple[tuple[str, ...], ...]:
    """A command line for each of some names."""
    return tuple(tuple(pattern.replace("{name}", name).split()) for name in names)


#: Modules by the names that the calls below use.
MODULES = {
    "benchmark": "trinity.evidence.benchmark",
    "backbone": "trinity.learning.encoder",
    "conditions": "trinity.quantities",
    "cases": "trinity.cone.files",
    "cone": "trinity.cone.simulate",
    "cone_export": "trinity.cone.export",
    "cone_test": "trinity.cone.predict",
    "evaluation": "trinity.evidence.scores",
    "files": "trinity.files",
    "generator": "trinity.synthesis.generator",
    "groups": "trinity.chemistry.groups",
    "specimens": "trinity.measurements.specimens",
    "model": "trinity.learning.model",
    "notebooks": "trinity_book.notebooks",
    "polymers": "trinity.chemistry.polymers",
    "prediction": "trinity.prediction.predict",
    "reader": "trinity.measurements.reader",
    "reduce": "trinity.measurements.reduce",
    "properties": "trinity.chemistry.properties",
    "provenance": "trinity.provenance",
    "published": "trinity_book.studies.validation.cases",
    "similarity": "trinity.chemistry.descriptors",
    "stages": "trinity.pipeline.stages",
    "synthesis": "trinity.synthesis.table",
    "tokenizer": "trinity.learning.encoder",
}


def on(module: str, function: str, *arguments, **options) -> Call:
    """A call of a function of one of `MODULES`; a text argument ``{files}/x`` becomes a path."""

    def call(folder: Path):
        from importlib import import_module
        from operator import attrgetter

        def filled(value):
            if isinstance(value, str) and value.startswith("{files}"):
                return folder / value.removeprefix("{files}/")
            return value() if callable(value) else value

        target = attrgetter(function)(import_module(MODULES[module]))
        return target(*map(filled, arguments), **{k: filled(v) for k, v in options.items()})

    def name(value) -> str:
        return "..." if callable(value) else repr(value)

    shown = ", ".join([*map(name, arguments), *(f"{k}={name(v)}" for k, v in options.items())])
    return f"{MODULES[module]}.{function}({shown[:60]})", call


def frame(**columns):
    """A table, made when the call is made."""

    def make():
        import pandas as pd

        return pd.DataFrame(columns)

    return make


PREDICT = "predict --csv {files}/{name}.csv --out out.csv"
FINETUNE = "finetune --csv {files}/{name}.csv --out model"
SIMULATE = "simulate {files}/{name}.json --out out.json"
EVALUATE = "evaluate --predictions {files}/{name}"
REDUCE = "reduce {files}/{name}.csv"
MODEL = f"predict {STYRENE} --model {{files}}/model_{{name}}"

POLYMERS = (
    Mistake(
        "The repeat unit needs two ends",
        "attachment point",
        "A plain molecule, one end only, or a branching unit was given.",
        "Mark the two ends of the repeat unit with `*`, as in `*CC(*)c1ccccc1`.",
        units("CCO", "c1ccccc1", "*CC", "CC*", "*", "***", "*C(*)(*)C", "*CC(*)C*", "*CC(*)(*)*",
              "[*]CC", "C", "[NH4+].[Cl-]", "CC.*CC", "O=C=O", "*c1cc(*)cc(*)c1"),
        (on("polymers", "parse_psmiles", "CC"), on("groups", "count_groups", "C*"),
         on("properties", "estimate", "*"), on("polymers", "polymer_key", "***"),
         on("similarity", "fingerprint", "CC"), on("cone_test", "predict", "CC", 50.0, 6.0)),
    ),
    Mistake(
        "The repeat unit is empty or nothing but ends",
        "is empty|no repeat unit|exactly one atom",
        "The argument is empty, or a shell variable had no value.",
        "Give a repeat unit such as `*CC*`, in quotes.",
        units("", "   ", "\t", "**", "[*][*]", "*=*"),
        (on("polymers", "parse_psmiles", ""), on("prediction", "check_row", " ", 50, 6)),
    ),
    Mistake(
        "The text is not a valid SMILES",
        "not a valid SMILES|not a SMILES string",
        "A typing error; an open ring or bracket; an impossible valence.",
        "Write SMILES, and put it in quotes: the shell eats `*`, `(` and `|`.",
        units("*CC(*", "*CC(*)c1ccccc", "*C1CC*", "*CC)*", "*[C*", "*C(=C*", "*CX*",
              "*CC(*)(C)(C)C", "*F*", "*C%(1)C*", "*CC*)", "50", "*C\\", "*[Xx]*", "*[C",
              "*]CC[*", "'*CC*'", "*CC(*)c1ccccc1;ls", "$(id)", "InChI=1S/CH4/h1H4", "%s%n",
              "*C((*))C", "*C[He]*", "*CC[NH3+]*", "*[2H]C*", "*C[CH2-]*"),
        (on("polymers", "polymer_key", "*C("), on("groups", "count_groups", "x"),
         on("tokenizer", "randomised", "*C(", 1, 0)),
    ),
    Mistake(
        "The name is unknown",
        "There is no polymer named",
        "A name that is misspelled or not in the list, or a formula.",
        "Take one of the names that are suggested, or write the repeat unit.",
        units("polystyren", "PMAA", "nylon", "(C8H8)n", "-(CH2-CH2)-", "None", "../../etc/passwd",
              "unobtainium", "PS:0.5|PXX:0.5"),
    ),
    Mistake(
        "A name or an abbreviation where atoms belong",
        "is a name|has the group|has a placeholder",
        "A table or a function that reads repeat units got a name, a group such as Ph or an R.",
        "Write the atoms; the message has those of a name or a group.",
        units("*CC([Ph])*", "*CC(OMe)*", "*CC([R])*", "*C([R'])C*", "*CC([X])*"),
        (on("polymers", "parse_psmiles", "PMMA"), on("polymers", "polymer_key", "nylon 6")),
    ),
    Mistake(
        "A character that SMILES does not have",
        "a space or a character",
        "Copying from a document brought a look-alike, a space or a control character.",
        "Type the text again in plain ASCII.",
        units("*CC(*) c1ccccc1", "*C\u0421*", "\u2217CC\u2217", "*CC*\u200b", "*C\U0001f525C*",
              "\u661f*CC*", "*C\x1b[31mC*", "*C\x07C*", "*CC*\n*CC*", "*C\u2013C*", "*CC\u2026*",
              "*C\x7fC*"),
        (on("polymers", "parse_psmiles", "*CC*\x00"), on("polymers", "parse_psmiles", "*C C*")),
    ),
    Mistake(
        "An enormous text",
        "characters; a repeat unit has at most",
        "A file or a whole chain was given where one repeat unit belongs.",
        "Give the smallest repeat unit; 2000 characters are the limit.",
        units("*" + "C" * LONG + "*", "*" * LONG, "[" * LONG, "*CC(*)" + "(C)" * LONG,
              "C1" * LONG),
        (on("polymers", "parse_psmiles", "*" + "C" * LONG + "*"),
         on("polymers", "Polymer.parse", "*CC*:0.5|" * 20_000)),
    ),
    Mistake(
        "More than one fragment",
        "more than one fragment",
        "Two polymers were written with a dot.",
        "Write a copolymer as components: `'*CC*:0.7|*CC(*)C:0.3'`.",
        units("*C.C*", "*CC.CC*", "*CCO.C*"),
    ),
    Mistake(
        "A salt",
        "is a salt",
        "The repeat unit has a counter-ion, which the physics of pyrolysis does not know.",
        "Give the neutral acid or base alone.",
        units("*CC*.[Na+].[Cl-]", "*CC(*)C(=O)[O-].[Na+]", "*C[N+](C)(C)C*.[Cl-]",
              "*CC(*)C(=O)[O-].[Ca+2].[O-]C(=O)C(C)C"),
    ),
    Mistake(
        "Something beside the repeat unit",
        "beside it; leave",
        "An acid, a metal or a solvent was written with a dot, as vendors do.",
        "Give the repeat unit alone.",
        units("*CC(*)CN.Cl", "*CC(*)C(=O)O.[Na]", "*CC*.C", "*CCO*.O", "C.*CC*",
              "*CC(*)C(=O)O.NCCO"),
    ),
    Mistake(
        "Another notation for polymers",
        "is BigSMILES|has ends that SMILES does not know|marks its ends by",
        "The text is BigSMILES, or its ends are R-groups, letters or atoms of a metal.",
        "Write the repeat unit with two `*`.",
        units("{[$]CC[$]}", "[<]CC[>]", "[$]CC[$]", "[R1]CC[R2]", "[R]CC[R]", "[e]CC[t]",
              "[Ce]CC[Th]", "[Au]CC[Cu]", "[X]CC[Y]"),
    ),
    Mistake(
        "An element outside the scope",
        "has the element",
        "Group contributions and flame chemistry cover organic polymers only.",
        "Allowed are H B C N O F Si P S Cl Br I.",
        units("*C[Fe]C*", "*C[Al](C)C*", "*[Ti]C*", "*C[Se]C*", "*[Ge](C)(C)*", "*C[As](*)C",
              "*C[Sn](C)(C)C*", "*[Zn]*", "*C[Li]C*", "*C[U]C*", "*[At]C*", "*CC(*)[Na]", "*C[Og]*",
              "*CC(*)[K]"),
    ),
    Mistake(
        "A net charge, a radical or an isotope",
        "net charge|a radical|an isotope",
        "An ion without its partner inside the unit, an open valence, or a labelled atom.",
        "Write the neutral repeat unit; nitro groups and zwitterions are fine.",
        units("*CC(*)C[NH3+]", "*CC(*)C(=O)[O-]", "*CC(*)[N+](C)(C)C", "*CC[S+](C)*", "*C[CH]*",
              "*C[C]C*", "*CC(*)[O]", "*[13CH2]C*", "*C([2H])C*", "*C([3H])C*", "*CC(*)[N]",
              "*C[CH-]*", "*C[B-](F)(F)*", "*CC(*)[18F]"),
    ),
    Mistake(
        "Ends that cannot be joined",
        "must be bonded to exactly one atom|same order|not single, double|no repeat unit",
        "The two ends differ in their bonds, or an end is not an end.",
        "Give both ends the same kind of bond, each to one atom of the unit.",
        units("*=CC*", "*#CC*", "*=CC#*", "C*C*", "*1CC*1", "C*CC*C", "*~CC~*", "*->CC*",
              "*CC*C", "[*H]CC[*H]", "[*+]CC[*-]"),
    ),
    Mistake(
        "Components that make no copolymer",
        "component|mass fraction|attachment|not a valid SMILES|is empty",
        "A fraction is missing, not a number, outside 0 to 1, or they do not add up.",
        "Write `'psmiles:mass fraction|...'` with fractions that sum to 1.",
        tuple((command, text) for command, text in zip(
            ("estimate", "cone", "predict") * 6,
            ("*CC*:0.7|*CC(*)C:0.7", "*CC*|*CC(*)C", "*CC*:0.5|*CC(*)C", "*CC*:1.5|*CC(*)C:-0.5",
             "*CC*:nan|*CC(*)C:0.5", "*CC*:inf|*CC(*)C:0.5", "*CC*:0|*CC(*)C:1", "|", "*CC*:1|",
             "|*CC*:1", "*CC*:half|*CC(*)C:half", "CC:0.5|*CC*:0.5", "*CC*:50|*CC(*)C:50",
             "*CC*:0.1|*CC(*)C:0.1", "*CC*:0,5|*CC(*)C:0,5", "*CC*:|:0.5", ":0.5|:0.5",
             "*C(:0.5|*CC*:0.5"), strict=True)),
        (on("polymers", "Polymer.parse", "*CC*", "*CC*:0.2"), on("polymers", "Polymer.parse", "|"),
         on("prediction", "check_row", "*CC*", 50, 6, "*CC*:2|*CC(*)C:-1")),
    ),
    Mistake(
        "A value that is not text",
        "must be text",
        "A missing cell, a number or a list took the place of a repeat unit.",
        "Give the repeat unit as text.",
        (),
        (on("polymers", "parse_psmiles", None), on("polymers", "parse_psmiles", 3),
         on("polymers", "parse_psmiles", float("nan")), on("polymers", "parse_psmiles", b"*CC*"),
         on("polymers", "parse_psmiles", ["*CC*"]), on("groups", "count_groups", None),
         on("prediction", "check_row", float("nan"), 50, 6)),
    ),
)  # fmt: skip

CONDITIONS = (
    Mistake(
        "Heat flux or thickness out of range",
        "heat flux is|thickness is",
        "Another unit (W/m2, m, inches), a sign, or a condition that no cone reaches.",
        "Heat flux in kW/m2 from 5 to 200, thickness in mm from 0.1 to 200.",
        lines(
            f"cone {STYRENE} --flux 50000", f"cone {STYRENE} --flux -50",
            f"cone {STYRENE} --flux 0", f"cone {STYRENE} --flux nan",
            f"predict {STYRENE} --flux inf", f"predict {STYRENE} --flux -inf",
            f"predict {STYRENE} --flux 1e308", f"cone {STYRENE} --flux 4.999",
            f"predict {STYRENE} --flux 200.1", f"cone {STYRENE} --thickness 0.006",
            f"cone {STYRENE} --thickness 0", f"cone {STYRENE} --thickness -6",
            f"predict {STYRENE} --thickness nan", f"predict {STYRENE} --thickness 6000",
            f"cone {STYRENE} --thickness inf", f"cone {STYRENE} --thickness 1e-300",
        ),
        tuple(on("conditions", "check_conditions", *pair) for pair in (
            (None, 6), (50, "6 mm"), ([50], 6), (10**400, 6), ("1" * LONG, 6), (50, {})))
        + (
         on("cone_test", "predict", STYRENE, 50e3, 6.0),
         on("prediction", "predict", [STYRENE], 50.0, 0.006)),
    ),
    Mistake(
        "An option that is not a number, or not in its range",
        r"Invalid value for|requires an argument|not a valid",
        "A word, a unit or nothing where a number belongs; a count below 1; a negative seed.",
        "Give plain numbers; `trinity COMMAND --help` names the ranges.",
        lines(
            f"cone {STYRENE} --flux fifty", f"cone {STYRENE} --flux 50kW", f"cone {STYRENE} --flux",
            f"cone {STYRENE} --thickness 6mm", f"cone {STYRENE} --samples 0",
            f"cone {STYRENE} --samples 1.5", f"cone {STYRENE} --samples 1000000000",
            f"cone {STYRENE} --samples -1", f"cone {STYRENE} --seed -1",
            f"cone {STYRENE} --seed one",
            "synthesize --n 0 --out t", "synthesize --n -5 --out t", "synthesize --n 1e3 --out t",
            "synthesize --n ten --out t", "synthesize --n 5 --conditions 0 --out t",
            "synthesize --n 5 --conditions 2000 --out t", "synthesize --n 5 --seed -3 --out t",
            "synthesize --n 1000000000000 --out t", "pretrain --seed -1", "finetune --seed x",
        ) + (("cone", STYRENE, "--flux", ""), ("cone", STYRENE, "--flux", "5\uff10 kW"),
             ("cone", STYRENE, "--flux", "50,0")),
        code=2,
    ),
    Mistake(
        "An unknown command or option",
        r"No such (command|option)|Missing (argument|option)|unexpected extra|see trinity --help",
        "A misspelt command or option, one that is missing, or quotes that are missing.",
        "`trinity --help` lists the commands, `trinity COMMAND --help` shows an example.",
        lines("nonsense", "Estimate *CC*", "estimate", "estimate --polymer *CC*",
              "estimate *CC* *CC*", "cone", "cone --nonsense", "simulate", "simulate a.json",
              "simulate --out b.json", "synthesize --n 5", "synthesize --out t", "provenance",
              "run --scale", "run -p", "--nonsense", "-x", "estimate --json", "predict --csv",
              "cone --flux 50", "book now", "phase0 again", "info all", "ablation --seeds 3",
              "distil 3", "power 3",
              "reproduce all", "simulate a b --out c", "provenance a b"),
        code=2,
    ),
    Mistake(
        "Options that do not go together",
        "both|goes with|needs --out|and not both|Exporting",
        "One half of a pair is missing, or two ways were asked for at once.",
        "The sentence names what belongs together.",
        lines("predict", f"predict {STYRENE} --csv a.csv --out b.csv", "predict --csv a.csv",
              f"predict {STYRENE} --out b.csv", "pretrain --table t", "pretrain --out m",
              "finetune --csv mine.csv", "finetune --out m", f"cone {STYRENE} --export fds",
              f"cone {STYRENE} --to case.fds", f"cone {STYRENE} --export ansys --to case.txt"),
    ),
)  # fmt: skip

TABLES = (
    Mistake(
        "A file that is not there, or is no file",
        r"There is no|not a file|cannot be read|Cannot read|is a folder",
        "A wrong name or working directory; a folder; a broken link; a pipe.",
        "Check the name and the folder that the command runs in.",
        files(PREDICT, ("missing", "folder", "loop", "dangling", "pipe"))
        + files(FINETUNE, ("missing", "folder", "loop", "dangling"))
        + files(EVALUATE, ("missing.csv", "folder.csv", "missing.json", "dangling.csv"))
        + files(SIMULATE, ("missing", "folder", "no/such/folder/cases"))
        + files(REDUCE, ("missing", "folder", "dangling"))
        + lines("predict --csv /dev/null --out out.csv", "simulate /dev/full --out out.json",
                "provenance {files}/missing.json", "provenance {files}/no_model",
                "provenance {files}/nowhere/x.ipynb"),
        (on("reader", "read_measurements", "{files}/missing.csv"),
         on("specimens", "load_table", "nonsense"),
         on("cases", "read_cases", "{files}/missing.json"),
         on("reader", "read_table", "{files}/missing.csv"),
         on("reduce", "read_curves", "{files}/missing.csv"),
         on("benchmark", "read_predictions", "{files}/missing.csv")),
    ),
    Mistake(
        "A table that cannot be understood",
        "UTF-8|no CSV|cannot be read|no column|no rows|cells where|column twice|is empty"
        "|decimal commas|unit of the column",
        "A spreadsheet, a broken download, no head; decimal points and commas in one file.",
        "Save it as CSV (commas, semicolons or tabs) with the column names in the first line.",
        files(PREDICT, tuple(bad_files.TABLES)) + files(FINETUNE, tuple(bad_files.TABLES)),
        (on("reader", "read_measurements", "{files}/binary.csv"),
         on("reader", "read_measurements", "{files}/ragged.csv")),
    ),
    Mistake(
        "A curve that cannot be reduced",
        "no rows of numbers|column of time|UTF-8|is no CSV|cannot be read|in pairs",
        "The file holds no time and heat release rate, or is no table.",
        "Name the columns with `--time` and `--hrr`; the sentence says what was found.",
        files(REDUCE, ("empty", "blank_lines", "binary", "html", "json", "head_only", "null_bytes",
                       "no_head", "open_quote", "twice")),
        (on("reduce", "reduce_curve", [0, 1, 2], [0, 1]),
         on("reduce", "read_curves", "{files}/html.csv")),
    ),
    Mistake(
        "A measurement in the wrong unit or column",
        r"row 1: |row 2: ",
        "Units other than kW/m2, mm, s and MJ/m2; swapped columns; text in a number; a repeated"
        " row.",
        "The sentence names the row, the value and the range; correct the table.",
        files(FINETUNE, tuple(f"row_{n}" for n in bad_files.ROWS if n != "no_measured_value")),
        (on("reader", "read_measurements", "{files}/row_flux_in_w.csv"),
         on("reader", "read_measurements", "{files}/row_swapped_columns.csv")),
    ),
    Mistake(
        "Measurements without a measured value",
        "no measured value",
        "The table holds conditions only.",
        "Add at least one of t_ig_s, phrr_kw_m2, t_peak_s, thr_mj_m2.",
        files(FINETUNE, ("row_no_measured_value",)),
    ),
    Mistake(
        "Rows that cannot be predicted",
        "row 1: ",
        "The repeat unit or the conditions of these rows are wrong.",
        "The other rows are written; the column `error` says what to correct. "
        "`--strict` writes nothing instead.",
        files(PREDICT, tuple(
            f"row_{n}" for n in (
                "flux_in_w", "thickness_in_m", "not_a_polymer", "empty_psmiles", "empty_flux",
                "empty_thickness", "words", "unit_in_cell", "decimal_comma", "nan", "infinite",
                "negative_flux", "negative_thickness", "swapped_columns", "enormous_psmiles",
                "formula", "thickness_in_inches_text"))),
        code=2, by_row=True,
    ),
    Mistake(
        "Predictions that cannot be scored",
        r"(lacks?|no) (the )?column|positive|no list of predictions|not valid JSON|no rows|is empty"
        "|is not in|above hi|UTF-8|cells where|is larger|predicts nothing|no known test_id"
        "|not what was measured|not the fold|decimal commas",
        "A column is missing, a value is not a positive number, or a row is not the project's.",
        "Fill the table that `trinity evaluate --template held_out.csv` writes.",
        files(EVALUATE, tuple(f"predictions_{n}.csv" for n in bad_files.PREDICTIONS))
        + files(EVALUATE, ("predictions_list.json", "predictions_object.json",
                           "predictions_none.json", "predictions_odd.json",
                           "empty.csv", "binary.csv", "mixed_decimals.csv",
                           "html.csv", "ragged.csv", "head_only.csv", "empty.json",
                           "truncated.json", "deep.json", "number.json")),
        (on("evaluation", "scores", frame(arm=["a"])),
         on("evaluation", "log_errors", frame(**{k: [v] for k, v in
            (bad_files.PREDICTED | {"predicted": float("nan")}).items()}))),
    ),
)  # fmt: skip

CASES = (
    Mistake(
        "A document that holds no cases",
        "not JSON|not valid JSON|holds no cases|nested too deeply",
        "The JSON is cut off, in another encoding, or has no list named `cases`.",
        "Compare with `data/reference/cone_reference_cases.json`.",
        files(SIMULATE, tuple(bad_files.DOCUMENTS)),
        (on("cases", "read_cases", "{files}/truncated.json"),
         on("cases", "read_cases", "{files}/null.json")),
    ),
    Mistake(
        "A case with a wrong field",
        r"case \"slab\": |case 0: ",
        "A missing field, another unit (mm, kW/m2, degrees Celsius, kJ), or what physics forbids.",
        "The sentence names the field and its range; the other cases are written.",
        files(SIMULATE, tuple(f"case_{name}" for name in bad_files.CASES))
        + files(SIMULATE, ("case_not_a_number", "case_is_text", "case_is_null")),
        code=2, by_row=True,
    ),
    Mistake(
        "A case in a call",
        r"it must|must be|missing|must lead|in series|must rise|not exported",
        "As above.",
        "As above.",
        (),
        tuple(on("cases", "simulate", lambda change=change: bad_files.case(**change))
              for change in list(bad_files.CASES.values())[:20])
        + (on("cone", "simulate", None), on("cone", "simulate", []), on("cone", "simulate", "x"),
           on("cone", "simulate_batch", [None]), on("cone_export", "to_fds", {}),
           on("cone_export", "to_gpyro", {"thickness_m": 1}),
           on("cone_export", "to_fds", lambda: bad_files.case(back="fixed temperature")),
           on("cone_export", "to_gpyro", lambda: bad_files.case(back="fixed temperature"))),
    ),
)  # fmt: skip

OUTPUTS = (
    Mistake(
        "A place that cannot be written",
        r"is a folder|is not a folder|cannot be written|Cannot write|Cannot use|is a file",
        "The place is a folder, below a file, on a full disk or without write permission.",
        "Name a file in a folder that you may write to; free some space.",
        lines(
            f"cone {STYRENE} --samples 1 --plot {{files}}/folder.png",
            f"cone {STYRENE} --samples 1 --plot {{files}}/plain.txt/hrr.png",
            f"cone {STYRENE} --samples 1 --plot /proc/nowhere/hrr.png",
            f"cone {STYRENE} --samples 1 --export fds --to {{files}}/no_model",
            f"cone {STYRENE} --samples 1 --export fds --to {{files}}/plain.txt/x",
            f"cone {STYRENE} --samples 1 --export gpyro --to /proc/x",
            "simulate {files}/good.json --out {files}/no_model",
            "simulate {files}/good.json --out {files}/plain.txt/x.json",
            "simulate {files}/good.json --out /proc/x.json",
            "simulate {files}/good.json --out out.json --curves {files}/plain.txt",
            "simulate {files}/good.json --out out.json --curves /proc/curves",
            "predict --csv {files}/row_formula.csv --out {files}/no_model",
            "predict --csv {files}/row_formula.csv --out {files}/plain.txt/x",
            "predict --csv {files}/row_formula.csv --out /proc/out.csv",
            "synthesize --n 1 --conditions 1 --out {files}/plain.txt",
            "synthesize --n 1 --conditions 1 --out {files}/plain.txt/below",
            "synthesize --n 1 --conditions 1 --out /proc/table",
            "finetune --csv {files}/row_zero_time.csv --out {files}/plain.txt",
            "finetune --csv {files}/row_zero_time.csv --out {files}/plain.txt/below",
            "pretrain --table {files}/other_table --out {files}/plain.txt",
            f"cone {STYRENE} --samples 1 --plot " + "x" * 300 + ".png",
            "simulate {files}/good.json --out " + "x" * 300,
        ),
        (on("files", "write_atomic", "/proc/x", "text"),
         on("files", "write_atomic", "{files}/no_model", "text"),
         on("files", "write_atomic", "{files}/plain.txt/x", b"")),
    ),
    Mistake(
        "A picture of another kind",
        "not a picture file",
        "The name does not end in .png, .svg or .pdf.",
        "End it with .png, .svg or .pdf.",
        lines(*(f"cone {STYRENE} --samples 1 --plot {name}"
                for name in ("hrr.txt", "hrr", "hrr.jpeg", "hrr.png.exe", ".png"))),
    ),
    Mistake(
        "A folder that holds another table",
        "another folder",
        "The folder was begun by another run, with other numbers or another version.",
        "Name another folder, or delete that one.",
        lines("synthesize --n 2 --conditions 1 --out {files}/claimed",
              "synthesize --n 2 --conditions 1 --out {files}/unknown_origin",
              "synthesize --n 2 --conditions 1 --out {files}/garbled_claim"),
    ),
    Mistake(
        "Not a synthetic table",
        "synthetic table|cannot be read as Parquet|lacks the column|no rows",
        "The folder is empty, the Parquet file is cut off, or it is another table.",
        "Make one with `trinity synthesize`.",
        lines(*(f"pretrain --table {{files}}/{name} --out m --scale test" for name in (
            "no_table", "missing", "plain.txt", "text_table", "cut_table", "other_table",
            "empty_table"))),
    ),
    Mistake(
        "Numbers of a synthesis below one",
        "ask for at least 1|must be 0 or more",
        "A count of zero or a negative seed in a call.",
        "Ask for at least one polymer and one condition; seeds start at 0.",
        (),
        (on("synthesis", "synthesize", 0, 1, 0, "{files}/t"),
         on("synthesis", "synthesize", 1, -1, 0, "{files}/t"),
         on("synthesis", "synthesize", 1, 1, -1, "{files}/t")),
    ),
    Mistake(
        "No Dask scheduler",
        "Dask scheduler",
        "Nothing listens at the address, or it is no address.",
        "Start a scheduler and a worker and give its address, such as tcp://127.0.0.1:8786.",
        lines("synthesize --n 1 --conditions 1 --out t --scheduler nonsense",
              "synthesize --n 1 --conditions 1 --out t --scheduler tcp://127.0.0.1:1",
              "synthesize --n 1 --conditions 1 --out t --scheduler ftp://x",
              "synthesize --n 1 --conditions 1 --out t --scheduler tcp://127.0.0.1:99999"),
    ),
)  # fmt: skip

MODELS = (
    Mistake(
        "Not a finetuned model",
        r"no finetuned model|no Trinity model|no distilled networks|cannot be read|tokenizer",
        "The folder is another model, a phase-1 model, or a copy that was cut off.",
        "Make one with `trinity finetune --csv mine.csv --out my_model`, or copy it again.",
        lines(f"predict {STYRENE} --model {{files}}/no_model",
              f"predict {STYRENE} --model {{files}}/missing",
              f"predict {STYRENE} --model {{files}}/plain.txt",
              f"predict {STYRENE} --model {{data}}/artifacts/models/phase1",
              f"predict {STYRENE} --model {{data}}/artifacts/models/language_model",
              f"predict {STYRENE} --fast --model {{files}}/no_model",
              f"predict {STYRENE} --fast --model {{data}}/artifacts/models/phase1",
              f"predict {STYRENE} --fast --model {{data}}/artifacts/models/phase2",
              "predict --csv {files}/row_formula.csv --out out.csv --fast --model {files}/x")
        + files(MODEL, ("cut_about", "foreign_about", "bare_about", "no_members", "no_config",
                        "cut_config", "foreign_config", "list_config", "no_tokenizer",
                        "cut_tokenizer", "no_weights", "cut_weights", "no_domain", "text_domain",
                        *(f"{name}_weights" for name in bad_files.WEIGHTS))),
        (on("prediction", "predict", [STYRENE], 50.0, 6.0, model="{files}/no_model"),
         on("prediction", "predict", [STYRENE], 50.0, 6.0, model="{files}/no_model", fast=True),
         on("model", "load_model", "{files}/no_model"),
         on("tokenizer", "load_tokenizer", "{files}/no_model")),
    ),
    Mistake(
        "An encoder that cannot be loaded",
        "Cannot load the encoder|no Trinity model",
        "No such folder, no such name on a hub that can be reached, or a model that needs code of"
        " its own.",
        "Give a folder with config.json and safetensors weights; remote code is never run.",
        (),
        (on("backbone", "load_backbone", "{files}/no_model"),
         on("backbone", "load_backbone", "no/such-model"),
         on("backbone", "load_backbone", "{files}/plain.txt")),
    ),
)  # fmt: skip

PIPELINE = (
    Mistake(
        "An unknown scale, stage, notebook or parameter",
        r"There is no|has no parameter|is no parameter|is given twice|No family",
        "A misspelt name.",
        "The sentence lists the names that there are.",
        lines("pretrain --scale galaxy", "run nonsense", "run problem --scale galaxy",
              "run ../problem", "run 01_problem", "run problem -p nonsense=3",
              "run problem -p seed", "run problem -p =3",
              "run problem -p a\u00a0b=1", "run problem -p polymer=PC -p polymer=PP",
              "run synthesis -p scale=galaxy", "finetune --scale galaxy",
              "evaluate --scale galaxy", "pretrain --scale ../laptop",
              "pretrain --scale /etc/passwd", "run synthesis -p __class__=3",
              "run synthesis -p import_os=1") + (("pretrain", "--scale", ""), ("run", "")),
        (on("stages", "load", "cooking"), on("stages", "load", "synthesis", scale="galaxy"),
         on("stages", "load", "synthesis", colour=3), on("stages", "scale_named", "../laptop"),
         on("stages", "section", "test", "phase1", nothing=1), on("notebooks", "source_of", "x"),
         on("published", "published_values", "unobtainium"),
         on("generator", "generate_polymers", 1, 0, families=["unobtainium"])),
    ),
    Mistake(
        "A parameter of another type or out of range",
        "give a value of type|heat flux is|thickness is|attachment|must be|There is no|is empty"
        "|is a name|not a valid SMILES",
        "Text where a number belongs, a fraction where a count belongs, another unit.",
        "The sentence names the type or the range.",
        lines("run synthesis -p seed=one", "run synthesis -p seed=1.5", "run synthesis -p seed=",
              "run synthesis -p seed=[1]", "run synthesis -p seed=True",
              "run synthesis -p seed=__import__('os')", "run synthesis -p seed=-1",
              "run synthesis -p n_draws=many", "run synthesis -p n_draws=0",
              "run synthesis -p flux_kw_m2=fifty", "run synthesis -p flux_kw_m2=50000",
              "run synthesis -p flux_kw_m2=nan", "run synthesis -p thickness_mm=0.006",
              "run synthesis -p thickness_mm=-6", "run synthesis -p psmiles=CCO",
              "run synthesis -p psmiles=", "run finetuning -p psmiles=polystyrene",
              "run finetuning -p mode=magic", "run problem -p polymer=PX"),
        (on("stages", "section", "test", "phase1", members="two"),
         on("stages", "section", "test", "phase1", members=1.5),
         on("stages", "load", "synthesis", n_polymers="many")),
    ),
    Mistake(
        "A file without provenance",
        r"no provenance block|not valid JSON|There is no|is missing from",
        "The file was not made by this project, or is cut off.",
        "Name a results file, a model folder, an executed notebook, a page or a figure of the"
        " book.",
        lines(*(f"provenance {{files}}/{name}" for name in (
            "no_block.json", "odd_block.json", "empty_block.json", "list_block.json",
            "list_stage.json", "text_metadata.json", "broken.ipynb", "stampless.ipynb",
            "plain.txt", "empty.json", "truncated.json", "null.json", "number.json", "deep.json",
            "binary.csv", "model_no_domain", "folder.csv", "missing.html", "html.csv"))),
        (on("provenance", "read_block", "{files}/no_block.json"),
         on("provenance", "data_hash", ["no_such_file.csv"])),
    ),
)  # fmt: skip

MISTAKES = (*POLYMERS, *CONDITIONS, *TABLES, *CASES, *OUTPUTS, *MODELS, *PIPELINE)
