"""kill -9 before and after every step of publishing: still published exactly once, with nothing left over."""

import random

import pytest

from tests.kill.deaths import CHUNK_BYTES, MOMENTS, dry_run, meet_all, numbers, survive
from tests.kill.launcher import Fate
from tests.kill.scene import Stage
from tests.media.sample_media import BIG_BYTES
from tests.samples import each, in_strides


@in_strides(4)
@pytest.mark.parametrize("when", MOMENTS)
def test_a_worker_killed_at_any_commit_leaves_nothing_behind_that_another_cannot_finish(small_stage, when, stride):
    survive(small_stage, [Fate("commit", number, when) for number in each(stride, numbers(small_stage, "commit"))])


@pytest.mark.parametrize("when", MOMENTS)
def test_a_worker_killed_at_any_call_leaves_nothing_behind_that_another_cannot_finish(small_stage, when):
    survive(small_stage, [Fate("call", number, when) for number in numbers(small_stage, "call")])


def test_a_worker_killed_in_the_middle_of_the_only_chunk_is_succeeded(small_stage):
    size = len(small_stage.video)

    survive(small_stage, [Fate("byte", number, "at") for number in (1, size // 2, size)])


def test_a_worker_killed_at_any_chunk_is_succeeded_by_one_that_resumes(big_stage):
    puts = [step.split()[1] for step in dry_run(big_stage) if "PUT" in step and "after" in step]

    survive(big_stage, [Fate("call", int(number), "after") for number in (puts[0], puts[2], puts[-1])])
    survive(big_stage, [Fate("call", int(number), "before") for number in (puts[1], puts[-1])])


def test_a_worker_killed_in_the_middle_of_a_chunk_is_succeeded_by_one_that_resumes(big_stage):
    middle_of_the_third, within_the_last = 2 * CHUNK_BYTES + CHUNK_BYTES // 2, BIG_BYTES - 1_000_000

    survive(big_stage, [Fate("byte", number, "at") for number in (middle_of_the_third, within_the_last)])


@in_strides(3)
def test_a_worker_killed_at_any_commit_between_chunks_is_succeeded_by_one_that_resumes(big_stage, stride):
    survive(big_stage, [Fate("commit", number, "after") for number in each(stride, _commits_between_chunks(big_stage))])


def _commits_between_chunks(stage: Stage) -> list[int]:
    steps = dry_run(stage)
    puts = [place for place, step in enumerate(steps) if "PUT" in step]
    return [int(step.split()[1]) for step in steps[puts[0] : puts[-1]] if step.startswith("commit") and "after" in step]


@pytest.mark.postgres
@in_strides(3)
def test_a_worker_killed_at_a_step_is_succeeded_on_postgresql_too(postgresql_stage, stride):
    steps = dry_run(postgresql_stage)
    calls = [Fate("call", number, "after") for number in numbers(postgresql_stage, "call")]
    commits = [Fate("commit", number, "after") for number in commits_around_calls(steps)]

    survive(postgresql_stage, each(stride, calls + commits))


def commits_around_calls(steps: tuple[str, ...]) -> list[int]:
    """The commit before each call and the one after it: intent, open, commit point, verdict."""
    done = [step.split()[:2] for step in steps if " after" in step]
    near: set[int] = set()
    for place, (kind, _) in enumerate(done):
        if kind == "call":
            near |= {int(number) for name, number in (done[place - 1], done[place + 1]) if name == "commit"}
    return sorted(near)


@pytest.mark.long
@pytest.mark.parametrize("stage_name", ["small_stage", "big_stage"])
@pytest.mark.parametrize("when", MOMENTS)
def test_a_worker_killed_at_any_step_of_any_upload_is_succeeded(request, stage_name, when):
    stage = request.getfixturevalue(stage_name)

    survive(stage, [Fate(kind, number, when) for kind in ("commit", "call") for number in numbers(stage, kind)])


@pytest.mark.long
@pytest.mark.parametrize("stage_name", ["small_stage", pytest.param("postgresql_stage", marks=pytest.mark.postgres)])
@pytest.mark.parametrize("seed", range(10))
def test_thousands_of_workers_killed_at_random_moments_publish_each_post_once(request, stage_name, seed):
    stage = request.getfixturevalue(stage_name)

    survive_storms(stage, [random.Random(f"{seed} {number}") for number in range(40)])


def survive_storms(stage: Stage, storms: list[random.Random]) -> None:
    """One fresh post for each storm: up to eight workers in a row are killed at random moments."""

    def weather(dice: random.Random) -> str | None:
        case = stage.new_case("storm")
        for _ in range(dice.randint(2, 8)):
            with case.worker() as worker:
                worker.process.join(dice.uniform(0.1, 2.0))  # a random moment is the point here
        try:
            case.finish()
            case.check_published_once()
        except AssertionError as error:
            return f"{case.name}: {error}"
        return None

    meet_all(storms, weather)
