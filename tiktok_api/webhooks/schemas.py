"""What TikTok gets for an answer."""

from marshmallow import fields, validate

from tiktok_api.web.schemas import Schema


class ReceiptSchema(Schema):
    """The event is kept; `duplicate`: it was here before."""

    status = fields.String(
        required=True, validate=validate.OneOf(["received", "duplicate"]), metadata={"example": "received"}
    )
