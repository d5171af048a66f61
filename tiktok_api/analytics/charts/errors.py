"""Refusals of charts."""

from tiktok_api.errors import Invalid, Unavailable


class ChartNotPossible(Invalid):
    message = "This kind of chart does not take these arguments; see its own route."


class LinkTooLong(Invalid):
    message = "A link with so many accounts, tags and labels is too long for a URL; name fewer, or give them one tag."


class PicturesBusy(Unavailable):
    message = "Too many pictures are being drawn; try again as soon as Retry-After says."
