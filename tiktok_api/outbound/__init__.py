"""The way out to addresses that strangers choose: a URL is never believed, the address behind it is.

`urls` reads what somebody wrote, strictly, so that no two readers can understand it differently. `addresses` knows which
addresses are of the public internet. `connecting` resolves a name once and connects to exactly the address that was
looked at. `fetching` speaks HTTP through it and follows redirects, each of them looked at like the first.
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
