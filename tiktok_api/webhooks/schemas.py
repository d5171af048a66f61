"""What TikTok gets for an answer."""

from marshmallow import fields

from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.schemas import Schema


class ReceiptSchema(Schema):
    """The event is kept; `duplicate`: it was here before."""

    status = fields.String(
        required=True,
        validate=Choice(["received", "duplicate"], name="ReceiptStatus"),
        metadata={"example": "received"},
    )
