"""How many transactions on PostgreSQL something takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine

from tests.listening import listening


@contextmanager
def counted_transactions(engine: Engine) -> Iterator[list[list[str]]]:
    """Yields the transactions as they come, each with its statements; a statement that stands alone is one too."""
    counted: list[list[str]] = []

    class CountingCursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *rest: Any, **options: Any) -> Any:
            if self.connection.info.transaction_status is TransactionStatus.IDLE:
                counted.append([])
            counted[-1].append(" ".join(str(query).split()))
            return super().execute(query, *rest, **options)

    def use(connection: psycopg.Connection[Any], *_: Any) -> None:
        connection.cursor_factory = CountingCursor

    def forget(connection: psycopg.Connection[Any], *_: Any) -> None:
        connection.cursor_factory = psycopg.Cursor

    with listening(engine, "checkout", use), listening(engine, "checkin", forget):
        yield counted
