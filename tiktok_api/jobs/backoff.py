"""How long to wait after failures in a row."""

_MOST_DOUBLINGS = 32
"""More makes no pause longer; 2 to the power of a month's failures does not fit in a float."""


def backoff(failures: int, *, first: float, longest: float) -> float:
    """Seconds to wait after `failures` earlier ones: `first`, doubled for each of them, at most `longest`."""
    return min(first * 2.0 ** min(failures, _MOST_DOUBLINGS), longest)
