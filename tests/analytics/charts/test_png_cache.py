"""Pictures are made once for each version, one at a time, and never so that nothing else is done."""

import time
from threading import Event, Thread

import pytest

from tiktok_api.analytics.charts.errors import PicturesBusy
from tiktok_api.analytics.charts.png_cache import PngCache


def test_a_picture_is_made_once():
    cache, made = PngCache(), []

    found = [cache.get("v1", lambda: made.append(1) or b"picture") for _ in range(3)]

    assert (found, len(made)) == ([b"picture"] * 3, 1)


def test_the_least_used_one_is_forgotten_first():
    cache, made = PngCache(most_bytes=20), []

    for version in ("a", "b", "a", "c", "a", "b"):
        cache.get(version, lambda version=version: made.append(version) or bytes(10))

    assert made == ["a", "b", "c", "b"]


def test_one_that_is_larger_than_all_room_is_sent_and_not_kept():
    cache, made = PngCache(most_bytes=5), []

    for _ in range(2):
        assert cache.get("a", lambda: made.append(1) or bytes(10)) == bytes(10)

    assert len(made) == 2


def test_a_request_for_the_same_one_meanwhile_gets_it_without_a_second_drawing():
    cache, made, begun, may_end, found = PngCache(), [], Event(), Event(), []

    def draw():
        begun.set()
        may_end.wait(10)
        made.append(1)
        return b"picture"

    threads = [Thread(target=lambda: found.append(cache.get("a", draw))) for _ in range(4)]
    threads[0].start()
    begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    may_end.set()
    for thread in threads:
        thread.join(10)

    assert (found, len(made)) == ([b"picture"] * 4, 1)


def test_one_that_waits_too_long_is_told_to_come_again_while_kept_ones_are_sent():
    cache, begun, may_end = PngCache(patience_seconds=0.01), Event(), Event()
    cache.get("kept", lambda: b"kept")

    def draw():
        begun.set()
        may_end.wait(10)
        return b"slow"

    busy = Thread(target=lambda: cache.get("slow", draw))
    busy.start()
    begun.wait(10)

    with pytest.raises(PicturesBusy) as refused:
        cache.get("other", lambda: b"other")
    assert cache.get("kept", lambda: b"drawn again") == b"kept"
    may_end.set()
    busy.join(10)
    assert refused.value.headers["Retry-After"] == "5"


def test_after_each_the_process_has_as_long_for_everything_else():
    cache, times = PngCache(), []

    def draw():
        began = time.monotonic()
        while time.monotonic() - began < 0.05:
            pass
        times.append((began, time.monotonic()))
        return b"picture"

    for version in ("a", "b"):
        cache.get(version, draw)

    (_, first_ended), (second_began, _) = times
    assert second_began - first_ended >= 0.05


def test_a_drawing_that_fails_is_not_kept_and_gives_its_turn_away():
    cache = PngCache(patience_seconds=0.01)

    def fail():
        raise RuntimeError("no font")

    with pytest.raises(RuntimeError):
        cache.get("a", fail)

    assert cache.get("a", lambda: b"picture") == b"picture"
