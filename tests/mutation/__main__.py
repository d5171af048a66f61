"""Break publishing and the vault in every small way there is, and see each break found by a test: `make mutation`.

cosmic-ray changes one operator, number or condition at a time in a copy of the repository, and the tests that run the changed
line are run. What no test finds is a survivor: it is mended by a test, or explained in `explained.toml`. Stopped and started
again, it goes on where it was; what no test has found is tried again, because tests may have been added. `--sample 40` tries
40 of each part, the same ones each time.
"""

import argparse
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from shutil import copy2, copytree
from typing import Any

from tests.mutation.changes import Change, changes_of
from tests.mutation.reach import Reached, measure, tests_for

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".mutation"
_NOTHING_COLLECTED = 5  # an exit code of pytest

PARTS = {
    "vault": ("accounts/tokens accounts/token_refresh encryption", "accounts auth/test_key_rings.py"),
    "claims": (
        "accounts/rate_limits posts/publishing/claims posts/publishing/locks posts/publishing/transitions posts/states",
        "posts",
    ),
    "steps": ("posts/publishing/worker posts/publishing/steps", "posts"),
    "record": ("posts/publishing/record posts/publishing/verdicts", "posts"),
    "waiting": ("posts/waiting/lateness posts/waiting/pending_media posts/waiting/readiness", "posts"),
}
"""For each part its modules, and the tests that must find what is broken in them."""


@dataclass(frozen=True)
class Survivor:
    """A change that no test has found."""

    module: str
    where: str
    change: str

    def __str__(self) -> str:
        return f"{self.module}, {self.where}:\n    {self.change}"


class Kept:
    """What came of the changes that were tried, in a file: stopping loses nothing."""

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file, threading.Lock()
        self._results: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}

    def is_found(self, change: Change) -> bool:
        """Whether a test has found it before."""
        return bool(self._results.get(change.name, {}).get("found_by"))

    def keep(self, change: Change, found_by: str | None, difference: str) -> None:
        """Write down what came of one."""
        with self._lock:
            self._results[change.name] = {"found_by": found_by, "where": change.where, "change": difference}
            draft = self._file.with_suffix(".new")
            draft.write_text(json.dumps(self._results, indent=1))
            draft.replace(self._file)

    def survivor(self, change: Change) -> Survivor | None:
        """The change as it is reported, if nothing has found it."""
        result = self._results[change.name]
        return None if result["found_by"] else Survivor(change.module, change.where, result["change"])


def main() -> int:
    """Zero when each survivor is explained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="the interpreter that runs the tests")
    parser.add_argument("--sample", type=int, help="how many changes of each part to try; all by default")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1, help="how many changes to try at a time")
    parser.add_argument("--seconds", type=float, default=120.0, help="how long the tests of one change may take in all")
    arguments = parser.parse_args()
    KEPT.mkdir(exist_ok=True)
    kept = Kept(KEPT / "results.json")
    chosen: list[Change] = []
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        first = Path(folder) / "0"
        copy_repository(first, arguments.python)
        for part in arguments.part or PARTS:
            names, _ = PARTS[part]
            chosen += changes_of([f"tiktok_api/{name}.py" for name in names.split()], first)[: arguments.sample]
        parts = arguments.part or PARTS
        reached = {part: measure(test_files(part, first), first, arguments.python, KEPT / "reach") for part in parts}
        copies: queue.Queue[Path] = queue.Queue()
        for number in range(arguments.at_once):
            copies.put(first if number == 0 else Path(copytree(first, Path(folder) / str(number))))
        trial = Trial(copies, arguments.python, reached, arguments.seconds, kept)
        with ThreadPoolExecutor(arguments.at_once) as pool:
            list(pool.map(trial.run, [change for change in chosen if not kept.is_found(change)]))
    survivors = [survivor for change in chosen if (survivor := kept.survivor(change))]
    unexplained = [survivor for survivor in survivors if survivor not in explained()]
    for survivor in unexplained:
        print(survivor)
    print(
        f"{len(chosen)} changes: {len(survivors)} found by no test, {len(unexplained)} of them without an explanation"
    )
    return 1 if unexplained or not chosen else 0


def copy_repository(target: Path, python: str) -> None:
    """The files of the repository as they are now: what is broken is the copy. Compiled, so that tests start quickly."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            copy2(ROOT / name, target / name)
    subprocess.run([python, "-m", "compileall", "-q", "tiktok_api", "tests"], cwd=target, check=True)


def test_files(part: str, copy: Path) -> list[str]:
    """The files of a part's tests."""
    _, names = PARTS[part]
    found = [file for name in names.split() for file in _files(copy / "tests" / name)]
    return [str(file.relative_to(copy)) for file in found]


def _files(place: Path) -> list[Path]:
    return sorted(place.rglob("test_*.py")) if place.is_dir() else [place]


@dataclass(frozen=True)
class Trial:
    """Applies a change to a copy that no other change is in, and runs the tests that could find it."""

    copies: queue.Queue[Path]
    python: str
    reached: dict[str, Reached]
    seconds: float
    kept: Kept

    def run(self, change: Change) -> None:
        """Try one."""
        copy = self.copies.get()
        module = copy / change.module
        source = module.read_text()
        try:
            changed = change.applied_to(source)
            tests = tests_for(change, self._reached_by_part(change), copy, self.seconds)
            module.write_text(changed)
            found_by = self._found_by(tests, copy)
        finally:
            module.write_text(source)
            self.copies.put(copy)
        self.kept.keep(change, found_by, difference(source, changed))
        print("." if found_by else "S", end="", flush=True)

    def _reached_by_part(self, change: Change) -> Reached:
        [part] = [part for part, (names, _) in PARTS.items() if change.module[len("tiktok_api/") : -3] in names.split()]
        return self.reached[part]

    def _found_by(self, tests: list[str], copy: Path) -> str | None:
        command = [self.python, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "--tb", "no"]
        running = subprocess.Popen(
            [*command, "--basetemp", ".basetemp", *tests],
            cwd=copy,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},  # what is compiled is the code without the change
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = running.communicate(timeout=60 + 5 * self.seconds)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.communicate()
            return "it never ended"
        if running.returncode == 0:
            return None
        if "ERROR: not found: " in output or running.returncode == _NOTHING_COLLECTED:
            raise SystemExit(f"these are not the tests that were measured:\n{output[-1000:]}")
        failed = [line for line in output.splitlines() if line.startswith(("FAILED", "ERROR"))]
        return failed[0] if failed else output[-300:]


def difference(before: str, after: str) -> str:
    """The lines that differ, in one."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=True)
    changed = [(old.strip(), new.strip()) for old, new in pairs if old != new]
    return " → ".join([*(old for old, _ in changed), *(new for _, new in changed)])


def explained() -> set[Survivor]:
    """The survivors that make no difference, each with its reason in the file."""
    entries = tomllib.loads((Path(__file__).parent / "explained.toml").read_text()).get("survivor", [])
    if unreasoned := [entry for entry in entries if len(entry.get("why", "")) < 10]:
        raise ValueError(f"these have no reason: {unreasoned}")
    return {Survivor(entry["module"], entry["where"], entry["change"]) for entry in entries}


if __name__ == "__main__":
    sys.exit(main())
