"""Killing workers on fresh copies of a post that is due, several at a time."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from tests.kill.launcher import Fate
from tests.kill.scene import Stage, count_steps, wait_for

AT_ONCE = 6
CHUNK_BYTES = 10_485_760
MOMENTS = ("before", "after")
T = TypeVar("T")


@cache
def dry_run(stage: Stage) -> tuple[str, ...]:
    """The steps of one publication on which nothing befalls."""
    case = stage.new_case("dry run")
    with case.serving(), case.worker() as worker:
        wait_for(case.is_over)
    case.check_published_once()
    return tuple(worker.steps)


def numbers(stage: Stage, kind: str) -> Sequence[int]:
    return range(1, count_steps(dry_run(stage))[kind] + 1)


def survive(stage: Stage, fates: Iterable[Fate]) -> None:
    """One fresh post for each fate: the first worker meets it, the second finishes."""

    def meet(fate: Fate) -> str | None:
        case = stage.new_case(str(fate))
        with case.serving():
            with case.worker(fate) as worker:
                # How often photos are polled depends on when TikTok fetches them: it may never come to the last steps.
                worker.wait_until_killed(unless=lambda: stage.is_photos and case.is_over())
            try:
                case.finish()
                case.check_published_once()
            except AssertionError as error:
                return f"{fate}: {error}\n" + "\n".join(worker.steps[-4:])
        return None

    meet_all(fates, meet)


def meet_all(fates: Iterable[T], meet: Callable[[T], str | None], *, at_once: int = AT_ONCE) -> None:
    """Several fates at a time; `meet` returns what is wrong afterwards."""
    with ThreadPoolExecutor(at_once) as pool:
        broken = [complaint for complaint in pool.map(meet, fates) if complaint]
    assert not broken, "\n\n".join(broken)
