"""How many imports this process fetches at once: slow servers must not hold up publishing, nor one user the others."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID


class Turnstile:
    """At most `most` at once, and no user so many that nobody else gets through."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._most_each = max(1, most - 1)
        self._inside: Counter[UUID] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, owner_id: UUID) -> Iterator[bool]:
        """Whether there is room; if so, it is taken until the end."""
        with self._lock:
            has_room = self._inside.total() < self._most and self._inside[owner_id] < self._most_each
            if has_room:
                self._inside[owner_id] += 1
        try:
            yield has_room
        finally:
            if has_room:
                with self._lock:
                    self._inside[owner_id] -= 1
                    self._inside += Counter()  # forgets who has left
