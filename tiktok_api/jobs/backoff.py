"""How long to wait after failures in a row."""

_MOST_DOUBLINGS = 32
"""By then any pause is the longest; 2 to the power of a month's failures is no float."""


def backoff(failures: int, *, first: float, longest: float) -> float:
    """Seconds to wait: `first` after none before, twice as long after each further failure, `longest` at most."""
    return min(first * 2.0 ** min(failures, _MOST_DOUBLINGS), longest)
