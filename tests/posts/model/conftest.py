"""One application on a file, served where TikTok can reach it, for all examples of a run."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.media import sample_media
from tests.posts.interruptions import Interruptible
from tests.posts.model.world import Stage
from tests.posts.photos.conftest import serving


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """The address of this server, known before it is made."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def settings(listener: socket.socket) -> dict[str, Any]:
    return {"public_url": f"http://127.0.0.1:{listener.getsockname()[1]}"}


@pytest.fixture
def server(app: Flask, listener: socket.socket) -> Iterator[None]:
    """Serves the usual application."""
    with serving(app, listener):
        yield


@pytest.fixture
def photos() -> list[bytes]:
    """Two photos that can be told apart."""
    return [sample_media.photo(width=width) for width in (700, 710)]


@pytest.fixture
def stage(
    app: Flask,
    server: None,
    simulator: Any,
    transport: Interruptible,
    listener: socket.socket,
    tmp_path: Path,
    sqlite_template: Path,
    video_bytes: bytes,
    photos: list[bytes],
) -> Stage:
    """What the model plays on."""
    file = tmp_path / "test.sqlite3"
    return Stage(app, simulator, transport, listener, file, sqlite_template, video_bytes, photos)
