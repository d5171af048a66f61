"""Why a stranger's URL gave nothing. What these say may be shown to whoever named the URL: no addresses, no bodies.

OutboundError
├── UrlForbidden        the URL itself will never do; nothing was connected to
├── AddressForbidden    its host is not on the public internet; nothing was connected to
├── RedirectForbidden   it leads on to where we do not go, or in circles
├── HostUnknown         nobody has that name
├── CertificateInvalid  the server cannot prove its name
└── Passing             may be better the next time
    ├── Unreachable     no connection
    ├── Interrupted     the connection broke, or what came was no HTTP
    └── TooSlow         silent, dripping, or not done in time
"""


class OutboundError(Exception):
    """Nothing usable came of it; the text is a sentence for people."""


class UrlForbidden(OutboundError):
    """A URL that is not gone to, whatever is behind it; `code` names the rule."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class AddressForbidden(OutboundError):
    """At least one address of the host is none that may be connected to."""


class RedirectForbidden(OutboundError):
    """The server sent us on to a forbidden place, or too often."""


class HostUnknown(OutboundError):
    """The name does not exist."""


class CertificateInvalid(OutboundError):
    """The certificate is not trusted, not valid now, or for another name."""


class Passing(OutboundError):
    """May be better the next time."""


class Unreachable(Passing):
    """No connection came about."""


class Interrupted(Passing):
    """The connection ended before the answer did, or the answer was no HTTP."""


class TooSlow(Passing):
    """It took longer than anybody should wait."""
