"""The quota of uploaded bytes: so many mebibytes a minute for each user, counted as they arrive, however they are sent.

What is known to be too much is refused before the body is read, anything else in the middle. A request on a metered route
pays for a mebibyte at least, so that many small pieces are limited as well.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from math import ceil
from typing import Any

from flask import current_app, g

from tiktok_api.extensions import service
from tiktok_api.settings import MEBIBYTE, Settings
from tiktok_api.web import limits
from tiktok_api.web.limits.counts import Count, Counts

_AT_ONCE = 4
"""So many mebibytes of an announced body are paid for together, to ask Redis less often."""


class ByteMeter:
    """What the body of this request has paid for, in mebibytes."""

    def __init__(self) -> None:
        self._quota = service(Settings).upload_mebibytes_per_minute
        self._key = f"{limits.limit_key()}:upload-bytes"
        self._paid = 0

    def pay(self, upto: int) -> None:
        """Pay until `upto` mebibytes are paid for. Raises RateLimitExceededProblem."""
        if upto > self._paid and not self._try_to_pay(upto):
            raise self._exceeded()

    def _try_to_pay(self, upto: int) -> bool:
        cost = upto - self._paid
        is_paid = self._count(cost).fits
        self._paid += cost if is_paid else 0
        return is_paid

    def check_room(self, announced: int) -> None:
        """Raise RateLimitExceededProblem unless a body of so many bytes fits, or at least a minute is left for it."""
        wanted = min(ceil(announced / MEBIBYTE), self._quota) - self._paid
        if wanted > 0 and self._count(0).used + wanted > self._quota:
            raise self._exceeded()

    def pieces(self, body: Iterator[bytes | memoryview], announced: int | None) -> Iterator[bytes | memoryview]:
        """Pass `body` on, paying for it. Raises RateLimitExceededProblem in place of the first piece that is not paid for."""
        received = 0
        for piece in body:
            received += len(piece)
            needed = ceil(received / MEBIBYTE)
            if needed > self._paid:
                ahead = needed if announced is None else min(self._paid + _AT_ONCE, ceil(announced / MEBIBYTE))
                if ahead <= needed or not self._try_to_pay(ahead):
                    self.pay(needed)
            yield piece

    def state(self) -> tuple[int, int, int]:
        """Returns the allowed and the remaining mebibytes, and the seconds until the oldest leave the window."""
        found = self._count(0)
        return self._quota, max(0, self._quota - found.used), limits.whole_seconds(found.reset_seconds, at_most=60)

    def _exceeded(self) -> limits.RateLimitExceededProblem:
        state = self.state()
        g.shown_limit = lambda: state
        headers = {"Retry-After": str(state[2])}
        return limits.RateLimitExceededProblem(limit=f"{self._quota} MiB of uploads a minute", headers=headers)

    def _count(self, mebibytes: int) -> Count:
        return service(Counts).count(self._key, self._quota, 60, mebibytes)


def metered_route(view: Callable[..., Any]) -> Callable[..., Any]:
    """Count each request of a route as one mebibyte at least, instead of as a request."""

    @wraps(view)
    def paid(*args: Any, **kwargs: Any) -> Any:
        if _is_on():
            meter = _meter()
            g.shown_limit = meter.state
            meter.pay(1)
        return view(*args, **kwargs)

    return paid


def metered(body: Iterator[bytes | memoryview], announced: int | None) -> Iterator[bytes | memoryview]:
    """The `body` of this request, paid for as it arrives; `announced` is its length, if known.

    Raises RateLimitExceededProblem at once if it is known not to fit, and otherwise in place of a piece.
    """
    if not _is_on():
        return body
    meter = _meter()
    meter.check_room(max(1, announced or 0))
    return meter.pieces(body, announced)


def _is_on() -> bool:
    return bool(current_app.config["RATELIMIT_ENABLED"])


def _meter() -> ByteMeter:
    if "byte_meter" not in g:
        g.byte_meter = ByteMeter()
    meter: ByteMeter = g.byte_meter
    return meter
