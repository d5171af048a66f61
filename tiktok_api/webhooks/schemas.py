"""The response to TikTok."""

from marshmallow import fields

from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.schemas import Schema


class ReceiptSchema(Schema):
    """The event is stored; `duplicate`: it was stored before."""

    status = fields.String(
        required=True,
        validate=Choice(["received", "duplicate"], name="ReceiptStatus"),
        metadata={"example": "received"},
    )
