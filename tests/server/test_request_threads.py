"""The threads in which requests run, on a system that has none to give for a while."""

import threading
from collections.abc import Iterator

import pytest

from tests.servers import wait_until
from tiktok_api.server.request_threads import RequestThreads


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
