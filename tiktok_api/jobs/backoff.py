"""How long to wait after failures in a row."""

_MOST_TIMES = 32
"""More makes no pause longer; the factor to the power of a month's failures does not fit in a float."""


def backoff(failures: int, *, first: float, longest: float, factor: float = 2.0) -> float:
    """Seconds to wait after a failure: `first`, times `factor` for each of the `failures` before it, at most `longest`."""
    return min(first * factor ** min(failures, _MOST_TIMES), longest)
