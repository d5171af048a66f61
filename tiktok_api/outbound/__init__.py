"""HTTP to URLs that clients choose: the URL is never trusted, only the address behind it.

`urls` reads a URL strictly, so that no two readers can understand it differently. `addresses` knows which addresses are on
the public internet. `connection` resolves a name once and connects to exactly the address that was checked. `fetcher` speaks
HTTP through it and follows redirects, each checked like the first URL.
"""

from tiktok_api.outbound.addresses import Policy
from tiktok_api.outbound.connection import Resolve, resolve_by_system
from tiktok_api.outbound.errors import (
    AddressForbidden,
    CertificateInvalid,
    HostUnknown,
    Interrupted,
    OutboundError,
    Passing,
    RedirectForbidden,
    TooSlow,
    Unreachable,
    UrlForbidden,
)
from tiktok_api.outbound.fetcher import Answer, Fetcher, Patience
from tiktok_api.outbound.urls import Target

__all__ = [
    "AddressForbidden",
    "Answer",
    "CertificateInvalid",
    "Fetcher",
    "HostUnknown",
    "Interrupted",
    "OutboundError",
    "Passing",
    "Patience",
    "Policy",
    "RedirectForbidden",
    "Resolve",
    "Target",
    "TooSlow",
    "Unreachable",
    "UrlForbidden",
    "resolve_by_system",
]
