"""What the commands in ``benchmarks/`` make of answers; an audit without an answer is no pass."""

import ast
import json
import re

import pytest
from surroundings import ROOT

from tools import audit, mutation


def said(*packages: dict) -> str:
    return json.dumps({"dependencies": list(packages)})


def test_holes_are_named_and_unknown_packages_are_not_counted_as_asked():
    found = audit.answer(
        said(
            {"name": "a", "version": "1", "vulns": [{"id": "CVE-1"}]},
            {"name": "b", "version": "2", "vulns": []},
            {"name": "c", "skip_reason": "not found"},
        ),
        "",
    )
    assert found == {"asked": 2, "skipped": ["c"], "holes": {"a 1": ["CVE-1"]}}


def test_a_service_that_knows_no_package_has_not_answered():
    assert "knows none of the 1 packages" in audit.answer(
        said({"name": "c", "skip_reason": "-"}), ""
    )
    assert audit.answer("", "x.ConnectionError: no route") == "not reached (ConnectionError)"


@pytest.mark.parametrize(
    "known, fails, said",
    [
        ({"answered": True, "holes": {}}, False, ""),
        ({"answered": True, "holes": {"a 1": ["CVE-1"]}}, True, ""),
        ({"answered": False, "why": {"pypi": "not reached"}}, False, "Nobody answered"),
    ],
)
def test_an_audit_fails_on_a_hole_and_says_when_nobody_answered(
    known, fails, said, monkeypatch, capsys
):
    monkeypatch.setattr(audit, "holes", lambda folder: known)
    monkeypatch.setattr(audit, "licences", lambda: {})
    monkeypatch.setattr(audit.tables, "audit", lambda found: "")
    monkeypatch.setattr(audit.records, "write", lambda *_, **__: None)
    with pytest.raises(SystemExit) as stop:
        audit.main()
    assert bool(stop.value.code) == fails
    assert ("CVE-1" in str(stop.value.code)) == fails
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("workflow", sorted((ROOT / ".github" / "workflows").glob("*.yml")))
def test_workflows_name_each_action_by_its_commit(workflow):
    text = workflow.read_text(encoding="utf-8")
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r"  # v\d+\.\d+\.\d+", comment), f"{action} without its version"
    assert "continue-on-error" not in text


def test_mutants_differ_from_the_code_in_one_statement():
    every = mutation.mutants("evidence/scores.py")
    original = mutation.ROOT / "src" / "trinity" / "evidence/scores.py"
    plain = ast.unparse(ast.parse(original.read_text(encoding="utf-8"))).splitlines()
    assert {one["kind"] for one in every} == {
        "comparison", "arithmetic", "boolean", "constant", "return"
    }  # fmt: skip
    for one in every[::15]:
        changed = mutation.mutated("evidence/scores.py", one["number"]).splitlines()
        assert len(changed) == len(plain) and changed != plain
        (place,) = [
            i for i, pair in enumerate(zip(plain, changed, strict=True)) if len({*pair}) > 1
        ]
        assert one["before"] != one["after"]
        assert plain[place].strip() == one["before"] and changed[place].strip() == one["after"]
    assert mutation.sample(mutation.TARGETS[0]) == mutation.sample(mutation.TARGETS[0])


def test_the_targets_of_the_mutation_run_are_todays_files_and_tests():
    for target in mutation.TARGETS:
        files = [mutation.ROOT / "src" / "trinity" / file for file in target.files]
        tests = [mutation.ROOT / one for one in target.tests if one.startswith("tests/")]
        assert tests and [path for path in (*files, *tests) if not path.exists()] == []
    judged = {file for file, _, _ in mutation.reasons()}
    assert judged <= {file for target in mutation.TARGETS for file in target.files}
