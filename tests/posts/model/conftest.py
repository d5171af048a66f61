"""One application on a file, served where TikTok can reach it, for all examples of a run."""

import socket
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.media import sample_media
from tests.posts.interruptions import Interruptible
from tests.posts.model.stage import Stage


@pytest.fixture
def settings(public_url: str) -> dict[str, Any]:
    return {"public_url": public_url}


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
    video_bytes: bytes,
    photos: list[bytes],
) -> Stage:
    """What the model plays on."""
    stage = Stage(app, simulator, transport, listener, file=tmp_path / "test.sqlite3")
    stage.prepare(video_bytes, photos)
    return stage
