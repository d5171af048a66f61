"""Times on the command line, in UTC."""

from datetime import UTC, datetime
from typing import Any

import click

from tiktok_api import clock


class UtcTime(click.DateTime):
    """A day, which is its first instant, or an instant; in UTC."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        found: datetime = super().convert(value, param, ctx)
        moment = found.replace(tzinfo=UTC)
        if not clock.is_usable(moment):
            self.fail("The years are 1970 to 9998.", param, ctx)
        return moment
