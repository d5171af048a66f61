"""Sums and differences of arrays of int64 as a whole, which is ten times as fast as one by one.

An array is taken as one number whose digits count 2**64 each. Signed digits are added and subtracted with it, and read back with
2**63 added to each, so that none is below zero and takes from its neighbour. No result may be outside of int64.
"""

from collections.abc import Iterable
from functools import lru_cache

_BYTES = 8


def add(plus: Iterable[bytes], minus: Iterable[bytes], size: int) -> bytes:
    """The sum of some arrays less that of others, digit by digit; a shorter one has zeros behind its end."""
    total = sum(map(_number, plus)) - sum(map(_number, minus))
    halves = _halves(size)
    return ((total + halves) ^ halves).to_bytes(_BYTES * size, "little")


def _number(stored: bytes) -> int:
    halves = _halves(len(stored) // _BYTES)
    return (int.from_bytes(stored, "little") ^ halves) - halves


@lru_cache(maxsize=1024)
def _halves(size: int) -> int:
    """2**63 in each digit."""
    return int.from_bytes((b"\0" * (_BYTES - 1) + b"\x80") * size, "little")
