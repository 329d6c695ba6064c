"""Known holes and licences of the locked packages: ``python -m tools.audit`` (``make audit``).

pip-audit is installed into an environment of its own below ``build/audit`` and asked about
``requirements.lock``; where no index answers, that is the outcome. The command fails if there is a
known hole. Licences are what the installed packages declare. The result goes to
``data/artifacts/results/audit.json``.
"""

import json
import re
import subprocess
import sys
import time
from collections import Counter
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from trinity_book import records, tables

from tools.versions import run
from trinity.files import data_root
from trinity.pipeline.stages import build_root

LOCK = data_root().parent / "requirements.lock"
PATIENCE_S = 600
SERVICES = ("pypi", "osv")
#: Words of a licence, by what it asks of those who pass the package on.
KINDS = (
    ("copyleft", r"\b(A?GPL|GNU (Affero )?General Public)"),
    ("weak copyleft", r"\b(LGPL|Lesser General Public|MPL|Mozilla Public)"),
    ("permissive", r"MIT|BSD|Apache|ISC|PSF|Python Software|Unlicense|0BSD|HPND|Zlib|CC0|Public"),
)


def locked() -> dict[str, str]:
    """Name -> version of the lock; the last one where platforms differ."""
    text = LOCK.read_text(encoding="utf-8")
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", text, re.MULTILINE))


def licence_of(name: str) -> str | None:
    """What an installed package declares; None when it is not installed."""
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return None
    said = [about.get("License-Expression")]
    said += [
        text.split("::")[-1].strip()
        for text in about.get_all("Classifier", [])
        if text.startswith("License ::")
    ]
    said.append((about.get("License") or "").strip().split("\n")[0][:60])
    return next((text for text in said if text and text != "OSI Approved"), "not declared")


def kind_of(licence: str) -> str:
    """One of `KINDS`, or ``not recognised``."""
    return next(
        (kind for kind, words in KINDS if re.search(words, licence, re.I)), "not recognised"
    )


def licences() -> dict:
    """Licences by kind, and every package whose licence is not permissive."""
    found = {name: licence_of(name) for name in locked()}
    here = {name: licence for name, licence in found.items() if licence is not None}
    kinds = {name: kind_of(licence) for name, licence in here.items()}
    return {
        "packages": len(here),
        "not_installed_here": sorted(set(found) - set(here)),
        "kinds": dict(Counter(kinds.values()).most_common()),
        "to_look_at": {n: here[n] for n, kind in sorted(kinds.items()) if kind != "permissive"},
    }


def holes(folder: Path) -> dict:
    """What pip-audit says of the lock, or of each service why it says nothing.

    A service that knows none of the packages (a mirror without its data, for one) has not answered.
    """
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    if run([str(python), "-m", "pip", "install", "--quiet", "pip-audit"]).returncode:
        return {"answered": False, "why": {"pip-audit": "could not be installed"}}
    ask = [str(python), "-m", "pip_audit", "--requirement", str(LOCK), "--no-deps",
           "--disable-pip", "--require-hashes", "--format", "json", "--progress-spinner", "off",
           "--timeout", "15"]  # fmt: skip
    why = {}
    for service in SERVICES:
        try:
            done = run([*ask, "--vulnerability-service", service], timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            why[service] = f"no answer within {PATIENCE_S} s"
            continue
        found = answer(done.stdout, done.stderr)
        if isinstance(found, dict):
            return {"answered": True, "service": service, **found}
        why[service] = found
    return {"answered": False, "why": why}


def answer(out: str, complaint: str) -> dict | str:
    """Packages asked about, skipped ones and holes; or in words why pip-audit says nothing."""
    try:
        listed = json.loads(out)["dependencies"]
    except (ValueError, KeyError):
        last = (complaint.strip().splitlines() or [""])[-1]
        kind = re.search(r"\w*(Error|Timeout|refused|Forbidden|Not Found)\w*|\b[45]\d\d\b", last)
        return f"not reached ({kind.group() if kind else 'silent'})"
    skipped = [one["name"] for one in listed if "skip_reason" in one]
    if len(skipped) == len(listed):
        return f"reached, but it knows none of the {len(listed)} packages"
    named = {
        f"{one['name']} {one['version']}": [hole["id"] for hole in one["vulns"]]
        for one in listed
        if one.get("vulns")
    }
    return {"asked": len(listed) - len(skipped), "skipped": skipped, "holes": named}


def main() -> None:
    """Ask, write the results file and print its table; fail if a service names a hole."""
    start = time.monotonic()
    found = {"holes": holes(build_root() / "audit"), "licences": licences()}
    records.write(records.place("audit"), found, wall_time=time.monotonic() - start,
                  parameters={"lock": records.provenance.sha256_of(LOCK)})  # fmt: skip
    print(tables.audit(found))
    sys.exit(verdict(found["holes"]))


def verdict(known: dict) -> str | None:
    """What ends the command with an exit code of 1: packages with known holes. That nobody answered
    is said and is no failure, for it says nothing of the packages."""
    if not known["answered"]:
        why = "; ".join(map(": ".join, known["why"].items()))
        print(f"Nobody answered, which is no clean bill of health ({why}).")
        return None
    named = "; ".join(f"{name}: {', '.join(ids)}" for name, ids in known["holes"].items())
    return named and f"Error: Packages of the lock have known holes ({named}); renew them."


if __name__ == "__main__":
    main()
