"""The keys of stored content: random, and the only names that ever become part of a path."""

import re
from uuid import uuid4

_KEY = re.compile(r"[0-9a-f]{32}")


def new_key() -> str:
    """Returns a new random key."""
    return uuid4().hex


def is_key(name: str) -> bool:
    """True if `name` has the form of a key."""
    return _KEY.fullmatch(name) is not None


def checked(key: str) -> str:
    """Returns `key`. Raises ValueError if it does not have the form of a key."""
    if not is_key(key):
        raise ValueError(f"not a storage key: {key!r}")
    return key
