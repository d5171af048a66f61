"""How many imports this process downloads at once, so that slow servers delay neither publishing nor other users."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID


class ImportSlots:
    """`count` slots. One user gets at most all but one of them, so that another user always finds one."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._count_per_user = max(1, count - 1)
        self._taken: Counter[UUID] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def take(self, owner_id: UUID) -> Iterator[bool]:
        """Yields True and holds a slot until the block ends, or yields False if none is free for this user."""
        with self._lock:
            is_free = self._taken.total() < self._count and self._taken[owner_id] < self._count_per_user
            if is_free:
                self._taken[owner_id] += 1
        try:
            yield is_free
        finally:
            if is_free:
                with self._lock:
                    self._taken[owner_id] -= 1
                    self._taken += Counter()  # drops users without a slot
