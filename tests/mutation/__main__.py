"""Break publishing and the vault in every small way there is, and see each break found by a test: `make mutation`.

cosmic-ray changes one operator, number or condition at a time in a copy of the repository and runs the tests of that part.
What no test finds is a survivor: it is mended by a test, or explained in `explained.toml`. Stopped and started again, it goes on
where it was. `--sample 40` tries 40 of each part, the same ones each time.
"""

import argparse
import contextlib
import hashlib
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosmic_ray.commands import execute, init
from cosmic_ray.config import ConfigDict
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import WorkerOutcome, WorkResult

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".mutation"
TIMEOUT_SECONDS = 300.0
QUICK = "not long and not postgres and not redis"

PARTS = {
    "vault": (
        "accounts/vault sealing",
        "accounts/test_vault accounts/test_single_flight accounts/test_at_rest auth/test_key_rings",
    ),
    "attempts": (
        "posts/attempts posts/work posts/moving",
        """posts/test_publish_post posts/test_attempts posts/test_trouble_in_upload posts/test_rates
        posts/test_lost_accounts posts/test_verdicts posts/test_races""",
    ),
    "publishing": (
        "posts/publishing posts/sending",
        """posts/test_publish_post posts/test_attempts posts/test_trouble_in_upload posts/test_inbox
        posts/test_storage_outage posts/test_odd_answers posts/test_trouble_before_upload posts/test_verdicts
        posts/test_lost_accounts posts/test_rates""",
    ),
    "settling": (
        "posts/settling posts/verdicts",
        """posts/test_publish_post posts/test_verdicts posts/test_inbox posts/test_trouble_before_upload
        posts/test_lost_accounts posts/test_odd_answers posts/test_late_posts posts/test_post_ids""",
    ),
    "waiting": (
        "posts/lateness posts/media_waits",
        "posts/test_late_posts posts/test_media_on_the_way",
    ),
}
"""For each part its modules, and the tests that must find what is broken in them: those that find most come first."""

POINTLESS = re.compile(
    # `|` stands in annotations, which nothing executes; of the other arithmetic one replacement each is enough.
    r"core/(ReplaceBinaryOperator_BitOr_\w+"
    r"|ReplaceBinaryOperator_\w+_(Mod|Pow|FloorDiv|Div|LShift|RShift|BitAnd|BitOr|BitXor)"
    r"|ReplaceComparisonOperator_(Is|IsNot)_(?!Is$|IsNot$)\w+"
    r"|ReplaceComparisonOperator_\w+_(Is|IsNot)(?<!Is_IsNot)(?<!IsNot_Is)"
    r"|ReplaceUnaryOperator_\w+_(USub|UAdd|Invert)|RemoveDecorator|Variable\w+)$"
)


@dataclass(frozen=True)
class Survivor:
    """A change that no test has found."""

    module: str
    where: str
    change: str

    def __str__(self) -> str:
        return f"{self.module}, {self.where}:\n    {self.change}"


def main() -> int:
    """Zero when each survivor is explained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="the interpreter that runs the tests")
    parser.add_argument("--sample", type=int, help="how many changes of each part to try; all by default")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part")
    arguments = parser.parse_args()
    survivors: list[Survivor] = []
    tried = 0
    for part in arguments.part or PARTS:
        with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
            copy_repository(Path(folder))
            found, number = run(part, Path(folder), arguments.python, arguments.sample)
        survivors += found
        tried += number
    unexplained = [survivor for survivor in survivors if survivor not in explained()]
    for survivor in unexplained:
        print(survivor)
    print(f"{tried} changes: {len(survivors)} found by no test, {len(unexplained)} of them without an explanation")
    return 1 if unexplained or not tried else 0


def copy_repository(target: Path) -> None:
    """The files of the repository as they are now: what is broken is the copy."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def run(part: str, copy: Path, python: str, sample: int | None) -> tuple[list[Survivor], int]:
    """Every change of a part that is still to be tried, and what came of all. Returns the survivors and how many were tried."""
    names, files = PARTS[part]
    modules = [Path(f"tiktok_api/{name}.py") for name in names.split()]
    tests = " ".join(f"tests/{name}.py" for name in files.split())
    config = ConfigDict(
        {
            "module-path": [str(module) for module in modules],
            "timeout": TIMEOUT_SECONDS,
            "excluded-modules": [],
            "test-command": f"{python} -m pytest -x -q -p no:cacheprovider --rootdir {copy} -m '{QUICK}' {tests}",
            "distributor": {"name": "local"},
        }
    )
    if subprocess.run(shlex.split(config["test-command"]), cwd=copy, stdout=subprocess.DEVNULL).returncode:
        raise SystemExit(f"the tests of {part} fail before anything is changed: nothing can be learnt from them")
    KEPT.mkdir(exist_ok=True)
    state = hashlib.sha256(b"".join((copy / module).read_bytes() for module in modules)).hexdigest()[:12]
    with contextlib.chdir(copy), use_db(str(KEPT / f"{part}-{sample or 'all'}-{state}.sqlite")) as session:
        if not session.num_work_items:
            init(modules, session, {})
        chosen = choose(session, sample)
        for item in list(session.pending_work_items):
            if item.job_id not in chosen:
                session.set_result(item.job_id, WorkResult(worker_outcome=WorkerOutcome.SKIPPED))
        execute(session, config)
        return list(survivors_of(session)), len(chosen)


def choose(session: WorkDB, sample: int | None) -> set[str]:
    """The changes that are worth a try, or a sample of them."""
    ordered = sorted((item for item in session.work_items if _is_worth_a_try(item)), key=_place)
    picked = random.Random(1).sample(ordered, min(sample, len(ordered))) if sample else ordered
    return {item.job_id for item in picked}


def _is_worth_a_try(item: Any) -> bool:
    """Whether a test could find it. What is frozen or has slots behaves the same without."""
    mutation = item.mutations[0]
    line = mutation.module_path.read_text().splitlines()[mutation.start_pos[0] - 1]
    return not POINTLESS.match(mutation.operator_name) and not line.startswith("@dataclass")


def _place(item: Any) -> tuple[Any, ...]:
    mutation = item.mutations[0]
    return mutation.module_path.name, mutation.start_pos, mutation.operator_name, mutation.occurrence


def survivors_of(session: WorkDB) -> Iterator[Survivor]:
    """What was tried and found by no test."""
    items = {item.job_id: item for item in session.work_items}
    for job_id, result in session.results:
        if result.worker_outcome is not WorkerOutcome.SKIPPED and not result.is_killed:
            mutation = items[job_id].mutations[0]
            changed = [
                line for line in (result.diff or "").splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")
            ]
            yield Survivor(
                str(mutation.module_path),
                mutation.definition_name or "module",
                " → ".join(line[1:].strip() for line in changed),
            )


def explained() -> set[Survivor]:
    """The survivors that make no difference, each with its reason in the file."""
    entries = tomllib.loads((Path(__file__).parent / "explained.toml").read_text()).get("survivor", [])
    if unreasoned := [entry for entry in entries if len(entry.get("why", "")) < 10]:
        raise ValueError(f"these have no reason: {unreasoned}")
    return {Survivor(entry["module"], entry["where"], entry["change"]) for entry in entries}


if __name__ == "__main__":
    sys.exit(main())
