"""Connections of which a test decides every byte."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from tests.media.server_process import Server


@contextmanager
def connected(server: Server, *, receive_buffer: int | None = None) -> Iterator[socket.socket]:
    """A connection that waits long, but not for ever."""
    with socket.socket() as connection:
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(60)
        connection.connect(("127.0.0.1", server.port))
        yield connection


def lines(*said: str) -> bytes:
    """A head of these lines."""
    return "\r\n".join([*said, "Host: localhost", "", ""]).encode("latin-1")


def everything(connection: socket.socket) -> bytes:
    """All that comes until the server hangs up."""
    received = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return received
        if not piece:
            return received
        received += piece


def gauge(server: Server, name: str) -> float:
    """A figure of `/metrics`."""
    figures = requests.get(f"{server.url}/metrics", timeout=60).text
    return sum(float(line.rpartition(" ")[2]) for line in figures.splitlines() if line.partition(" ")[0] == name)


def answer(connection: socket.socket, method: str = "GET") -> tuple[int, dict[str, str], Any]:
    """Status, headers and document of one answer."""
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    body = response.read()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return response.status, headers, json.loads(body) if body else None
