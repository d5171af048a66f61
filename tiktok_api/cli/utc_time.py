"""Times on the command line, in UTC."""

from datetime import UTC, datetime
from typing import Any

import click


class UtcTime(click.DateTime):
    """A day, which is its first instant, or an instant; in UTC."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        found: datetime = super().convert(value, param, ctx)
        return found.replace(tzinfo=UTC)
