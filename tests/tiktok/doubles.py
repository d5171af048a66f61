"""Test doubles of TikTok: one in memory, one on a raw socket; and a client with short timeouts."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest

from tests.listener import Listener
from tiktok_api.tiktok import TikTokClient, TikTokUnreachable, Timeouts, Unpaced, VideoPostInfo

ACCESS_TOKEN = "act.planted-access-token"
UPLOAD_URL = "https://open-upload.tiktokapis.com/video/?upload_id=67890&upload_token=planted-upload-token"


def enveloped(data: Any = None, *, code: str = "ok", status: int = 200, message: str = "") -> httpx2.Response:
    """Returns a response in the form of TikTok's data endpoints."""
    error = {"code": code, "message": message, "log_id": "20260101000000ABCDEF"}
    return httpx2.Response(status, json={"data": {} if data is None else data, "error": error})


class ScriptedTikTok:
    """Answers with a script, and then always with its last response; records the requests."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []
        self.script: list[httpx2.Response | Exception] = [enveloped()]

    def answers(self, *script: httpx2.Response | Exception) -> None:
        self.script = list(script)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)


class RawServer(Listener):
    """What a test has in TikTok's place on a raw socket."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def read_request(connection: socket.socket) -> tuple[bytes, int]:
    """Reads one request. Returns its head (with the beginning of the body) and the length of its body."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65_536)
        if not piece:
            return b"", 0
        head += piece
    body = head.partition(b"\r\n\r\n")[2]
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or 0)
    left = length - len(body)
    while left:
        piece = connection.recv(min(left, 1 << 20))
        if not piece:
            return b"", 0
        left -= len(piece)
        head += piece if len(head) < 65_536 else b""
    return head, length


@contextmanager
def connected_to(url: str, **what_matters: Any) -> Iterator[TikTokClient]:
    """Yields a client on real sockets, with short timeouts."""
    settings = {
        "client_key": "awclientkey01",
        "client_secret": "planted-client-secret",
        "api_url": url,
        "allow_http": True,
        "pacer": Unpaced(),
        "timeouts": Timeouts(connect=5.0, read=0.6, chunk=0.6),
    }
    client = TikTokClient(**settings | what_matters)
    try:
        yield client
    finally:
        client.close()


OK = b'{"data":{"status":"FAILED","publish_id":"v_pub","upload_url":"x"},"error":{"code":"ok"}}'
HASTY = Timeouts(connect=0.7, read=0.3, chunk=0.3)


def spell(body: bytes = OK, status: str = "200 OK", *headers: str) -> bytes:
    """Returns the bytes of an HTTP response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def dripping(data: bytes, stop: threading.Event, pause: float = 0.05) -> Callable[[socket.socket], None]:
    """Returns a `play` that sends one byte at a time, often enough that no pause is a timeout."""

    def play(connection: socket.socket) -> None:
        read_request(connection)
        for byte in data:
            if stop.wait(pause):
                return
            connection.sendall(bytes([byte]))

    return play


def fail(client: TikTokClient) -> TikTokUnreachable:
    """Returns the error of an init without a usable response."""
    with pytest.raises(TikTokUnreachable) as caught:
        client.init_video(ACCESS_TOKEN, post_info=VideoPostInfo(privacy_level="SELF_ONLY"), video_size=5)
    return caught.value
