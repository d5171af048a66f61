"""The arrays of `VideoTotals`: one number for each video of an account, by its position."""

import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tiktok_api.analytics.models import NOT_COUNTED

_BYTES = 8


def pack(numbers: Iterable[tuple[int, int]], size: int) -> bytes:
    """Returns an array of `size` numbers out of pairs of position and number; NOT_COUNTED where there is no pair."""
    whole = array("q", [NOT_COUNTED]) * size
    for position, number in numbers:
        whole[position] = number
    return _as_stored(whole).tobytes()


def unpack(stored: bytes) -> Sequence[int]:
    """Returns the numbers by position."""
    whole = array("q")
    whole.frombytes(stored)
    return _as_stored(whole)


def number_at(stored: bytes, position: int) -> int:
    """Returns one number; NOT_COUNTED behind the end."""
    number = stored[_BYTES * position : _BYTES * (position + 1)]
    return int.from_bytes(number, "little", signed=True) if number else NOT_COUNTED


def _as_stored(whole: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        whole.byteswap()
    return whole


@dataclass(frozen=True, slots=True)
class Totals:
    """One row of `VideoTotals`: the arrays of the counters asked for as they are stored, and a byte 1 for each public video.

    `is_whole`: each video was counted by then, so that NOT_COUNTED need not be looked for.
    """

    captured_at: datetime
    stored: Mapping[str, bytes]
    public: bytes = b""
    is_whole: bool = False

    def gains(self, counter: str) -> Sequence[int]:
        """The gains of a counter by position; NOT_COUNTED for a video that was not."""
        return unpack(self.stored[counter])

    def gain(self, counter: str, position: int) -> int:
        """The gain of one video; NOT_COUNTED if it was not, or not known then."""
        return number_at(self.stored[counter], position)
