"""Whether a secret could be guessed: what a generator never makes, found by rules that random text passes."""

import re
from collections.abc import Iterable
from itertools import pairwise

_MOST_ASKED_OF_LETTERS, _MOST_ASKED_OF_TRIPLES = 6, 16
_LONGEST_COUNT = 16
_STAND_INS = re.compile(
    r"change(me|this|it)|replace(me|this|with)|your(secret|key|token|password)|mysecret|mypassword|insert(your|secret|key)|placeholder"
    r"|qwertyuiop|asdfghjkl"
)


def weakness(secret: str) -> str | None:
    """Returns what is wrong with a secret of 16 characters or more; None for one that was generated.

    Of 32 random decimal digits, the poorest that is allowed, fewer than 6 differ once in 17 million times.
    """
    asked_letters = min(_MOST_ASKED_OF_LETTERS, len(secret) // 4)
    asked_triples = min(_MOST_ASKED_OF_TRIPLES, len(secret) // 2)
    if len(set(secret)) < asked_letters:
        return "is made of few different characters"
    if len({secret[at : at + 3] for at in range(len(secret) - 2)}) < asked_triples:
        return "repeats a few characters or a word"
    if _longest_count([ord(letter) for letter in secret]) > _LONGEST_COUNT:
        return "counts through the alphabet"
    if _STAND_INS.search(re.sub(r"[\W_]", "", secret.lower())):
        return "is the stand-in of an example"
    return None


def is_weak_key(key: bytes) -> bool:
    """Returns True for 32 bytes that no generator makes: fewer than 16 of them differ, or they count."""
    return len(set(key)) < len(key) // 2 or _longest_count(key) > _LONGEST_COUNT


def is_repetition(secret: str) -> bool:
    """Returns True if a secret is its own beginning once more or several times."""
    return secret in (secret + secret)[1:-1]


def _longest_count(values: Iterable[int]) -> int:
    """The most steps in a row that lead nowhere: each value is the one before, or one more, or one less."""
    longest = length = 0
    for first, second in pairwise(values):
        length = length + 1 if abs(second - first) <= 1 else 0
        longest = max(longest, length)
    return longest
