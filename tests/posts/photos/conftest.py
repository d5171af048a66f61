"""Photo posts of the owner's, and a server that TikTok can reach to fetch them."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.media import sample_media


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """The address of this server, known before it is made."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def settings(listener: socket.socket) -> dict[str, Any]:
    return {"public_url": f"http://127.0.0.1:{listener.getsockname()[1]}"}


@contextmanager
def serving(app: Flask, listener: socket.socket) -> Iterator[None]:
    """Serves an application where its PUBLIC_URL says."""
    host, port = listener.getsockname()
    server = make_server(host, port, app, threaded=True, fd=listener.fileno())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


@pytest.fixture
def server(app: Flask, listener: socket.socket) -> Iterator[None]:
    """Serves the usual application."""
    with serving(app, listener):
        yield


@pytest.fixture(scope="session")
def photos() -> list[bytes]:
    """Three photos that can be told apart."""
    return [sample_media.photo(width=width) for width in (700, 710, 720)]


@pytest.fixture
def make_photo_post(make_post: Callable[..., Any], make_video: Callable[..., str], photos: list[bytes]) -> Any:
    """A draft of three photos that lacks nothing but a time."""

    def make(**what_matters: Any) -> Any:
        if "media_ids" not in what_matters:
            what_matters["media_ids"] = [make_video(photo, name="photo.jpg") for photo in photos]
        said = {"caption": "", "title": "Three views", "description": "#views"} | what_matters
        return make_post(type="photo", **said)

    return make


@pytest.fixture
def offered_urls(simulator: Any) -> Callable[[], list[str]]:
    """The URLs of the photos that TikTok was offered last."""
    return lambda: simulator.control.publications()[-1]["source_info"]["photo_images"]
