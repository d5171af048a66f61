"""Which tests run which lines, and how long each takes: only those that run a changed line can find the change."""

import ast
import hashlib
import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.mutation.changes import Change, statement_around

QUICK = "not long"
Reached = dict[str, dict[str, Any]]
"""For each test its `seconds`, and the `lines` of each module that it runs."""


def measure(files: list[str], copy: Path, python: str, kept: Path) -> Reached:
    """What each test of the files reaches. A file that has been measured with this very code, and with these helpers of
    tests, is not run again.
    """
    kept.mkdir(parents=True, exist_ok=True)
    helpers = [file for file in (copy / "tests").rglob("*.py") if not file.name.startswith("test_")]
    code = b"".join(file.read_bytes() for file in sorted([*(copy / "tiktok_api").rglob("*.py"), *helpers]))
    places = {file: kept / f"{_digest(code + (copy / file).read_bytes())}.json" for file in files}
    if unknown := [file for file, place in places.items() if not place.exists()]:
        measured = _measure(unknown, copy, python)
        for file in unknown:
            of_file = {test: facts for test, facts in measured.items() if test.startswith(f"{file}::")}
            places[file].write_text(json.dumps(of_file))
    reached: Reached = {}
    for place in places.values():
        reached |= json.loads(place.read_text())
    return reached


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _measure(files: list[str], copy: Path, python: str) -> Reached:
    (copy / "reach.ini").write_text("[run]\nsource = tiktok_api\ndata_file = reach.coverage\n")
    pytest = f"{python} -m pytest -q -p no:cacheprovider --rootdir . --basetemp .basetemp --junitxml reach.xml".split()
    watched = ["--cov", "tiktok_api", "--cov-config", "reach.ini", "--cov-context", "test", "--cov-report", ""]
    if subprocess.run([*pytest, *watched, "-m", QUICK, *files], cwd=copy).returncode:
        raise SystemExit("tests fail before anything is changed: nothing can be learnt from them")
    report = [python, "-m", "coverage", "json", "--rcfile", "reach.ini", "--show-contexts", "-q", "-o", "reach.json"]
    subprocess.run(report, cwd=copy, check=True)
    return read(copy / "reach.json", copy / "reach.xml")


def read(coverage: Path, junit: Path) -> Reached:
    """From what coverage and pytest have written."""
    lines: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for module, facts in json.loads(coverage.read_text())["files"].items():
        for line, contexts in facts["contexts"].items():
            for test in {context.rpartition("|")[0] for context in contexts if context}:
                lines[test][module].append(int(line))
    seconds: dict[str, float] = defaultdict(float)
    for case in ElementTree.parse(junit).iter("testcase"):  # noqa: S314 - pytest wrote it just now
        seconds[f"{case.attrib['classname'].replace('.', '/')}.py::{case.attrib['name']}"] += float(case.attrib["time"])
    return {test: {"seconds": seconds.get(test, 10.0), "lines": dict(found)} for test, found in lines.items()}


def tests_for(change: Change, reached: Reached, copy: Path, most_seconds: float) -> list[str]:
    """The tests that run what was changed, one file after the other, quick ones first, as many as fit in the time."""
    found = _running({change.module: set(change.lines)}, reached) or _running(_uses(change, copy), reached)
    return list(_within(found or reached, reached, most_seconds))


def _running(places: dict[str, set[int]], reached: Reached) -> list[str]:
    return [
        test
        for test, facts in reached.items()
        if any(not lines.isdisjoint(facts["lines"].get(module, ())) for module, lines in places.items())
    ]


def _uses(change: Change, copy: Path) -> dict[str, set[int]]:
    """Where the names that a statement of the module defines are spoken of: importing alone runs it, whatever the test."""
    statement = statement_around((copy / change.module).read_text(), change.lines[0])
    names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    names |= {statement.name} if isinstance(statement, ast.ClassDef | ast.FunctionDef) else set()
    spoken = re.compile(rf"\b({'|'.join(sorted(names))})\b")
    return {
        str(file.relative_to(copy)): {
            number for number, line in enumerate(file.read_text().splitlines(), start=1) if spoken.search(line)
        }
        for file in (copy / "tiktok_api").rglob("*.py")
    }


def _within(tests: Iterable[str], reached: Reached, most_seconds: float) -> Iterator[str]:
    by_file: dict[str, list[str]] = defaultdict(list)
    for test in sorted(tests, key=lambda test: reached[test]["seconds"]):
        by_file[test.partition("::")[0]].append(test)
    left = most_seconds
    for test in (test for round in zip_longest(*by_file.values()) for test in round if test):
        left -= reached[test]["seconds"]
        if left < 0:
            return
        yield test
