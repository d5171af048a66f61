"""The webhooks endpoints: read the request, call one service, return its result."""

from datetime import timedelta

from flask import request

from tiktok_api.db import transaction
from tiktok_api.errors import BodyTooLarge
from tiktok_api.extensions import limiter, service
from tiktok_api.settings import Settings
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.limits import client_address
from tiktok_api.webhooks.errors import WebhookNotSigned
from tiktok_api.webhooks.incoming import receive
from tiktok_api.webhooks.schemas import ReceiptSchema

blp = Blueprint("webhooks", __name__, url_prefix="/webhooks", description="Events that TikTok sends")

LARGEST_BODY = 64 * 1024
_SIGNATURE = {
    "name": "TikTok-Signature",
    "in": "header",
    "required": True,
    "description": "`t=…,s=…`: the time, and the HMAC-SHA256 of time and body under this app's secret.",
    "schema": {"type": "string"},
    "example": "t=1633174587,s=18494715036ac4416a1d0a673871a2edbcfc94d94bd88ccd2c5ec9b3425afe66",
}


@blp.post("/tiktok")
@blp.public
@blp.counted_apart
@limiter.limit("1200/minute", key_func=client_address)
@blp.accepts_bytes(lambda: LARGEST_BODY)
@blp.doc(parameters=[_SIGNATURE])
@blp.response(200, ReceiptSchema)
@blp.raises(WebhookNotSigned, BodyTooLarge)
def receive_tiktok_event() -> dict[str, str]:
    """Receive an event from TikTok

    Signed with this app's secret in `TikTok-Signature`. Stored once and answered at once; TikTok is asked for confirmation
    before anything changes.
    """
    settings = service(Settings)
    body = request.get_data()
    with transaction():
        event_id = receive.receive(
            body,
            request.headers.get("TikTok-Signature", ""),
            client_key=settings.tiktok_client_key,
            client_secret=settings.tiktok_client_secret,
            tolerance=timedelta(seconds=settings.webhook_tolerance_seconds),
        )
    return {"status": "received" if event_id else "duplicate"}
