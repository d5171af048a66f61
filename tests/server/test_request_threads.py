"""The threads in which requests run, on a system that has none to give for a while."""

import threading
import time
from collections.abc import Callable, Iterator

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


def test_one_thing_after_the_other_needs_no_more_than_two_threads(threads, served):
    before = threading.active_count()
    for number in range(20):
        threads.give(f"{number}")
        wait_until(lambda: len(served) == number + 1)  # noqa: B023  # awaited at once
        wait_until(lambda: threads.busy == 0)

    assert threading.active_count() <= before + 2  # one may be called once too often


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


def test_while_no_thread_can_be_had_it_is_asked_for_now_and_then(monkeypatch):
    release, begun = threading.Event(), []

    def wait(work: int) -> None:
        begun.append(work)
        release.wait()

    threads = RequestThreads(wait, most=8)
    threads.give(0)
    wait_until(lambda: begun)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    threads.give(1)
    pause = threads.seconds_left()
    monkeypatch.undo()
    threads.go_on()

    assert pause == LATE_SECONDS
    wait_until(lambda: begun == [0, 1])
    release.set()
    threads.shutdown()


def test_what_computes_is_served_one_after_the_other_and_what_waits_together():
    served: list[None] = []

    def serve(act: Callable[[], None]) -> None:
        act()
        served.append(None)

    threads, given, counted = RequestThreads(serve, most=8, pause_seconds=0.5), 0, 0
    at_once = []
    for act in (compute, lambda: time.sleep(LATE_SECONDS / 2)):
        before, until = threads.at_once, time.monotonic() + 60
        while threads.at_once == before and time.monotonic() < until:
            while given - len(served) < 16:
                threads.give(act)
                given += 1
            time.sleep(LATE_SECONDS / 10)
            while counted < len(served):
                threads.take_back()
                counted += 1
            threads.go_on()
        at_once.append(threads.at_once)

    assert at_once == [1, 8]
    threads.shutdown()


def compute() -> None:
    until = time.thread_time() + LATE_SECONDS / 10
    while time.thread_time() < until:
        continue
