"""An environment in which nothing is set, and a folder with a copy of the product to start processes in."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.settings.processes import ROOT, Folder
from tiktok_api.settings import Settings, load

NEEDED = {
    "SECRET_KEY": "a secret for tests, forty characters long",
    "TIKTOK_CLIENT_KEY": "key",
    "TIKTOK_CLIENT_SECRET": "secret",
}


@pytest.fixture
def bare_environment() -> Iterator[None]:
    """Only what a process needs to start."""
    before = dict(os.environ)
    for name in before.keys() - {"PATH", "HOME", "LANG", "VIRTUAL_ENV"}:
        del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def read(bare_environment: None, tmp_path: Path) -> Callable[..., Settings]:
    """Reads a file that says this, on top of what must be set: `read("WORKER_THREADS=8")`."""

    def read(text: str | bytes = "", *, needed: dict[str, str] = NEEDED) -> Settings:
        os.environ.update(needed)
        content = text.encode() if isinstance(text, str) else text
        (tmp_path / ".env").write_bytes(content)
        return load(tmp_path / ".env")

    return read


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A fresh copy of the product, as after cloning it."""
    place = tmp_path / "clone"
    place.mkdir()
    for name in ("wsgi.py", ".env.example"):
        shutil.copy(ROOT / name, place)
    for name in ("tiktok_api", "migrations"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    return Folder(place)
