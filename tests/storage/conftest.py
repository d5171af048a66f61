"""A storage of each kind, empty."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tiktok_api.storage.choosing import storage_from_url
from tiktok_api.storage.port import Storage


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "media"


@pytest.fixture
def storage(root: Path) -> Iterator[Storage]:
    return storage_from_url(root.as_uri())
