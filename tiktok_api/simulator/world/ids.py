"""Ids, tokens and signatures in the forms that TikTok uses."""

import base64
import hashlib
import hmac
import random
import string
from collections import deque
from datetime import UTC, datetime
from typing import Any

URL_SAFE = string.ascii_letters + string.digits + "-_"

MOST_NUMBERS = 100_000
"""The last numbers, which are not drawn again; numbers of different seconds differ anyway."""


class IdGenerator:
    """Generates every id of a world from its seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = random.Random(f"mint {seed}")
        self._used: set[int] = set()
        self._last_used: deque[int] = deque()

    def saved(self) -> list[Any]:
        """Returns the state of the generator as JSON."""
        version, numbers, gauss = self._random.getstate()
        return [self._seed, version, list(numbers), gauss]

    def load(self, saved: list[Any]) -> None:
        """Continue from a saved state."""
        self._seed, version, numbers, gauss = saved
        self._random.setstate((version, tuple(numbers), gauss))

    def chance(self) -> float:
        """Returns a number from 0 to 1."""
        return self._random.random()

    def text(self, length: int) -> str:
        """Returns random url-safe characters."""
        return "".join(self._random.choices(URL_SAFE, k=length))

    def number(self, moment: float) -> int:
        """Returns a 19-digit number whose upper half is the moment, as in the ids of videos and publications."""
        while (number := (int(moment) << 32) + self._random.getrandbits(32)) in self._used:
            pass
        self._used.add(number)
        self._last_used.append(number)
        if len(self._last_used) > MOST_NUMBERS:
            self._used.discard(self._last_used.popleft())
        return number

    def code(self) -> str:
        """Returns an authorization code: url-safe except for its ending."""
        return f"{self.text(88)}*1!4608.va"

    def token(self, prefix: str) -> str:
        """Returns an access (`act`), refresh (`rft`) or client (`clt`) token."""
        return f"{prefix}.{self.text(56)}!4608.va"

    def open_id(self, client_key: str, username: str) -> str:
        """Returns the id of a creator for one app; the same on every run of a seed."""
        return f"-000{self._stable(f'open {client_key} {username}', 32)}"

    def union_id(self, username: str) -> str:
        """Returns the id of a creator for all apps of one developer."""
        return self._stable(f"union {username}", 36)

    def signature(self, message: str) -> str:
        """Returns the signature of a link to an image."""
        return self._stable(f"image {message}", 27)

    def log_id(self, moment: float) -> str:
        """Returns a log_id: 14 digits of UTC and 20 upper-case hex digits."""
        return f"{datetime.fromtimestamp(moment, UTC):%Y%m%d%H%M%S}{self._random.getrandbits(80):020X}"

    def _stable(self, text: str, length: int) -> str:
        digest = hashlib.sha256(f"{self._seed} {text}".encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")[:length]


def webhook_signature(secret: str, timestamp: int, body: bytes) -> str:
    """Returns the value of `TikTok-Signature` for a body and the time at which it is sent."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},s={digest}"


def hex_challenge(verifier: str) -> str:
    """Returns the PKCE challenge that desktop apps send: hexadecimal, unlike RFC 7636."""
    return hashlib.sha256(verifier.encode()).hexdigest()


def base64url_challenge(verifier: str) -> str:
    """Returns the PKCE challenge of RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
