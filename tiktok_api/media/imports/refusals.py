"""Why an attempt to download an import ended without the file, and what the person is told."""

from tiktok_api.media.inspection.inspect import Rejection
from tiktok_api.outbound import (
    AddressForbidden,
    CertificateInvalid,
    HostUnknown,
    Interrupted,
    OutboundError,
    RedirectForbidden,
    TooSlow,
    Unreachable,
    UrlForbidden,
)

_CODES: dict[type[OutboundError], str] = {
    UrlForbidden: "import_url_forbidden",
    AddressForbidden: "import_address_forbidden",
    RedirectForbidden: "import_redirect_forbidden",
    HostUnknown: "import_host_unknown",
    CertificateInvalid: "import_certificate_invalid",
    Unreachable: "import_unreachable",
    Interrupted: "import_interrupted",
    TooSlow: "import_timeout",
}


class ImportRefused(Exception):
    """The file cannot be imported, now or later."""

    def __init__(self, code: str, message: str) -> None:
        self.reason = Rejection(code=code, message=message)
        super().__init__(message)


class RetryLater(Exception):
    """A later attempt may succeed, preferably after `pause_seconds`."""

    def __init__(self, code: str, message: str, pause_seconds: float = 0.0) -> None:
        self.reason = Rejection(code=code, message=message)
        self.pause_seconds = pause_seconds
        super().__init__(message)


class PlaceNeeded(Exception):
    """The server is slow and other imports wait: they go first."""


def reason_of(error: Exception) -> Rejection:
    """Returns what the person is told of an ImportRefused, RetryLater or OutboundError."""
    if isinstance(error, ImportRefused | RetryLater):
        return error.reason
    return Rejection(code=_CODES[type(error)], message=str(error))  # type: ignore[index]  # always one of these errors
