"""Two workers at once, and workers that stand still beyond their lease and then go on as if nothing had happened."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator

import pytest

from tests.kill.deaths import AT_ONCE, CHUNK_BYTES, MOMENTS, dry_run, meet_all, numbers
from tests.kill.launcher import Fate
from tests.kill.scene import Case, Stage, wait_for
from tests.samples import each, in_strides


def outlive(stage: Stage, fates: Iterable[Fate]) -> None:
    """One fresh post for each fate: the first worker stands still, the second finishes, the first wakes up again."""

    def meet(fate: Fate) -> str | None:
        case = stage.new_case(str(fate))
        try:
            with case.serving(), case.worker(fate) as zombie:
                zombie.wait_until_stopped()
                case.finish()
                zombie.go_on()
                zombie.finish()
            assert case.is_over()
            case.check_published_once()
        except AssertionError as error:
            return f"{fate}: {error}\n" + "\n".join(zombie.steps[-4:])
        return None

    meet_all(fates, meet)


def stopped(kind: str, number: int, when: str) -> Fate:
    return Fate(kind, number, when, signal.SIGSTOP)


@pytest.mark.parametrize("when", MOMENTS)
def test_a_worker_that_slept_around_a_call_finds_itself_fenced_off(small_stage, when):
    outlive(small_stage, [stopped("call", number, when) for number in numbers(small_stage, "call")])


@in_strides(4)
def test_a_worker_that_slept_after_a_commit_finds_itself_fenced_off(small_stage, stride):
    outlive(
        small_stage, [stopped("commit", number, "after") for number in each(stride, numbers(small_stage, "commit"))]
    )


def test_a_worker_that_slept_in_the_middle_of_the_only_chunk_sends_its_rest_in_vain(small_stage):
    outlive(small_stage, [stopped("byte", len(small_stage.video) // 2, "at")])


def test_a_worker_that_slept_among_chunks_cannot_send_the_last_one_again(big_stage):
    puts = [int(step.split()[1]) for step in dry_run(big_stage) if "PUT" in step and "after" in step]

    outlive(big_stage, [stopped("call", puts[1], "after"), stopped("call", puts[-1], "before")])
    outlive(big_stage, [stopped("byte", 2 * CHUNK_BYTES + CHUNK_BYTES // 2, "at"), stopped("call", puts[-1], "after")])


@pytest.mark.postgres
def test_a_worker_that_slept_is_fenced_off_on_postgresql_too(postgresql_stage):
    outlive(postgresql_stage, [stopped("call", number, "after") for number in numbers(postgresql_stage, "call")])


@pytest.mark.parametrize("when", MOMENTS)
def test_a_worker_that_slept_while_photos_went_out_is_fenced_off(make_stage, when):
    """Around the question about the creator and the init: how often photos are polled depends on when TikTok fetches them."""
    outlive(make_stage("photos", False), [stopped("call", number, when) for number in (1, 2)])


def race(stage: Stage, times: int) -> None:
    """Two workers on one database, begun together, with one post to publish."""

    def run(number: int) -> str | None:
        case = stage.new_case(f"race {number}")
        try:
            with case.worker() as one, case.worker() as other:
                wait_for(case.is_over)
                one.finish()
                other.finish()
            case.check_published_once()
        except AssertionError as error:
            return f"race {number}: {error}"
        return None

    meet_all(range(times), run, at_once=AT_ONCE // 2)


def test_two_workers_on_one_database_publish_once(small_stage):
    race(small_stage, 6)


@pytest.mark.postgres
def test_two_workers_on_one_postgresql_publish_once(postgresql_stage):
    race(postgresql_stage, 3)


def test_the_command_as_people_start_it_can_be_killed_in_the_middle_of_an_upload(small_stage):
    case, control = small_stage.new_case("the command"), small_stage.simulator.control
    control.clear_requests()
    control.mischief("upload", "delay", delay_seconds=2.0)

    with worker_command(case) as worker:
        wait_for(lambda: control.requests(endpoint="upload"))
        worker.kill()
    with worker_command(case) as worker:
        wait_for(case.is_over)
        worker.terminate()

        assert worker.wait() == 0
    case.check_published_once()


@contextlib.contextmanager
def worker_command(case: Case) -> Iterator["subprocess.Popen[bytes]"]:
    """`flask --app wsgi worker`."""
    environment = {**os.environ, **case.stage.settings, "DATABASE_URL": case.database_url}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    with subprocess.Popen(command, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.long
@pytest.mark.parametrize("round_number", range(10))
def test_two_workers_on_one_database_publish_once_however_often(small_stage, round_number):
    race(small_stage, 30)
