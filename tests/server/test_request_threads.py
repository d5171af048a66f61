"""The threads in which requests run, on a system that has none to give for a while."""

import threading
import time
from collections.abc import Iterator

import pytest

from tests.servers import wait_until
from tiktok_api.server.request_threads import LATE_SECONDS, RequestThreads


@pytest.fixture
def served() -> list[str]:
    return []


@pytest.fixture
def threads(served: list[str]) -> Iterator[RequestThreads]:
    made = RequestThreads(served.append, most=4)
    yield made
    made.shutdown()


def refuse(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_without_any_thread_nothing_is_taken_and_later_all_is_served(threads, served, monkeypatch):
    monkeypatch.setattr(threading.Thread, "start", refuse)
    taken = [threads.give("too early") for _ in range(9)]
    monkeypatch.undo()

    later = threads.give("later")

    assert (taken, later) == ([False] * 9, True)
    wait_until(lambda: served == ["later"])


def test_one_thread_serves_all_while_there_are_no_more(threads, served, monkeypatch):
    threads.give("first")
    monkeypatch.setattr(threading.Thread, "start", refuse)

    taken = [threads.give(f"{number}") for number in range(9)]

    assert taken == [True] * 9
    wait_until(lambda: served == ["first", *(f"{number}" for number in range(9))])


def test_what_waits_holds_nothing_up_until_every_thread_waits():
    release, begun = threading.Event(), []

    def wait(work: int) -> None:
        begun.append(work)
        release.wait()

    threads = RequestThreads(wait, most=8)
    for number in range(9):
        threads.give(number)
    pauses = []
    while len(begun) < 8:
        pauses.append(threads.seconds_left())
        threads.go_on()

    assert max(pauses) <= LATE_SECONDS
    assert threads.seconds_left() == LATE_SECONDS, "it is looked again soon"
    release.set()
    wait_until(lambda: sorted(begun) == [*range(9)])
    wait_until(lambda: threads.seconds_left() is None)
    threads.shutdown()


def test_what_computes_is_served_one_after_the_other():
    together, most_together = 0, 0

    def compute(seconds: float) -> None:
        nonlocal together, most_together
        together += 1
        most_together = max(together, most_together)
        until = time.thread_time() + seconds
        while time.thread_time() < until:
            continue
        together -= 1

    threads = RequestThreads(compute, most=8)
    for _ in range(300):
        threads.give(LATE_SECONDS / 20)
    while threads.seconds_left() is not None:
        threads.go_on()

    assert most_together < 8, "on a busy machine some are taken to wait for something, but never all"
    threads.shutdown()
