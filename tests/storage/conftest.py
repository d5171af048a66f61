"""A storage of each kind, empty."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.storage.standalone import opened
from tiktok_api.storage.port import Storage


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where local files are."""
    return tmp_path / "media"


@pytest.fixture
def environment(storage_environment: dict[str, str], database_url: str) -> dict[str, str]:
    """What `opened` is told, here or in another process."""
    return storage_environment | {"DATABASE_URL": database_url}


@pytest.fixture
def open_storage(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Storage]]:
    """The storage as another server opens it: `open_storage(lease_seconds=0.2)`."""
    with ExitStack() as stack:

        def open_(*, environment: dict[str, str] = environment, **options: Any) -> Storage:
            for name, value in environment.items():
                monkeypatch.setenv(name, value)
            found: AbstractContextManager[Storage] = opened(environment, **options)
            return stack.enter_context(found)

        yield open_


@pytest.fixture
def storage(open_storage: Callable[..., Storage]) -> Storage:
    return open_storage()
