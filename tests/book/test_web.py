"""The page "Try your polymer" computes in the browser what the commands compute in Python."""

import importlib.util
import json
import re

import pytest
from surroundings import ROOT, patience
from trinity_book.web import export as web_export

from trinity.chemistry.names import polymer_named
from trinity.errors import InputError
from trinity.provenance import differences

POLYMERS = (
    "*CC(*)c1ccccc1",
    "*CC(*)(C)C(=O)OC",
    "*CC(*)Cl",
    "*CCCCCCNC(=O)CCCCC(=O)N*",
    "*Oc1ccc(Oc2ccc(C(=O)c3ccc(*)cc3)cc2)cc1",
    "*[Si](C)(C)O*",
)
#: Rings and double bonds in the chain, charges, atoms without a group, a unit written twice; chains
#: whose canonical unit differs: tautomers, a double bond cut, charged sulfones, acid.
UNUSUAL = (
    "*c1ccc(*)cc1",
    "*C1CCC(*)CC1",
    "*=CC=C(C)C=*",
    "*CC(*)c1ccc([N+](=O)[O-])cc1",
    "*CC(*)B(O)O",
    "*CCOCCO*",
    "*C(F)(F)C(*)(F)Cl",
    "*c1ccc2nc(c3ccc4[nH]c(*)nc4c3)[nH]c2c1",
    "*CC(*)c1c[nH]c(=O)[nH]1",
    "*=NCCN=C1OC(=O)c2cc3c(cc21)C(=*)OC3=O",
    "*c1ccc([S+2]([O-])([O-])*)cc1",
    "*C(=O)N(C)C(=O)N(*)C",
    "*C(F)C(F)(Cl)C(F)C(F)(Cl)C(F)(F)*",
)
CONDITIONS = ((50.0, 6.0), (25.0, 12.0))
SCALARS = ("t_ig_s", "phrr_kw_m2", "t_peak_s", "thr_mj_m2")
WITHIN = 0.01


def test_exports_are_current():
    tables = json.loads((web_export.folder() / "tables.json").read_text(encoding="utf-8"))
    stale = differences(tables["provenance"], web_export.stamp())
    assert not stale, (
        "see that book/try/*.js follow the code, then run python -m trinity_book.web.export"
    )


def test_files_of_the_page_are_light():
    files = [path for path in (ROOT / "book" / "try").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 25e6


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The page without the book's frame: its HTML as `book/try.md` has it, and its files."""
    place = tmp_path_factory.mktemp("site")
    spec = importlib.util.spec_from_file_location(
        "try_page", ROOT / "book" / "extensions" / "try_page.py"
    )
    extension = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(extension)
    extension.write(ROOT / "book" / "try", place / "_static" / "try")
    text = (ROOT / "book" / "try.md").read_text(encoding="utf-8")
    body = "\n".join(re.findall(r"```\{raw\} html\n(.*?)```", text, re.DOTALL))
    (place / "book").mkdir()
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Try</title>'
    style = '<link rel="stylesheet" href="../_static/try/try.css"><link rel="icon" href="data:,">'
    (place / "book" / "try.html").write_text(f"{head}{style}<main>{body}</main>")
    return place


@pytest.fixture(scope="module")
def address(folder, serve):
    """The page, served on this machine."""
    return f"{serve(folder)}/book/try.html"


def opened(browser, address: str):
    """The page after its first answer, and what went wrong on the way."""
    wrong: list[str] = []
    page = browser.new_page()
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(request.url))
    page.goto(address)
    page.wait_for_selector("#try-page[data-first-answer-ms]", timeout=patience(180_000))
    return page, wrong


@pytest.fixture(scope="module")
def page(browser, address):
    page, wrong = opened(browser, address)
    yield page
    page.close()
    assert not wrong


def ask(page, psmiles: str, flux: float, thickness: float, intervals: bool = False) -> dict:
    """Fill in the form and read the answers as numbers."""
    page.fill("#try-flux", f"{flux:g}")
    page.fill("#try-thickness", f"{thickness:g}")
    page.fill("#try-psmiles", psmiles)
    asked = json.dumps(f"{psmiles} {flux:g} {thickness:g}")
    done = "intervals" if intervals else "answered"
    page.wait_for_selector(f"#try-page[data-{done}={asked}]", timeout=patience(120_000))
    # What was answered may be the same question, asked before: until the new answer it is grey.
    settled = "!document.getElementById('try-results').classList.contains('stale')"
    page.wait_for_function(settled, timeout=patience(120_000))
    return page.evaluate(
        """() => {
            const data = (id) => ({...document.getElementById("try-" + id).dataset});
            const rows = [...document.querySelectorAll("#try-properties tr")];
            const groups = [...document.querySelectorAll("#try-groups tr")];
            const cells = {};
            for (const who of ["model", "physics"])
                for (const name of ["t_ig_s", "phrr_kw_m2", "t_peak_s", "thr_mj_m2"])
                    cells[who + "-" + name] =
                        {...data(who + "-" + name), ...data(who + "-" + name + "-interval")};
            return {
                cells, domain: data("domain").inside, ignition: data("ignition").value,
                key: document.getElementById("try-key").textContent,
                milliseconds: document.getElementById("try-page").dataset.answerMs,
                properties: Object.fromEntries(rows.map((r) => [r.dataset.name, r.dataset])),
                groups: Object.fromEntries(groups.map((r) =>
                    [r.children[0].textContent, Number(r.children[1].textContent)])),
            };
        }"""
    )


def near(said: str, expected: float) -> bool:
    return float(said) == pytest.approx(expected, rel=WITHIN)


@pytest.mark.slow
def test_properties_agree_with_the_command(page):
    from trinity.chemistry.polymers import polymer_key
    from trinity.chemistry.properties import estimate

    for psmiles in POLYMERS + UNUSUAL:
        said, expected = ask(page, psmiles, 50.0, 6.0), estimate(psmiles).to_dict()
        assert said["key"] == polymer_key(psmiles)
        assert said["groups"] == expected["groups"]
        assert said["properties"].keys() == expected["properties"].keys()
        for name, entry in expected["properties"].items():
            assert near(said["properties"][name]["value"], entry["value"]), (psmiles, name)
            assert near(said["properties"][name]["sigma"], entry["sigma"]), (psmiles, name)


@pytest.mark.slow
@pytest.mark.parametrize("flux, thickness", CONDITIONS)
def test_simulated_tests_agree_with_the_command(page, flux, thickness):
    from trinity.cone import predict as cone_test

    for psmiles in POLYMERS:
        said = ask(page, psmiles, flux, thickness, intervals=True)["cells"]
        expected = cone_test.predict(psmiles, flux, thickness).to_dict()
        for name in SCALARS:
            cell = said[f"physics-{name}"]
            if expected[name] is None:
                assert cell["value"] == ""
                continue
            assert near(cell["value"], expected[name]), (psmiles, name)
            assert near(cell["lo"], expected[f"{name}_lo"]), (psmiles, name)
            assert near(cell["hi"], expected[f"{name}_hi"]), (psmiles, name)


@pytest.mark.slow
@pytest.mark.parametrize("flux, thickness", CONDITIONS)
def test_predictions_agree_with_the_command(page, flux, thickness):
    pytest.importorskip("torch")
    from trinity.chemistry.polymers import polymer_key
    from trinity.chemistry.properties import estimate
    from trinity.prediction.folder import default_model, ensemble_in
    from trinity.prediction.predict import predict

    known = ensemble_in(default_model(fast=True)).about["known"]
    measured = {psmiles for psmiles in POLYMERS if [polymer_key(psmiles)] in known}
    times, told = [], predict(list(POLYMERS), flux, thickness, fast=True)
    for psmiles, expected in zip(POLYMERS, told, strict=True):
        said = ask(page, psmiles, flux, thickness)
        times.append(float(said["milliseconds"]))
        for name in SCALARS:
            cell = said["cells"][f"model-{name}"]
            assert near(cell["value"], expected[name]), (psmiles, name)
            low, high = (expected[name + end] for end in ("_lo", "_hi"))
            if psmiles in measured:  # to the page every polymer is new: its interval is wider
                assert float(cell["lo"]) <= 1.01 * low and float(cell["hi"]) >= 0.99 * high
            elif not estimate(psmiles).doubts:  # the page knows none, by which the command widens
                assert near(cell["lo"], low) and near(cell["hi"], high), (psmiles, name)
        assert float(said["ignition"]) == pytest.approx(
            expected["ignition_probability"], abs=WITHIN
        )
        assert said["domain"] == str(expected["in_domain"]).lower()
    first = page.get_attribute("#try-page", "data-first-answer-ms")
    print(f"first answer after {first} ms, later ones within {max(times):.0f} ms")


@pytest.mark.slow
def test_keyboard_moves_a_slider_and_changes_the_answer(page):
    ask(page, POLYMERS[0], 50.0, 6.0)
    page.focus("#try-flux-slider")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(
        f'#try-page[data-answered="{POLYMERS[0]} 51 6"]', timeout=patience(60_000)
    )


def named(page, name: str) -> None:
    """Type a name and wait until its polymer is answered."""
    page.fill("#try-name", name)
    unit = json.dumps(f"{polymer_named(name)} 50 6")
    page.wait_for_selector(f"#try-page[data-answered={unit}]", timeout=patience(60_000))


def says(page, text: str) -> bool:
    """Whether the page comes to say so; what it said before may still stand for a moment."""
    page.wait_for_selector("#try-error:visible", timeout=patience(60_000))
    there = "text => document.querySelector('#try-error').innerText.includes(text)"
    page.wait_for_function(there, arg=text, timeout=patience(60_000))
    return True


@pytest.mark.slow
@pytest.mark.parametrize("name", ["PMMA", "pvc", "nylon 66", "Teflon", "Kevlar", "polyethylene"])
def test_a_name_gives_its_polymer(page, name):
    ask(page, POLYMERS[0], 50.0, 6.0)
    named(page, name)
    assert page.input_value("#try-psmiles") == polymer_named(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["PMAA", "polystyren", "kevlr", "nylon", "XQJ 7", "HDPE2"])
def test_an_unknown_name_gets_the_sentence_of_the_commands(page, name):
    ask(page, POLYMERS[0], 50.0, 6.0)
    page.fill("#try-name", name)
    with pytest.raises(InputError) as caught:
        polymer_named(name)
    assert says(page, str(caught.value))
    assert "stale" in page.get_attribute("#try-results", "class")
    assert page.get_attribute("#try-page", "data-answered") is None


@pytest.mark.slow
def test_a_blend_is_sent_to_the_commands(page):
    page.fill("#try-name", "ABS")
    assert says(page, "trinity predict 'ABS'")


@pytest.mark.slow
def test_results_are_grey_while_the_input_is_not_theirs(page):
    ask(page, POLYMERS[0], 50.0, 6.0)
    assert "stale" not in (page.get_attribute("#try-results", "class") or "")
    grey = page.evaluate(
        """() => { const field = document.getElementById("try-name");
        field.value = "poly"; field.dispatchEvent(new Event("input"));
        return document.getElementById("try-results").className; }"""
    )
    assert grey == "stale"
    named(page, "PMMA")
    assert "stale" not in page.get_attribute("#try-results", "class")


@pytest.mark.slow
def test_what_hardly_ignites_is_said_so(page):
    assert float(ask(page, "*CC(*)Cl", 20.0, 6.0)["ignition"]) < 0.5
    assert page.inner_text("#try-verdict").startswith("It probably does not ignite")
    assert float(ask(page, POLYMERS[0], 50.0, 6.0)["ignition"]) > 0.5
    assert not page.is_visible("#try-verdict")


@pytest.mark.slow
@pytest.mark.parametrize(
    "psmiles, flux, reason",
    [
        (POLYMERS[0], 180.0, "A heat flux above"),
        ("*[Si](C)(C)O*", 50.0, "outside the oxygen rule"),
        ("*CC(*)B(O)O", 50.0, "group tables lack"),
    ],
)
def test_outside_is_said_in_red_with_the_reason(page, psmiles, flux, reason):
    assert ask(page, psmiles, flux, 6.0)["domain"] == "false"
    said = page.inner_text("#try-domain")
    assert said.startswith("outside: ") and reason in said
    red, green, blue = page.evaluate(
        """() => getComputedStyle(document.getElementById("try-domain")).color.match(/\\d+/g)"""
    )[:3]
    assert int(red) > 2 * max(int(green), int(blue))


@pytest.mark.slow
@pytest.mark.parametrize("psmiles", [POLYMERS[0], "*CC(*)Cl", POLYMERS[3]])
def test_measured_values_act_as_in_the_commands(page, psmiles):
    from trinity.chemistry.polymers import Polymer
    from trinity.chemistry.properties import estimate
    from trinity.cone import predict as cone_test

    t50, char = ("300C", "12%") if psmiles == "*CC(*)Cl" else ("430±3C", "0.1±0.03")
    ask(page, psmiles, 50.0, 6.0)
    page.fill("#try-t50", t50)
    page.fill("#try-char", char)
    done = json.dumps(f"{psmiles} 50 6 {t50} {char}", ensure_ascii=False)
    page.wait_for_selector(f"#try-page[data-intervals={done}]", timeout=patience(60_000))
    polymer = Polymer.parse(psmiles).with_measured({"t50_k": t50, "char_yield": char})
    for name, entry in estimate(polymer).to_dict()["properties"].items():
        row = page.locator(f'#try-properties [data-name="{name}"]')
        assert near(row.get_attribute("data-value"), entry["value"]), name
        assert near(row.get_attribute("data-sigma"), entry["sigma"]), name
    expected = cone_test.predict(polymer, 50.0, 6.0).to_dict()
    for name in SCALARS:
        assert near(page.get_attribute(f"#try-physics-{name}", "data-value"), expected[name])
    assert page.is_visible("#try-blind")
    page.fill("#try-t50", "")
    page.fill("#try-char", "")


@pytest.mark.slow
@pytest.mark.parametrize("field, text", [("t50", "430"), ("t50", "5000C"), ("char", "95%")])
def test_an_impossible_measured_value_gets_the_sentence_of_the_commands(page, field, text):
    from trinity.chemistry.measured import read

    ask(page, POLYMERS[0], 50.0, 6.0)
    page.fill(f"#try-{field}", text)
    with pytest.raises(InputError) as caught:
        read({"t50_k" if field == "t50" else "char_yield": text})
    assert says(page, str(caught.value))
    page.fill(f"#try-{field}", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "psmiles, words",
    [
        ("", "is empty"),
        ("*CC", "1 attachment point"),
        ("*C(C", "not a valid SMILES"),
        ("*CC*.CC", "more than one fragment"),
        ("*[Fe]*", "element"),
        ("*[CH]*", "radical"),
        ("*<img>*", "not a valid SMILES"),
    ],
)
def test_bad_repeat_unit_gets_one_sentence(page, psmiles, words):
    ask(page, POLYMERS[0], 50.0, 6.0)
    page.fill("#try-psmiles", psmiles)
    page.wait_for_selector("#try-error:visible", timeout=patience(60_000))
    sentence = page.inner_text("#try-error")
    assert words in sentence and sentence.endswith(".") and "\n" not in sentence


@pytest.mark.slow
def test_bad_heat_flux_gets_one_sentence(page):
    ask(page, POLYMERS[0], 50.0, 6.0)
    page.fill("#try-flux", "300")
    page.wait_for_selector("#try-error:visible", timeout=patience(60_000))
    assert page.inner_text("#try-error").endswith("give a number from 5 to 200 kW/m².")


@pytest.mark.slow
def test_page_works_from_a_folder_without_a_server(browser, folder):
    page, wrong = opened(browser, (folder / "book" / "try.html").as_uri())
    assert float(page.get_attribute("#try-model-t_ig_s", "data-value")) > 0
    page.close()
    assert not wrong
