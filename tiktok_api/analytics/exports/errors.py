"""Refusals of exports."""

from tiktok_api.errors import Invalid


class AsOfInFuture(Invalid):
    message = "`as_of` is later than now, so the export could not be made again."


class NotByLabel(Invalid):
    message = "{dataset} counts the whole account and cannot be told apart by labels; leave `label` out."


class OnlyOfNow(Invalid):
    message = "{dataset} is told by the latest numbers of posts, and by none before; leave `as_of` out."


class PostNotNamed(Invalid):
    message = "Say which post: `post_id` is the id of a post of yours, or of a video."


class WorkbookTooLarge(Invalid):
    message = "A workbook has at most {most} rows here, since it cannot be sent before it is whole; csv and ndjson have no limit."
