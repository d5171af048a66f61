"""Passwords: hashed with argon2id, and refused if they are common."""

import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tiktok_api.auth.errors import WeakPassword

SHORTEST, LONGEST = 10, 128

# OWASP's Password Storage Cheat Sheet: argon2id with 19 MiB, 2 passes, 1 lane. argon2-cffi's own default takes three
# times as long on four lanes, and a few sign-ins at once would then slow down every other request.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# Verified for an unknown address, so that it costs as much as a known one; no password is known to have it.
_unused_hash = f"$argon2id$v=19$m={_hasher.memory_cost},t={_hasher.time_cost},p=1${'A' * 22}${'A' * 43}"

_STEMS = (
    "password", "passw0rd", "p@ssw0rd", "p@ssword", "letmein", "welcome", "iloveyou", "qwerty", "qwertyuiop", "asdfghjkl",
    "zxcvbnm", "administrator", "admin", "trustno1", "sunshine", "princess", "football", "baseball", "superman", "batman",
    "monkey", "dragon", "master", "shadow", "starwars", "whatever", "michael", "jennifer", "changeme", "secret", "tiktok",
    "1q2w3e4r5t", "1qaz2wsx3edc", "q1w2e3r4t5", "abc", "abcd", "abcdef", "abcdefghij", "computer", "internet", "freedom",
)  # fmt: skip
# Those of Django's 20,000 most common passwords (SecLists) that are long enough to be asked about here.
_LISTED = frozenset(Path(__file__).with_name("common_passwords.txt").read_text("utf-8").split("\n"))
_RUNS = ("0123456789" * 13, "9876543210" * 13, "abcdefghijklmnopqrstuvwxyz" * 5, "qwertyuiopasdfghjklzxcvbnm" * 5)


def normalise(password: str) -> str:
    """Returns the password in NFKC, as NIST SP 800-63B advises: typed on another keyboard it stays the same."""
    return unicodedata.normalize("NFKC", password)


def is_common(password: str, *, email: str) -> bool:
    """Whether it is easy to guess: a listed one, a well-known word with additions, a run of keys, or the address."""
    folded, address = normalise(password).casefold(), normalise(email.strip()).casefold()
    if len(set(folded)) < 4 or folded in _LISTED or any(folded in run for run in _RUNS):
        return True
    if folded in (address, address.rpartition("@")[0]):
        return True
    core = folded.strip("0123456789!@#$%^&*()-_=+.,?<>/ ")
    halves = {core, core[: len(core) // 2]} if len(core) % 2 == 0 and core[: len(core) // 2] * 2 == core else {core}
    return bool(halves & set(_STEMS)) or folded in _STEMS or core == ""


def must_be_hard_to_guess(password: str, *, email: str, pointer: str) -> None:
    """Raises WeakPassword at `pointer` if the password is common."""
    if is_common(password, email=email):
        raise WeakPassword.at(pointer)


def judge(values: Mapping[str, Any], name: str) -> None:
    """Raises WeakPassword if the field `name` of a faulty body is valid but a common password."""
    if name in values:
        must_be_hard_to_guess(values[name], email=values.get("email", ""), pointer=f"/{name}")


def hash_password(password: str) -> str:
    """Returns the argon2id hash to store."""
    return _hasher.hash(normalise(password))


def verify(password_hash: str | None, password: str) -> bool:
    """Whether `password` is right; without a hash the same work is done and the result is False."""
    try:
        is_right = _hasher.verify(password_hash or _unused_hash, normalise(password))
    except (VerificationError, InvalidHashError):
        return False
    return is_right and password_hash is not None
