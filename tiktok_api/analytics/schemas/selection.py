"""Which accounts, and which of their videos, a request is about."""

from marshmallow import fields, validate

from tiktok_api.analytics.selection import MOST_NAMED
from tiktok_api.web.parsing.labels import LONGEST_LABEL, Label
from tiktok_api.web.schemas import EXAMPLE_ID, Schema, any_of


class SelectionArgsSchema(Schema):
    """Accounts by their ids or tags, and videos by the labels of the posts that they came from; without any, all accounts."""

    account_id = any_of(
        fields.UUID(metadata={"example": EXAMPLE_ID}),
        description="One of your accounts. Without it, and without `tag`: all that you can see.",
        most=MOST_NAMED,
    )
    tag = any_of(
        fields.String(validate=validate.Length(1, LONGEST_LABEL), metadata={"example": "agency"}),
        description="A tag of the accounts; with `account_id`, of those named.",
    )
    label = any_of(
        Label(),
        description="A label of your posts: only the videos that came from such posts count. What the profile counts "
        "cannot be told apart by label, and is null.",
    )
