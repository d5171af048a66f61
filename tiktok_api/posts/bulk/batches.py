"""One act on each of many things, in one transaction: what is refused is undone alone."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from tiktok_api.db import savepoint
from tiktok_api.errors import Problem

Thing = TypeVar("Thing")
Result = TypeVar("Result")

MOST_AT_ONCE = 100
"""Posts of one request: their transaction holds up other writers on SQLite for about a second."""


def act_on_each(things: Iterable[Thing], act: Callable[[Thing], Result]) -> list[Result | Problem]:
    """Returns for each thing, in their order, what `act` returned, or the problem with which it was refused.

    Call it inside `transaction()`.
    """
    return [_attempt(thing, act) for thing in things]


def _attempt(thing: Thing, act: Callable[[Thing], Result]) -> Result | Problem:
    try:
        with savepoint():
            return act(thing)
    except Problem as problem:
        return problem
