"""What the commands in ``benchmarks/`` make of answers; an audit without an answer is no pass."""

import json

from benchmarks import audit


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


def test_the_page_says_plainly_that_nobody_answered():
    licences = {"packages": 1, "kinds": {"permissive": 1}, "to_look_at": {}}
    page = audit.page(
        {"holes": {"answered": False, "why": {"osv": "silent"}}, "licences": licences}
    )
    assert "**not answered**: osv silent" in page
