"""The places of very many numbers, of which only some are asked for: no list is sorted whole."""

import heapq
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

UNRANKED = -(2**63)
"""The number of what has no place: the least that arrays of integers hold, and also one of floats."""


class Mark(NamedTuple):
    """Where a page begins: after this number, and among equal ones after this index."""

    number: float
    place: int


def best(numbers: Sequence[float], most: int, after: Mark | None = None) -> list[int]:
    """The indexes of the `most` largest numbers, the largest first and equal ones in their order, after `after`."""
    if after is None:
        return _largest(numbers, most)
    equal = list(_places(numbers, after.number, after.place + 1, most))
    lower = [number if number < after.number else UNRANKED for number in numbers]
    return equal + _largest(lower, most - len(equal))


def all_best(numbers: Sequence[float]) -> "array[int]":
    """The indexes of all numbers that have a place, in the order of `best`."""
    ranked = (place for place, number in enumerate(numbers) if number != UNRANKED)
    return array("q", sorted(ranked, key=lambda place: -numbers[place]))


def _largest(numbers: Sequence[float], most: int) -> list[int]:
    top = heapq.nlargest(most, numbers)
    while top and top[-1] == UNRANKED:
        top.pop()
    if not top:
        return []
    least = top[-1]
    above = [place for place, number in enumerate(numbers) if number > least]
    above.sort(key=lambda place: (-numbers[place], place))
    return above + list(_places(numbers, least, 0, len(top) - len(above)))


def _places(numbers: Sequence[float], number: float, start: int, most: int) -> Iterator[int]:
    """The first places of a number from `start` on."""
    for _ in range(most):
        try:
            place = numbers.index(number, start)
        except ValueError:
            return
        yield place
        start = place + 1
