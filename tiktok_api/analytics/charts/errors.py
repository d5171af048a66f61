"""Refusals of charts."""

from tiktok_api.errors import Invalid


class ChartNotPossible(Invalid):
    message = "This kind of chart does not take these arguments; see its own route."
