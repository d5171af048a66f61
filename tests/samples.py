"""Which of many similar examples run each time, and which among the long hauls alone."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest


def sampled(examples: Iterable[Any], *, one_in: int) -> list[Any]:
    """The first and each `one_in`th after it run each time; the others are marked `long`."""
    return [
        example if place % one_in == 0 else pytest.param(example, marks=pytest.mark.long)
        for place, example in enumerate(examples)
    ]


def in_strides(one_in: int) -> pytest.MarkDecorator:
    """Parametrizes `stride`: a sample of the moments each time, every one of them among the long hauls."""
    return pytest.mark.parametrize("stride", [one_in, pytest.param(1, marks=pytest.mark.long)], ids=["some", "all"])


def each(stride: int, moments: Sequence[Any]) -> list[Any]:
    """The first, each `stride`th after it, and the last."""
    return [moment for place, moment in enumerate(moments) if place % stride == 0 or place == len(moments) - 1]
