"""Keeps tokens, codes, secrets and upload URLs out of logs and error messages."""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus

HIDDEN = "[hidden]"
SECRET_KEYS = frozenset({"access_token", "refresh_token", "token", "client_secret", "code_verifier", "upload_url"})
TOKEN_SHAPES = re.compile(r"\b(?:act|rft|clt)\.[^\s\"'<>&,;]+|(?<=upload_token=)[^\s\"'<>&;]+")
SHORTEST_SECRET = 6
DEEPEST = 12


class Redactor:
    """Hides the secrets that took part in one exchange, wherever they turn up, and whatever looks like a token."""

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        known = {secret for secret in secrets if secret and len(secret) >= SHORTEST_SECRET}
        self._secrets = sorted(known | {quote_plus(secret) for secret in known}, key=len, reverse=True)

    def clean(self, value: str) -> str:
        """The text with every secret replaced."""
        for secret in self._secrets:
            value = value.replace(secret, HIDDEN)
        return TOKEN_SHAPES.sub(HIDDEN, value)

    def clean_json(self, value: Any, *, depth: int = DEEPEST) -> Any:
        """A copy of a JSON value for the log; what lies very deep, as only garbage does, is left out."""
        if isinstance(value, str):
            return self.clean(value)
        if not isinstance(value, dict | list):
            return value
        if depth == 0:
            return "[too deep]"
        if isinstance(value, list):
            return [self.clean_json(item, depth=depth - 1) for item in value]
        return {
            self.clean(key): HIDDEN if key in SECRET_KEYS else self.clean_json(item, depth=depth - 1)
            for key, item in value.items()
        }


def fingerprint(token: str) -> str:
    """Names a token in logs without telling it."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()[:10]
