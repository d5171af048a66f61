"""tus by hand over a socket, so that a connection can be cut at any byte."""

import socket
import struct
from urllib.parse import urlsplit

import requests

from tests.media.server_process import Server
from tests.media.tus_client import BYTES, TUS, metadata


class RawUpload:
    """One upload by one user to a server in another process."""

    def __init__(self, server: Server, token: str, length: int) -> None:
        self.server, self.length = server, length
        self.headers = TUS | {"Authorization": f"Bearer {token}"}
        said = {"Upload-Length": str(length), "Upload-Metadata": metadata(filename="raw.mp4")}
        response = requests.post(f"{server.url}/api/v1/media/uploads", headers=self.headers | said, timeout=30)
        assert response.status_code == 201, response.text
        self.path = response.headers["Location"]

    @property
    def url(self) -> str:
        return self.server.url + self.path

    @property
    def id(self) -> str:
        return self.path.rpartition("/")[2]

    def head(self) -> requests.Response:
        return requests.head(self.url, headers=self.headers, timeout=30)

    @property
    def offset(self) -> int:
        response = self.head()
        assert response.status_code == 200, response.status_code
        return int(response.headers["Upload-Offset"])

    def send(self, content: bytes, *, offset: int, **headers: str) -> requests.Response:
        said = BYTES | {"Upload-Offset": str(offset)}
        return requests.patch(self.url, data=content, headers=self.headers | said | headers, timeout=60)

    def head_of_patch(self, framing: str, *, offset: int = 0) -> bytes:
        """All of a PATCH but its body; `framing` is the header that says where that ends."""
        parts = urlsplit(self.url)
        said = self.headers | BYTES | {"Host": parts.netloc, "Upload-Offset": str(offset)}
        lines = [f"PATCH {parts.path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items()), framing, "", ""]
        return "\r\n".join(lines).encode()

    def open_patch(self, *, offset: int, length: int) -> socket.socket:
        """A connection on which a PATCH of `length` bytes has begun."""
        parts = urlsplit(self.url)
        connection = socket.create_connection((parts.hostname, parts.port), timeout=60)
        connection.sendall(self.head_of_patch(f"Content-Length: {length}", offset=offset))
        return connection


def reset(connection: socket.socket) -> None:
    """Close it the hard way: RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
