"""The names under which a storage keeps things: random, and the only ones that ever become part of a path."""

import re
from uuid import uuid4

_KEY = re.compile(r"[0-9a-f]{32}")


def new_key() -> str:
    """A name that nothing has yet."""
    return uuid4().hex


def is_key(name: str) -> bool:
    """Whether `name` is one that we made."""
    return _KEY.fullmatch(name) is not None


def checked(key: str) -> str:
    """The key itself. Raises ValueError for anything that we did not make."""
    if not is_key(key):
        raise ValueError(f"not a storage key: {key!r}")
    return key
