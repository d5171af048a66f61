"""Why a URL could not be fetched. The messages may be shown to the client that named it: no addresses, no bodies.

OutboundError
├── UrlForbidden        the URL itself is refused; no connection was made
├── AddressForbidden    its host is not on the public internet; no connection was made
├── RedirectForbidden   it redirects to a forbidden URL, or too often
├── HostUnknown         the host name does not exist
├── CertificateInvalid  the server cannot prove its name
└── Passing             temporary: try again later
    ├── Unreachable     no connection
    ├── Interrupted     the connection broke, or what came was no HTTP
    └── TooSlow         silent, dripping, or not done in time
"""


class OutboundError(Exception):
    """The fetch failed; the message is a sentence for people."""


class UrlForbidden(OutboundError):
    """The URL is refused, whatever is behind it; `code` names the rule."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class AddressForbidden(OutboundError):
    """At least one address of the host is forbidden."""


class RedirectForbidden(OutboundError):
    """The server redirects to a forbidden URL, or too often."""


class HostUnknown(OutboundError):
    """The name does not exist."""


class CertificateInvalid(OutboundError):
    """The certificate is not trusted, not valid now, or for another name."""


class Passing(OutboundError):
    """A temporary failure."""


class Unreachable(Passing):
    """No connection could be made."""


class Interrupted(Passing):
    """The connection ended before the response did, or the response was not HTTP."""


class TooSlow(Passing):
    """The exchange took too long."""
