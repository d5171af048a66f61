"""Moments inside the worker's work at which a test lets something else happen, from outside: between two transactions
and around a call to TikTok."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import httpx2
from sqlalchemy import Engine

from tests.listening import listening
from tiktok_api.tiktok import DeadlineTransport

Act = Callable[[], Any]


class Happening:
    """Something that happens once, at the `number`th chance, in a thread of its own, while the worker waits.

    Its failure is raised at the end of the block, unless the block itself has failed.
    """

    def __init__(self, number: int, act: Act) -> None:
        self._number, self._act = number, act
        self._worker = threading.current_thread()
        self.chances = 0
        self.result: Any = None
        self.failure: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is None and self.failure:
            raise self.failure

    def chance(self) -> None:
        """Here it may happen."""
        if threading.current_thread() is not self._worker:
            return
        self.chances += 1
        if self.chances == self._number:
            other = threading.Thread(target=self._happen)
            other.start()
            other.join()

    @property
    def has_happened(self) -> bool:
        return self.chances >= self._number

    def _happen(self) -> None:
        try:
            self.result = self._act()
        except BaseException as error:
            self.failure = error


class Interruptible(httpx2.BaseTransport):
    """The product's own transport, with a chance before and after each call."""

    def __init__(self) -> None:
        self._inner = DeadlineTransport()
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None
        self.watch: Callable[[], None] = lambda: None
        """Looks at both sides after each call, before anything else happens and before the worker writes down what came of it."""
        self.delivers_twice: Callable[[httpx2.Request], bool] = lambda _request: False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.before()
        if self.delivers_twice(request):  # as a gateway does that lost the answer; ours is to the second
            request.read()
            self._inner.handle_request(request).close()
        try:
            response = self._inner.handle_request(request)
        finally:
            self.watch()
        self.after()
        return response

    def close(self) -> None:
        self._inner.close()


@contextmanager
def between_transactions(engine: Engine, number: int, act: Act) -> Iterator[Happening]:
    """Let `act` happen just before the worker's `number`th transaction begins: it holds no lock then."""
    with Happening(number, act) as happening, listening(engine, "checkout", lambda *_: happening.chance()):
        yield happening


@contextmanager
def before_statements(engine: Engine, text: str, number: int, act: Act) -> Iterator[Happening]:
    """Let `act` happen just before the worker's `number`th statement that contains `text`, inside its transaction."""

    def on_execute(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if text in statement:
            happening.chance()

    with Happening(number, act) as happening, listening(engine, "before_cursor_execute", on_execute):
        yield happening


@contextmanager
def around_calls(transport: Interruptible, number: int, when: str, act: Act) -> Iterator[Happening]:
    """Let `act` happen `before` or `after` the worker's `number`th call of TikTok."""
    with Happening(number, act) as happening:
        setattr(transport, when, happening.chance)
        try:
            yield happening
        finally:
            setattr(transport, when, lambda: None)
