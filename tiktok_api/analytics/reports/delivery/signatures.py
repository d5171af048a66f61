"""Signatures of Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"""

import base64
import hmac
from datetime import UTC, datetime
from uuid import UUID


def headers_of(body: bytes, message_id: UUID, secret: str) -> dict[str, str]:
    """The three headers of a message, signed now: receivers hold its time against a real clock, so it is no business time."""
    timestamp = str(int(datetime.now(UTC).timestamp()))
    key = base64.b64decode(secret.partition("_")[2])
    signed = f"{message_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return {"webhook-id": str(message_id), "webhook-timestamp": timestamp, "webhook-signature": f"v1,{signature}"}
