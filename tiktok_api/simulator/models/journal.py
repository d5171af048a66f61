"""The journal: the last requests to the simulator in their order, bounded, with every secret replaced."""

import json
import re
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

MOST_ENTRIES = 20_000
MOST_BYTES = 16 << 20
LONGEST_TEXT = 2_500
LONGEST_SECRET = 300
"""A secret that a cut divides is not recognized, so this many characters before a cut are left out."""
MOST_ITEMS = 50
MOST_OF_A_BODY = 8_192
"""Characters of a body that are kept; captions are well below."""

SECRETS = frozenset(
    {
        "client_secret",
        "code",
        "code_verifier",
        "refresh_token",
        "token",
        "access_token",
        "upload_token",
        "authorization",
    }
)
HIDDEN = "[redacted]"
ISSUED = re.compile(
    r"(?:act|rft|clt)\.[\w-]{56}(?:!|%21)4608\.va"
    r"|[\w-]{88}(?:\*|%2A)1(?:!|%21)4608\.va"
    r"|(?<=upload_token=)[\w-]+"
    r"|(?<=client_secret=)[^&\s]+",
    re.ASCII | re.IGNORECASE,
)
"""Tokens and codes are recognized by their form, in whichever field a client sends them."""


class Journal:
    """The last requests; an entry is filled in while its request is answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[tuple[int, dict[str, Any]]] = deque()
        self._bytes = 0
        self._count = 0

    def open(self, **facts: Any) -> dict[str, Any]:
        """Add a request and return its entry, into which the caller writes what was answered."""
        size = len(json.dumps(facts))
        with self._lock:
            self._count += 1
            entry = {"number": self._count, **facts, "status": None, "code": None, "mischief": None}
            self._entries.append((size, entry))
            self._bytes += size
            while len(self._entries) > MOST_ENTRIES or self._bytes > MOST_BYTES:
                self._bytes -= self._entries.popleft()[0]
            return entry

    def read(self, **wanted: str) -> list[dict[str, Any]]:
        """Returns the entries that have these facts, oldest first."""
        with self._lock:
            entries = [dict(entry) for _, entry in self._entries]
        return [entry for entry in entries if all(str(entry.get(name)) == value for name, value in wanted.items())]

    def clear(self) -> None:
        """Forget all entries, and number the next one 1."""
        with self._lock:
            self._entries.clear()
            self._bytes = self._count = 0


class Abridger:
    """Shortens one body or query for the journal, and replaces the secrets in it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """`secrets` are texts that are replaced wherever they occur."""
        self._secrets = [secret for secret in secrets if len(secret) >= 8]
        self._left = MOST_OF_A_BODY

    def fields(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the fields of a body or a query, shortened."""
        kept: dict[str, Any] = {}
        for name, value in values.items():
            if len(kept) >= MOST_ITEMS or self._left <= 0:
                kept["…"] = f"{len(values) - len(kept)} more"
                break
            shown = self.text(name)
            kept[shown] = HIDDEN if name.lower() in SECRETS else self.value(value)
        return kept

    def value(self, value: Any) -> Any:
        """Returns a value of a body, shortened."""
        if isinstance(value, dict):
            return self.fields(value)
        if isinstance(value, list):
            kept = [self.value(each) for each in value[:MOST_ITEMS] if self._left > 0]
            return kept if len(kept) == len(value) else [*kept, f"… {len(value) - len(kept)} more"]
        if isinstance(value, str):
            return self.text(value)
        self._left -= 8
        return value if not isinstance(value, int) or abs(value) < 2**63 else f"{str(value)[:20]}…"

    def text(self, value: str) -> str:
        """Returns a text, shortened; a text that was cut says how long it was."""
        head = value[: 2 * LONGEST_TEXT]
        for secret in self._secrets:
            head = head.replace(secret, HIDDEN)
        head = ISSUED.sub(HIDDEN, head) if len(head) >= 16 else head
        is_cut = len(value) > 2 * LONGEST_TEXT
        longest = max(0, min(LONGEST_TEXT, self._left, len(head) - LONGEST_SECRET if is_cut else LONGEST_TEXT))
        self._left -= min(len(head), longest) + 4
        return head if len(head) <= longest and not is_cut else f"{head[:longest]}… ({len(value)} characters)"
