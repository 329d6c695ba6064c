"""Kill it at random, start it again: ``python -m tools.chaos`` (``make chaos``).

Every victim (a stage at scale ``test``, the synthesis on worker processes, the book) first runs
undisturbed. Then it is killed with SIGKILL at random moments, once to three times in a row, and
started again until it ends. What it then leaves must have the bytes of the undisturbed run: all
files, and the results but for commit, wall time and machine. A third of the kills hit the main
process only, so that its workers survive it for a while; the others hit all at once.

The work is done in a copy of the checkout below ``build/chaos``, and an interrupted `main` goes
on after the last finished trial. The outcome goes to ``data/artifacts/results/chaos.json``.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from trinity_book import records

from trinity import provenance
from trinity.errors import InputError
from trinity.files import data_root, json_hash, read_json, write_atomic
from trinity.pipeline import stages

COPIED = ("README.md", "src", "data", "book", "notebooks", "_config.yml", "_toc.yml",
          "matplotlibrc", "pyproject.toml")  # fmt: skip
IN_A_ROW = 3  # at most so many kills before it may end
EARLIEST, LATEST = 0.05, 1.0  # of the undisturbed time: when a kill may come
PARENT_ONLY = 1 / 3
REBUILT = ("01_problem", "05_pretraining")  # notebooks that the book has to execute
PATIENCE = 20  # an undisturbed run may take so many times what the first one took


@dataclass(frozen=True)
class Victim:
    """Something to kill: ``needs`` are stages whose results it starts from."""

    name: str
    kills: int
    needs: tuple[str, ...] = ()

    def command(self, build: Path) -> list[str]:
        """What is run; ``build`` gets what it makes."""
        if self.name == "book":
            return [sys.executable, "-m", "trinity", "book"]
        if self.name == "table":  # four chunks: enough for worker processes
            table = ["--n", "350", "--conditions", "2", "--seed", "3"]
            return [sys.executable, "-m", "trinity", "synthesize", *table,
                    "--out", str(build / "table")]  # fmt: skip
        program = (
            "from trinity.pipeline import stages;"
            f" stages.load({self.name!r}, scale='test', progress=False)"
        )
        return [sys.executable, "-c", program]


VICTIMS = (
    Victim("phase0", 6),
    Victim("synthesis", 8),
    Victim("table", 5),
    Victim("pretraining", 9, ("phase0", "synthesis")),
    Victim("finetuning", 9, ("phase0", "synthesis", "pretraining")),
    Victim("ablation", 9, ("phase0", "synthesis", "pretraining")),
    Victim("book", 6),
)


class Arena:
    """A copy of the checkout and the places where the victims work."""

    def __init__(self, root: Path, checkout: Path):
        self.root, self.checkout = root, root / "checkout"
        if not (root / "copied").exists():
            shutil.rmtree(root, ignore_errors=True)
            for name in COPIED:
                _copy(checkout / name, self.checkout / name)
            (root / "copied").touch()

    def start(self, victim: Victim, build: Path, log: Path) -> subprocess.Popen:
        """Start a victim as the first process of a group of its own."""
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(str(self.checkout / name) for name in ("src", "book")),
            "TRINITY_BUILD": str(build),
            "TQDM_DISABLE": "1",
            "HF_HUB_OFFLINE": "1",
            "GIT_CEILING_DIRECTORIES": str(self.root),  # pages name no commit: one may come between
        }
        environment.pop("TRINITY_DATA", None)
        with log.open("ab") as stream:
            return subprocess.Popen(
                victim.command(build), cwd=self.checkout, env=environment, process_group=0,
                stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
            )  # fmt: skip

    def prepare(self, victim: Victim, build: Path) -> None:
        """The state before a victim's first start: its inputs are there and nothing of its own."""
        shutil.rmtree(build, ignore_errors=True)
        build.mkdir(parents=True)
        for need in victim.needs:
            stage = stages.STAGES[need]
            for name in filter(None, (f"results/{stage.results}", stage.folder)):
                _copy(self.reference(need) / "test" / name, build / "test" / name)
        if victim.name == "book":
            shutil.rmtree(self.checkout / "_build", ignore_errors=True)
            for name in REBUILT:
                (self.checkout / "notebooks" / f"{name}.ipynb").unlink(missing_ok=True)

    def reference(self, name: str) -> Path:
        """Where the undisturbed run of a victim worked."""
        return self.root / "reference" / name

    def outcome(self, victim: Victim, build: Path) -> dict[str, str]:
        """Hash of every file that a victim made; of results without what may differ."""
        if victim.name == "book":
            notebooks = [self.checkout / "notebooks" / f"{name}.ipynb" for name in REBUILT]
            site = self.checkout / "_build" / "html"
            return _hashes(self.checkout, [*notebooks, *_files(site)])
        if victim.name == "table":
            return _hashes(build, _files(build / "table"))
        stage = stages.STAGES[victim.name]
        made = [build / "test" / "results" / stage.results]
        if stage.folder:
            made += _files(build / "test" / stage.folder)
        return _hashes(build, made)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    (shutil.copytree if source.is_dir() else shutil.copy2)(source, target)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _hashes(root: Path, paths: list[Path]) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): content_hash(path) for path in paths}


def content_hash(path: Path) -> str:
    """SHA-256 of a file; of results and notebooks without commit, wall time and machine."""
    if path.suffix not in (".json", ".ipynb"):
        return provenance.sha256_of(path)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:  # half a file: its bytes tell it from a whole one
        return provenance.sha256_of(path)
    holder = document.get("metadata", document) if isinstance(document, dict) else {}
    for key in ("provenance", "trinity"):
        for name in provenance.NOT_IDENTITY if isinstance(holder.get(key), dict) else ():
            holder[key].pop(name, None)
    return json_hash(document)


def undisturbed(arena: Arena, victim: Victim) -> dict:
    """Seconds and outcome of a run that nobody disturbs, made once."""
    build = arena.reference(victim.name)
    kept = arena.root / "reference" / f"{victim.name}.json"
    if kept.exists():
        return read_json(kept)
    arena.prepare(victim, build)
    start = time.monotonic()
    _finish(arena, victim, build, None)
    found = {"seconds": time.monotonic() - start, "outcome": arena.outcome(victim, build)}
    write_atomic(kept, json.dumps(found))
    return found


def _finish(arena: Arena, victim: Victim, build: Path, limit: float | None) -> None:
    log = arena.root / f"{victim.name}.log"
    process = arena.start(victim, build, log)
    try:
        code = process.wait(timeout=limit)
    except subprocess.TimeoutExpired:
        _kill(process, parent_only=False)
        code = "no end"
    if code:
        raise InputError(f"{victim.name} ended with {code} (see {log}).")


def _kill(process: subprocess.Popen, parent_only: bool) -> None:
    if parent_only:
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def trial(arena: Arena, victim: Victim, number: int, kills: int, whole: dict) -> dict:
    """Kill a victim up to ``kills`` times, let it end, compare; what happened.

    ``whole`` is what `undisturbed` found; its seconds follow the load of the machine.
    """
    rng = random.Random(f"{victim.name} {number}")
    build = arena.root / "trial"
    arena.prepare(victim, build)
    done, at, groups = [], [], []
    for _ in range(kills):
        delay = whole["seconds"] * rng.uniform(EARLIEST, LATEST)
        alone = rng.random() < PARENT_ONLY
        start = time.monotonic()
        process = arena.start(victim, build, arena.root / f"{victim.name}.log")
        try:
            process.wait(timeout=delay)
            whole["seconds"] = time.monotonic() - start  # it was faster than the kill
            break
        except subprocess.TimeoutExpired:
            _kill(process, alone)
            groups.append(process.pid)
            done.append("parent" if alone else "all")
            at.append(round(delay / whole["seconds"], 3))
    try:
        _finish(arena, victim, build, PATIENCE * whole["seconds"] + 60)
        found = arena.outcome(victim, build)
        names = sorted(set(found) | set(whole["outcome"]))
        differing = [n for n in names if found.get(n) != whole["outcome"].get(n)]
    except InputError as error:
        differing = [str(error)]
    for group in groups:  # workers that outlived their parent
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    return {"victim": victim.name, "trial": number, "kills": done, "at": at,
            "differing": differing}  # fmt: skip


def attack(arena: Arena, victim: Victim) -> tuple[list[dict], float]:
    """Trials until the victim was killed often enough, and its undisturbed seconds."""
    whole = undisturbed(arena, victim)
    log = arena.root / f"{victim.name}.trials.json"
    trials = read_json(log) if log.exists() else []
    while (left := victim.kills - sum(len(t["kills"]) for t in trials)) > 0:
        kills = min(left, 1 + len(trials) % IN_A_ROW)
        trials.append(trial(arena, victim, len(trials), kills, whole))
        write_atomic(log, json.dumps(trials))
        said = trials[-1]
        verdict = "differs in " + ", ".join(said["differing"][:3]) if said["differing"] else "same"
        print(f"{victim.name} {said['trial']}: {said['kills']} at {said['at']}, {verdict}")
    return trials, whole["seconds"]


def summary(victim: Victim, trials: list[dict], seconds: float) -> dict:
    """One row of the results; a run that ended before it was killed counts nothing."""
    trials = [one for one in trials if one["kills"]]
    kinds = [kind for one in trials for kind in one["kills"]]
    return {
        "victim": victim.name,
        "kills": len(kinds),
        "parent_only": kinds.count("parent"),
        "reruns": len(trials),
        "identical": sum(not one["differing"] for one in trials),
        "seconds_undisturbed": round(seconds, 1),
        "differing": sorted({name for one in trials for name in one["differing"]}),
    }


def main(arguments: list[str] | None = None) -> int:
    """Attack every victim (or those named) and write the results file; 1 if anything differed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("victims", nargs="*", help="names; all if none, and only then written")
    parser.add_argument("--work", type=Path, default=stages.build_root() / "chaos")
    options = parser.parse_args(arguments)
    known = {victim.name: victim for victim in VICTIMS}
    if unknown := [name for name in options.victims if name not in known]:
        raise InputError(f"There is no victim {unknown[0]!r}; there are {', '.join(known)}.")
    start = time.monotonic()
    arena = Arena(options.work.absolute(), data_root().parent)
    chosen = [known[name] for name in options.victims] or list(VICTIMS)
    needed = {need for victim in chosen for need in victim.needs}
    for victim in (v for v in VICTIMS if v.name in needed):
        undisturbed(arena, victim)
    rows = []
    for victim in chosen:
        rows.append(summary(victim, *attack(arena, victim)))
        if not options.victims:
            _write(rows, time.monotonic() - start)
    reruns, identical = (sum(row[name] for row in rows) for name in ("reruns", "identical"))
    kills = sum(row["kills"] for row in rows)
    print(f"{kills} kills, {reruns} reruns, {identical} identical to the undisturbed run")
    return int(identical < reruns)


def _write(rows: list[dict], seconds: float) -> None:
    """The results file: what was done so far."""
    counts = {name: sum(row[name] for row in rows) for name in ("kills", "reruns", "identical")}
    records.write(
        records.place("chaos"),
        {**counts, "victims": rows},
        modules=[stage.compute for stage in stages.STAGES.values()],
        parameters={"scale": "test", "in_a_row": IN_A_ROW, "parent_only": PARENT_ONLY},
        wall_time=seconds,
    )


if __name__ == "__main__":
    sys.exit(main())
