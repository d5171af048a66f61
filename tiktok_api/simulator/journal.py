"""What was asked of the simulator, in order, with every secret struck out."""

import threading
from collections import deque
from typing import Any

KEPT = 20_000
SECRETS = frozenset(
    {"client_secret", "code", "code_verifier", "refresh_token", "token", "access_token", "upload_token"}
)
STRUCK = "[redacted]"


class Journal:
    """The last requests; an entry is open until its answer has gone out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._count = 0

    def open(self, **facts: Any) -> dict[str, Any]:
        """Write down that a request has come in; the answer is noted in the entry that this returns."""
        with self._lock:
            self._count += 1
            entry = {"number": self._count, **facts, "status": None, "code": None, "mischief": None}
            self._entries.append(entry)
            return entry

    def read(self, **wanted: str) -> list[dict[str, Any]]:
        """The entries whose facts are as wanted, oldest first."""
        with self._lock:
            entries = [dict(entry) for entry in self._entries]
        return [entry for entry in entries if all(str(entry.get(name)) == value for name, value in wanted.items())]

    def clear(self) -> None:
        """Forget everything, numbers included."""
        with self._lock:
            self._entries.clear()
            self._count = 0


def redacted(values: dict[str, Any]) -> dict[str, Any]:
    """The same values without secrets."""
    return {name: STRUCK if name in SECRETS else value for name, value in values.items()}
