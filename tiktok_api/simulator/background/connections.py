"""Connections to other servers that another thread can cut at any moment, even while they connect."""

import contextlib
import socket
import ssl
from http.client import HTTPConnection, HTTPSConnection


class CuttableConnection(HTTPConnection):
    """A connection over http that another thread can cut."""

    is_cut = False

    def connect(self) -> None:
        """Connect. Raises OSError, immediately if it was cut."""
        self._connect_socket()

    def cut(self) -> None:
        """End the connection; a thread that waits for it gets an OSError or an end of file."""
        self.is_cut = True
        open_socket = self.sock
        if open_socket is not None:
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)

    def _connect_socket(self) -> None:
        """Connect to the first address that accepts. `self.sock` is set before it connects, so that it can be cut."""
        problem: OSError = OSError("the name has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(self.host, self.port, 0, socket.SOCK_STREAM):
            made = socket.socket(family, kind, protocol)
            made.settimeout(self.timeout)
            self.sock = made
            try:
                if self.is_cut:
                    raise ConnectionAbortedError("the connection was cut")
                made.connect(address)
            except OSError as error:
                made.close()
                problem = error
                if self.is_cut:
                    break
            else:
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return
        raise problem


class CuttableTLSConnection(CuttableConnection, HTTPSConnection):
    """A connection over https that another thread can cut; the server's certificate is checked."""

    def __init__(self, netloc: str, *, timeout: float) -> None:
        self._tls = ssl.create_default_context()
        HTTPSConnection.__init__(self, netloc, timeout=timeout, context=self._tls)

    def connect(self) -> None:
        """Connect and do the TLS handshake. Raises OSError."""
        self._connect_socket()
        secured = self._tls.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock = secured
        secured.do_handshake()


def open_connection(scheme: str, netloc: str, timeout_seconds: float) -> CuttableConnection:
    """Returns a connection that is not yet connected; the time-out bounds each wait. Raises HTTPException."""
    if scheme == "https":
        return CuttableTLSConnection(netloc, timeout=timeout_seconds)
    return CuttableConnection(netloc, timeout=timeout_seconds)
