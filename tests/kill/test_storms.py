"""Workers and servers killed at random moments, with clocks that jump and a database that restarts: each post is out once."""

import random
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from tests.databases import new_database
from tests.kill.deaths import meet_all
from tests.kill.scene import Case, Stage, wait_for
from tests.servers import restartable_postgresql

STORMY = ("video", "photos", "photos_to_the_inbox")
HOUR = 3600.0


@pytest.fixture(scope="session")
def make_stormy_stage(build_stage) -> Callable[..., Stage]:
    """A stage of a kind of post in a database that is named."""

    def make(kind: str, url: str | None = None) -> Stage:
        return build_stage(f"storm_{kind}", kind, url=url, ALLOW_TEST_CLOCK="true", LATE_POLICY="publish")

    return make


def outlast(stage: Stage, seeds: range, more: Callable[[random.Random], None] = lambda _: None) -> None:
    """One fresh post for each seed: up to five workers in a row are killed, and the clock jumps by up to an hour between."""

    def weather(seed: int) -> str | None:
        dice = random.Random(f"{stage.folder.name} {seed}")
        case = stage.new_case(f"storm {seed}")
        try:
            for _ in range(dice.randint(2, 5)):
                with case.serving(), case.worker() as worker:
                    worker.process.join(dice.uniform(0.1, 2.0))  # a random moment is the point here
                jump_clock(case, dice.uniform(-HOUR, HOUR))
                more(dice)
            with case.serving(), case.worker():
                wait_for(lambda: case.is_over() or jump_clock(case, dice.uniform(0, 60)))
            case.check_published_once()
        except AssertionError as error:
            return f"{case.name}: {error}"
        return None

    meet_all(seeds, weather)


def jump_clock(case: Case, seconds: float) -> None:
    """Move business time for every process of a case."""
    with case.engine.begin() as connection:
        moved = connection.execute(text("update clock_offset set seconds = seconds + :by"), {"by": seconds})
        assert moved.rowcount == 1


@pytest.mark.parametrize("kind", STORMY)
@pytest.mark.parametrize("seeds", [range(3), pytest.param(range(3, 200), marks=pytest.mark.long)], ids=["some", "many"])
def test_each_post_is_out_once_after_any_storm(make_stormy_stage, kind, seeds):
    outlast(make_stormy_stage(kind), seeds)


@pytest.fixture(scope="session")
def restarting_database() -> Iterator[tuple[str, Callable[[], None]]]:
    with restartable_postgresql() as server:
        yield server


@pytest.mark.postgres
@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", STORMY)
def test_each_post_is_out_once_though_postgresql_restarts_too(make_stormy_stage, restarting_database, kind):
    server_url, restart = restarting_database
    stage = make_stormy_stage(kind, new_database(server_url, f"storm_{kind}"))

    for seed in range(60):  # one after the other: a restart ends the work of all
        outlast(stage, range(seed, seed + 1), lambda _: restart())
