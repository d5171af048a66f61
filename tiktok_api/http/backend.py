"""httpcore's sockets, with every wait cut to what is left until a deadline."""

import ssl
from collections.abc import Callable, Iterable
from typing import Any

import httpcore2

from tiktok_api.http.deadline import Deadline, Stage

_SLICE_BYTES = 65_536

CurrentDeadline = Callable[[], Deadline]
"""Returns the deadline to obey now: a connection that is kept alive serves several exchanges."""


class DeadlineStream(httpcore2.NetworkStream):
    """A connection whose every wait ends with the deadline at the latest."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: CurrentDeadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline().limit(timeout, Stage.READ))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # In slices, because the stream below starts its timeout anew with every bit that the socket takes.
        view = memoryview(buffer)
        while view:
            left = self._deadline().limit(timeout, Stage.WRITE)
            self._stream.write(view[:_SLICE_BYTES], left)  # type: ignore[arg-type]  # any buffer will do
            view = view[_SLICE_BYTES:]

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = self._deadline().limit(timeout, Stage.CONNECT)
        return type(self)(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class DeadlineBackend(httpcore2.SyncBackend):
    """Opens connections of the class `stream` that obey a deadline."""

    stream: type[DeadlineStream] = DeadlineStream

    def __init__(self, deadline: CurrentDeadline) -> None:
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        left = self._deadline().limit(timeout, Stage.CONNECT)
        stream = super().connect_tcp(host, port, left, local_address, socket_options)
        return self.stream(stream, self._deadline)
