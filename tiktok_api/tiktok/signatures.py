"""Webhook signatures: whether TikTok sent a body, and when."""

import hmac
from datetime import datetime, timedelta
from hashlib import sha256

from tiktok_api.tiktok.errors import InvalidSignature
from tiktok_api.tiktok.types import WebhookSignature

LONGEST_TIMESTAMP = 12


def sign(raw_body: bytes, *, client_secret: str, timestamp: int | str) -> str:
    """Lower-case hex of HMAC-SHA256 over `timestamp.body`, as TikTok's webhook page describes it."""
    message = str(timestamp).encode() + b"." + raw_body
    return hmac.new(client_secret.encode(), message, sha256).hexdigest()


def verify_webhook(
    header: str, raw_body: bytes, *, client_secret: str, now: datetime, tolerance: timedelta
) -> WebhookSignature:
    """Check a `TikTok-Signature` header (`t=<unix seconds>,s=<hex>`) against the body as it was received.

    The tolerance is the receiver's choice. A genuine signature outside of it is returned as stale instead of refused:
    whether TikTok signs a retry anew, up to 72 hours later, is unconfirmed.

    Raises InvalidSignature.
    """
    parts = [part.strip().partition("=") for part in header.split(",")]
    timestamps = [value for name, _, value in parts if name == "t"]
    signatures = [value.lower() for name, _, value in parts if name == "s"]
    if len(timestamps) != 1 or not signatures:
        raise InvalidSignature("The header does not read t=…,s=…")
    timestamp = timestamps[0]
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= LONGEST_TIMESTAMP):
        raise InvalidSignature("The header's timestamp is no Unix time")
    expected = sign(raw_body, client_secret=client_secret, timestamp=timestamp).encode()
    if not any(hmac.compare_digest(expected, found.encode("utf-8", "replace")) for found in signatures):
        raise InvalidSignature("The signature does not match")
    age = abs(now.timestamp() - int(timestamp))
    return WebhookSignature(timestamp=int(timestamp), is_stale=age > tolerance.total_seconds())
