"""Appender as soon as one may."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from tests.servers import wait_until
from tiktok_api.storage.errors import StorageBusy
from tiktok_api.storage.port import Appender, Storage


@contextmanager
def appending_when_free(storage: Storage, key: str) -> Iterator[Appender]:
    """Append once the last writer's lock is gone."""
    with ExitStack() as stack:

        def attempt() -> Appender | None:
            with suppress(StorageBusy):
                return stack.enter_context(storage.append(key))
            return None

        yield wait_until(attempt)
