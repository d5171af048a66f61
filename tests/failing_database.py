"""A database that fails at statements that a test names."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

FailStatements = Callable[..., list[str]]


@contextmanager
def failing_statements(engine: Engine) -> Iterator[FailStatements]:
    """Yields `at(text, times=1, kind=None, error=None)`: the next statements that contain the text fail, where a kind of job
    is named only those of such a job, as if the database were away or with another error. It returns those that failed, as
    they come.
    """
    failed: list[str] = []
    expected: list[tuple[str, str | None, Exception | None]] = []

    def before(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not expected:
            return
        text, kind, error = expected[0]
        is_of_kind = kind in (None, structlog.contextvars.get_contextvars().get("kind"))
        if is_of_kind and text in " ".join(statement.split()):
            failed.append(statement)
            expected.pop()
            raise error or OperationalError(statement, {}, ConnectionError("the database is away"))

    def at(text: str, *, times: int = 1, kind: str | None = None, error: Exception | None = None) -> list[str]:
        expected.extend([(text, kind, error)] * times)
        return failed

    event.listen(engine, "before_cursor_execute", before)
    try:
        yield at
    finally:
        event.remove(engine, "before_cursor_execute", before)
