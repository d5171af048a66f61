"""The places of one process for transfers: so many for all together, fewer for one network, still fewer for one user.

Some threads always stay free for probes and small requests. If there is no free place, a client that is slow gives its own up:
an upload keeps what has arrived, a download can be resumed by a range.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition
from typing import Protocol

from tiktok_api.errors import Unavailable
from tiktok_api.metrics import counters

_PATIENT_SECONDS, _PRESSED_SECONDS = 2.0, 0.25
"""How far a client must be behind a fair rate to lose its place to a request, and to one whose bytes are there already."""
_WAIT_SECONDS = 0.75
"""For how long the latter also waits for a place."""
_LOOK_SECONDS = 0.1


class ServerBusy(Unavailable):
    message = "Too many large uploads or downloads are running; try again as soon as Retry-After says."


class Meter(Protocol):
    """How far a client is behind a fair rate."""

    @property
    def seconds_behind(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many places there are; and how many threads may besides be leaving a place, or waiting for one."""

    everyone: int
    network: int
    user: int
    besides: int

    @classmethod
    def for_threads(cls, threads: int) -> "Bounds":
        """A quarter of the threads, two at least, is for everything else; one of these is always free."""
        reserve = max(2, threads // 4)
        everyone = max(1, threads - reserve)
        return cls(everyone, max(1, everyone * 5 // 6), max(1, everyone * 2 // 3), max(1, reserve - 1))


@dataclass(eq=False, slots=True)
class Place:
    """Held by one transfer. `meter` and `cut` are None where the server cannot end it."""

    network: str
    user: str | None
    meter: Meter | None = None
    cut: Callable[[], None] | None = None

    @property
    def seconds_behind(self) -> float:
        """Returns 0 if it cannot be taken back."""
        return 0.0 if self.meter is None or self.cut is None else self.meter.seconds_behind


class Places:
    """Thread-safe."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._held: list[Place] = []
        self._leaving: list[Place] = []
        self._waiting = 0

    def take(self, place: Place, bounds: Bounds, *, is_pressing: bool = False) -> None:
        """Hold `place` until it is released. `is_pressing`: the client need not be waited for.

        Against others that helps only a user who holds no place yet. Raises ServerBusy.
        """
        began = time.monotonic()
        with self._changed:
            while (rivals := self._rivals(place, bounds)) is not None:
                has_others = any(held.user == place.user for held in self._held)
                is_urgent = is_pressing and (not has_others or all(rival.user == place.user for rival in rivals))
                tolerance = _PRESSED_SECONDS if is_urgent else _PATIENT_SECONDS
                ends_at = began + (_WAIT_SECONDS if is_urgent else 0.0)
                has_thread = len(self._leaving) + self._waiting < bounds.besides
                slowest = max(rivals, key=lambda rival: rival.seconds_behind)
                if has_thread and slowest.seconds_behind > tolerance:
                    self._take_back(slowest)
                elif has_thread and (left := ends_at - time.monotonic()) > 0:
                    self._waiting += 1
                    self._changed.wait(min(left, _LOOK_SECONDS))
                    self._waiting -= 1
                else:
                    raise ServerBusy(headers={"Retry-After": "1"})
            self._held.append(place)
        counters.transfers.inc()

    def release(self, place: Place) -> None:
        """The transfer has ended. May be repeated."""
        with self._changed:
            for places in (self._held, self._leaving):
                if place in places:
                    places.remove(place)
                    counters.transfers.dec()
            self._changed.notify_all()

    def _rivals(self, place: Place, bounds: Bounds) -> list[Place] | None:
        """Returns those of which one must go first; None if there is room."""
        of_user = [held for held in self._held if place.user is not None and held.user == place.user]
        of_network = [held for held in self._held if held.network == place.network]
        groups = ((of_user, bounds.user), (of_network, bounds.network), (self._held, bounds.everyone))
        return next((group for group, most in groups if len(group) >= most), None)

    def _take_back(self, place: Place) -> None:
        counters.transfers_refused.labels("cut").inc()
        self._held.remove(place)
        self._leaving.append(place)
        if place.cut is not None:
            place.cut()
