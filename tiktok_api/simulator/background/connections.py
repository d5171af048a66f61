"""Connections to other servers that can be cut from another thread at any moment, while they connect too."""

import contextlib
import socket
import ssl
from http.client import HTTPConnection, HTTPSConnection


class Connection(HTTPConnection):
    """A connection over http; `cut` ends whatever waits for it."""

    is_cut = False

    def connect(self) -> None:
        """Connect. Raises OSError, at once if it was cut."""
        self._dial()

    def cut(self) -> None:
        """End the connection; whatever waits for it gets an OSError or an end of file."""
        self.is_cut = True
        held = self.sock
        if held is not None:
            with contextlib.suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)

    def _dial(self) -> None:
        """Connect to the first address that takes us; the socket is known before it connects, so that it can be cut."""
        problem: OSError = OSError("the name has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(self.host, self.port, 0, socket.SOCK_STREAM):
            dialled = socket.socket(family, kind, protocol)
            dialled.settimeout(self.timeout)
            self.sock = dialled
            try:
                if self.is_cut:
                    raise ConnectionAbortedError("the connection was cut")
                dialled.connect(address)
            except OSError as error:
                dialled.close()
                problem = error
                if self.is_cut:
                    break
            else:
                dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return
        raise problem


class SecureConnection(Connection, HTTPSConnection):
    """The same over https, with the server's certificate checked."""

    def __init__(self, netloc: str, *, timeout: float) -> None:
        self._tls = ssl.create_default_context()
        HTTPSConnection.__init__(self, netloc, timeout=timeout, context=self._tls)

    def connect(self) -> None:
        """Connect and shake hands. Raises OSError."""
        self._dial()
        secured = self._tls.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock = secured
        secured.do_handshake()


def connect(scheme: str, netloc: str, timeout_seconds: float) -> Connection:
    """A connection to a server that is not yet connected; the time-out bounds each wait. Raises HTTPException."""
    if scheme == "https":
        return SecureConnection(netloc, timeout=timeout_seconds)
    return Connection(netloc, timeout=timeout_seconds)
