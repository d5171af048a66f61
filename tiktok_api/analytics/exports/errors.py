"""Refusals of exports."""

from tiktok_api.errors import Invalid


class AsOfInFuture(Invalid):
    message = "`as_of` is later than now, so the export could not be made again."


class NotByLabel(Invalid):
    message = "{dataset} counts the whole account and cannot be told apart by labels; leave `label` out."


class WorkbookTooLarge(Invalid):
    message = "A workbook has at most {most} rows here, since it cannot be sent before it is whole; csv and ndjson have no limit."
