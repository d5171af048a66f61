"""Hostile clients: each kind holds a connection as long as the server lets it, and then comes back."""

import asyncio
import itertools
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass

MEBIBYTE = 1024 * 1024
_BACK_AFTER_SECONDS = 0.2
_TUS = ["Tus-Resumable: 1.0.0", "Content-Type: application/offset+octet-stream", "Upload-Offset: 0"]
_UPLOADS, _LOGIN, _LIST = "/api/v1/media/uploads", "/api/v1/auth/login", "/api/v1/media?limit=100"


@dataclass(frozen=True)
class Target:
    """A server, a user's token there, and the path of a large file of that user."""

    host: str
    port: int
    token: str
    content_path: str


class Client:
    """One connection of a hostile client, byte for byte."""

    def __init__(self, connection: socket.socket, target: Target) -> None:
        self._connection, self.target = connection, target

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._connection, data)

    async def send_head(self, line: str, *headers: str) -> None:
        bearer = f"Authorization: Bearer {self.target.token}"
        await self.send("\r\n".join([f"{line} HTTP/1.1", "Host: localhost", bearer, *headers, "", ""]).encode())

    async def trickle(self, data: bytes, *, seconds: float = 0.9) -> None:
        for byte in data:
            await self.send(bytes([byte]))
            await asyncio.sleep(seconds)

    async def receive(self, size: int) -> bytes:
        return await asyncio.get_running_loop().sock_recv(self._connection, size)

    async def stay(self) -> None:
        """Read nothing until the server has closed the connection."""
        while True:
            await asyncio.sleep(0.5)
            await self.send(b"")  # nothing: an error tells of a closed one
            with suppress(BlockingIOError):
                if not self._connection.recv(1, socket.MSG_PEEK):
                    return

    async def begin_upload(self, length: int) -> str:
        """Returns the path of a new upload."""
        headers = ["Tus-Resumable: 1.0.0", f"Upload-Length: {length}", "Content-Length: 0"]
        await self.send_head(f"POST {_UPLOADS}", *headers)
        answer = b""
        while b"\r\n\r\n" not in answer:
            more = await self.receive(65536)
            if not more:
                raise ConnectionError
            answer += more
        lines = answer.decode("latin-1").split("\r\n")
        return next((line.partition(": ")[2] for line in lines if line.startswith("Location: ")), _UPLOADS)


async def silent(client: Client) -> None:
    await client.stay()


async def half_a_head(client: Client) -> None:
    await client.send(b"GET /livez HTTP/1.1\r\nHost: loc")
    await client.stay()


async def a_head_byte_by_byte(client: Client) -> None:
    await client.trickle(b"GET /livez HTTP/1.1\r\nX: " + b"x" * 1000)


async def half_a_login(client: Client) -> None:
    await client.send_head(f"POST {_LOGIN}", "Content-Type: application/json", "Content-Length: 60")
    await client.send(b'{"email": "owner@example.com"')
    await client.stay()


async def half_a_login_of_a_padded_length(client: Client) -> None:
    await client.send_head(f"POST {_LOGIN}", "Content-Type: application/json", f"Content-Length: {60:0200}")
    await client.send(b'{"email": "owner@example.com"')
    await client.stay()


async def a_login_byte_by_byte(client: Client) -> None:
    await client.send_head(f"POST {_LOGIN}", "Content-Type: application/json", "Content-Length: 900")
    await client.trickle(b" " * 900)


async def a_large_body_byte_by_byte(client: Client) -> None:
    await client.send_head("POST /api/v1/posts", "Content-Type: application/json", "Content-Length: 900000")
    await client.trickle(b" " * 900)


async def a_body_that_waits_for_continue(client: Client) -> None:
    await client.send_head("POST /api/v1/posts", "Content-Type: application/json", "Content-Length: 900000",
                           "Expect: 100-continue")  # fmt: skip
    await client.stay()


async def a_body_for_nothing(client: Client) -> None:
    """Refused before it is read, with most of it still to come."""
    await client.send(b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n" + b"x" * 5000)
    await client.trickle(b"x" * 900)


async def a_patch_byte_by_byte(client: Client) -> None:
    path = await client.begin_upload(MEBIBYTE)
    await client.send_head(f"PATCH {path}", *_TUS, f"Content-Length: {MEBIBYTE}")
    await client.trickle(b"x" * 900)


async def a_patch_that_stops(client: Client) -> None:
    path = await client.begin_upload(MEBIBYTE)
    await client.send_head(f"PATCH {path}", *_TUS, f"Content-Length: {MEBIBYTE}")
    await client.send(b"x" * 200_000)
    await client.stay()


async def many_small_chunks(client: Client) -> None:
    path = await client.begin_upload(MEBIBYTE)
    await client.send_head(f"PATCH {path}", *_TUS, "Transfer-Encoding: chunked")
    for _ in range(1000):
        await client.send(b"1\r\nx\r\n" * 100)
        await asyncio.sleep(0.05)


async def a_small_body_in_crumbs(client: Client) -> None:
    await client.send_head("POST /api/v1/posts", "Content-Type: application/json", "Transfer-Encoding: chunked")
    await client.send(b"1\r\n \r\n" * 13_000)
    await client.receive(65536)


async def a_multipart_byte_by_byte(client: Client) -> None:
    await client.send_head(
        "POST /api/v1/media", "Content-Type: multipart/form-data; boundary=x", "Transfer-Encoding: chunked"
    )
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
    await client.send(f"{len(part):x}\r\n".encode() + part + b"\r\n")
    for _ in range(900):
        await client.send(b"1\r\nx\r\n")
        await asyncio.sleep(0.9)


async def a_download_never_read(client: Client) -> None:
    await client.send_head(f"GET {client.target.content_path}")
    await client.stay()


async def a_download_read_slowly(client: Client) -> None:
    await client.send_head(f"GET {client.target.content_path}")
    while await client.receive(500):
        await asyncio.sleep(0.9)


async def a_list_never_read(client: Client) -> None:
    await client.send_head(f"GET {_LIST}")
    await client.stay()


async def pipelined_requests_never_read(client: Client) -> None:
    for _ in range(30):
        await client.send_head(f"GET {_LIST}")
    await client.stay()


async def an_end_never_answered(client: Client) -> None:
    """The server has said that it closes, and waits for the client to do the same."""
    await client.send_head("GET /livez", "Connection: close")
    await asyncio.sleep(5)


Kind = Callable[[Client], Coroutine[None, None, None]]

KINDS: tuple[Kind, ...] = (
    silent,
    half_a_head,
    a_head_byte_by_byte,
    half_a_login,
    half_a_login_of_a_padded_length,
    a_login_byte_by_byte,
    a_large_body_byte_by_byte,
    a_body_that_waits_for_continue,
    a_body_for_nothing,
    a_patch_byte_by_byte,
    a_patch_that_stops,
    many_small_chunks,
    a_small_body_in_crumbs,
    a_multipart_byte_by_byte,
    a_download_never_read,
    a_download_read_slowly,
    a_list_never_read,
    pipelined_requests_never_read,
    an_end_never_answered,
)


@contextmanager
def attack(targets: list[Target], *, connections: int, kinds: tuple[Kind, ...] = KINDS) -> Iterator[None]:
    """That many hostile connections at any time, of every kind in turn and on every target in turn, until the block ends."""
    is_over = asyncio.Event()
    endless = zip(itertools.cycle(kinds), itertools.cycle(targets), strict=False)
    wave = list(itertools.islice(endless, connections))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=[_attack(wave, is_over)])
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(is_over.set)
        thread.join()
        loop.close()


async def _attack(wave: list[tuple[Kind, Target]], is_over: asyncio.Event) -> None:
    tasks = [asyncio.ensure_future(_come_again(kind, target)) for kind, target in wave]
    await is_over.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _come_again(kind: Kind, target: Target) -> None:
    while True:
        with suppress(OSError):
            async with _connected(target) as client:
                await kind(client)
        await asyncio.sleep(_BACK_AFTER_SECONDS)


@asynccontextmanager
async def _connected(target: Target) -> AsyncIterator[Client]:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (target.host, target.port))
        yield Client(connection, target)
