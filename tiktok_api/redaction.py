"""Keeps passwords, tokens, codes, keys and upload URLs out of logs and error messages."""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus

HIDDEN = "[hidden]"
_SHORTEST_SECRET = 6
_DEEPEST = 12

_SECRET_NAMES = re.compile(
    r"password|secret|token|authorization|cookie|code_verifier|upload_url|api_key", re.IGNORECASE
)
_SECRET_VALUES = re.compile(
    r"""eyJ[\w-]+\.[\w-]+\.[\w-]+                      # JWT
    | \b(?:act|rft|clt)\.[^\s"'<>&,;]+                 # TikTok's tokens
    | \btk_[\w-]+                                      # API keys
    | \bcal_[\w-]{20,}                                # calendar feeds
    | (?<=/pull/)[0-9a-f]{96}                          # photos that TikTok fetches: one GET, and no cancel stops their post
    | (?<=/charts/)[\w-]{60,}                          # charts that are shown without a token
    | (?<![\w.-])(?i:(?:bearer|basic)\s+)[^\s"',]+     # Authorization, and not the scope user.info.basic
    | (?<=://)[^\s/@"']*:[^\s/@"']+(?=@)               # the password in a URL
    | (?<![\w-])(?i:[\w-]*(?:token|code|signature|secret|password|credential|verifier|\bsig|_key)=)[^&\s"']+  # in a query
    """,
    re.VERBOSE,
)


class Redactor:
    """Hides given secrets wherever they occur, and values that are secret by their name or form."""

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        known = {secret for secret in secrets if secret and len(secret) >= _SHORTEST_SECRET}
        self._secrets = sorted(known | {quote_plus(secret) for secret in known}, key=len, reverse=True)

    def clean(self, text: str) -> str:
        """The text with every secret replaced."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return _SECRET_VALUES.sub(HIDDEN, text)

    def redact(self, value: Any, name: str = "", *, depth: int = _DEEPEST) -> Any:
        """A copy of a JSON value for the log; `name` is the key it stands under. Values deeper than 12 levels are left out.

        Everything inside an object or a list under a secret name is secret as well, whatever its own names are.
        """
        is_secret = bool(name) and _SECRET_NAMES.search(name) is not None
        if isinstance(value, dict | list | tuple):
            if depth == 0:
                return "[too deep]"
            if isinstance(value, dict):
                return {
                    self._clean_key(key): self.redact(item, name if is_secret else str(key), depth=depth - 1)
                    for key, item in value.items()
                }
            return [self.redact(item, name, depth=depth - 1) for item in value]
        if is_secret and value not in (None, ""):
            return HIDDEN
        return self.clean(value) if isinstance(value, str) else value

    def _clean_key(self, key: Any) -> Any:
        return self.clean(key) if isinstance(key, str) else key


redact = Redactor().redact


def fingerprint(token: str) -> str:
    """Names a token in logs without telling it."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()[:10]
