"""Connections to addresses that were checked: a name is resolved once, and the connection goes to that very address.

A name that is resolved again for the connection may have another address (DNS rebinding), so httpcore gets a backend that
does both.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from queue import Empty, SimpleQueue

import httpcore2

from tiktok_api.http.backend import DeadlineBackend, DeadlineStream
from tiktok_api.http.deadline import Deadline, Stage
from tiktok_api.outbound.addresses import Address, Policy
from tiktok_api.outbound.errors import AddressForbidden, CertificateInvalid, HostUnknown, TooSlow, Unreachable

Resolve = Callable[[str], Sequence[str]]
"""All addresses of a name. Raises socket.gaierror."""

_MOST_ADDRESSES_TRIED = 3
_NO_SUCH_NAME = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))


def resolve_by_system(host: str) -> Sequence[str]:
    """All addresses of a name, as this machine resolves it."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class _GuardedStream(DeadlineStream):
    """A connection that raises the errors of `outbound.errors` for TLS."""

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        try:
            return super().start_tls(ssl_context, server_hostname, timeout)
        except httpcore2.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise CertificateInvalid("The server's certificate is not valid for this host.") from None
            raise Unreachable("The server does not speak TLS as we do.") from None


class GuardedBackend(DeadlineBackend):
    """Resolves a name, checks every address by `policy` and connects; `connect_tcp` is the only way in."""

    stream = _GuardedStream

    def __init__(self, policy: Policy, resolve: Resolve, scheme: str, deadline: Deadline) -> None:
        super().__init__(lambda: deadline)
        self._policy = policy
        self._resolve = resolve
        self._scheme = scheme

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        for address in self._vetted(host, port, timeout):
            try:
                return super().connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        raise Unreachable("The server cannot be reached.")

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        raise AddressForbidden("Sockets of this machine are not connected to.")

    def _vetted(self, host: str, port: int, timeout: float | None) -> list[Address]:
        """The addresses to try. One forbidden address forbids them all, since the next lookup might return it alone."""
        addresses = [_address(host)] if _is_address(host) else self._look_up(host, timeout)
        if not all(self._policy.allows(address, self._scheme, port) for address in addresses):
            raise AddressForbidden("The host is not on the public internet, or not at a port that is connected to.")
        return addresses[:_MOST_ADDRESSES_TRIED]

    def _look_up(self, host: str, timeout: float | None) -> list[Address]:
        try:
            seconds = self._deadline().limit(timeout, Stage.CONNECT)
            found = [_address(text) for text in _in_time(lambda: self._resolve(host), seconds)]
        except (OSError, UnicodeError) as error:
            if isinstance(error, socket.gaierror) and error.errno not in _NO_SUCH_NAME:
                raise Unreachable("The host's name cannot be looked up at the moment.") from None
            raise HostUnknown("There is no host of that name.") from None
        if not found:
            raise HostUnknown("There is no host of that name.")
        return found


def _address(text: str) -> Address:
    return ip_address(text)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _in_time(look_up: Callable[[], Sequence[str]], seconds: float | None) -> Sequence[str]:
    """Run `look_up` with a time limit: the system's resolver has none, so a thread waits for it and is left behind."""
    results: SimpleQueue[Sequence[str] | BaseException] = SimpleQueue()

    def run() -> None:
        try:
            results.put(look_up())
        except Exception as error:  # whatever it is, the caller raises it
            results.put(error)

    threading.Thread(target=run, name="resolve", daemon=True).start()
    try:
        result = results.get(timeout=seconds)
    except Empty:
        raise TooSlow("Looking up the host's name took too long.") from None
    if isinstance(result, BaseException):
        raise result
    return result
