"""The README: its badges, citation, picture and the outputs under its examples are true."""

import re
import tomllib
from urllib.parse import unquote

import pytest
import yaml
from surroundings import ROOT
from trinity_book import pages, shown

import trinity

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DOI = "10.1038/s43588-025-00768-y"


def test_badges_are_true():
    badges = dict(re.findall(r"badge/(\w+)-(\S+?)-blue", README))
    said = {name: unquote(text).replace("--", "-") for name, text in badges.items()}
    low, high = re.findall(r"3\.(\d+)", PROJECT["requires-python"])
    assert said["python"] == "_|_".join(f"3.{n}" for n in range(int(low), int(high)))
    assert f"{said['code']} AND {said['text'].replace('_', '-')}" == PROJECT["license"]
    assert said["paper"] == DOI
    for target in re.findall(r"\]\((pyproject\.toml|LICENSE[\w-]*)\)", README):
        assert (ROOT / target).is_file()


def test_the_published_book_is_linked_once_it_has_an_address():
    """The address has one setting; while it is empty, no link pretends that there is one."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    address = config["repository"]["url"]
    assert address in README if address else "published book](http" not in README


def test_the_paper_is_cited_alike_everywhere():
    cited = [README, *((ROOT / p).read_text() for p in ("CITATION.cff", "book/references.bib"))]
    title = re.search(r"title   = \{(Harnessing [^}]+)\}", README)[1]
    for text in cited:
        assert DOI in text and " ".join(title.split()) in " ".join(text.split())
    assert f"version = {{{trinity.__version__}}}" in README


def test_the_verdict_leads_and_its_numbers_are_computed():
    numbers = pages.NUMBER.findall(README)
    assert {name for _, name, _ in numbers} >= {"two_phase_t_ig", "two_phase_phrr"}
    assert README.index("two_phase_t_ig") < README.index("## ")
    verdict = next(part for part in README.split("\n\n") if part.startswith("**"))
    assert len(verdict.splitlines()) == 2


def test_a_number_is_replaced_where_it_stands():
    line = "off by <!--=two_phase_t_ig-->9.99<!----> in time"
    shown = pages.NUMBER.sub(lambda n: f"{n[1]}1.23{n[3]}", line)
    assert shown == "off by <!--=two_phase_t_ig-->1.23<!----> in time"


def test_the_screenshot_is_light():
    path = ROOT / re.search(r"\((book/try/\w+\.png)\)", README)[1]
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size < 150_000


def test_users_targets_come_first():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    users, maintainers = makefile.split("### for maintainers")
    for target in ("setup", "book", "test", "class"):
        assert f"\n{target}:" in users
    for target in ("ablation", "chaos", "lock"):
        assert f"\n{target}:" in maintainers
    assert README.index("as a user") < README.index("as a maintainer")


@pytest.mark.slow
def test_examples_print_what_stands_under_them():
    assert len(shown.EXAMPLE.findall(README)) >= 3
    assert shown.renewed(README) == README, "run python -m trinity_book.pages"


def test_a_wrong_output_is_noticed(monkeypatch):
    monkeypatch.setattr(shown, "_command", lambda *words: "1\n2\n3\n")
    text = "```console\n$ trinity estimate PS\n{}```\n"
    assert shown.renewed(text.format("1\n")) == text.format("1\n2\n3\n")
    assert shown.renewed(text.format("9\n9\n...\n")) == text.format("1\n2\n...\n")
