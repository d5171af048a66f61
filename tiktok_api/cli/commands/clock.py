"""`tiktok-api clock`: business time, where ALLOW_TEST_CLOCK lets it be moved."""

from datetime import timedelta

import click

from tiktok_api import clock_offset
from tiktok_api.cli.application import with_app


@click.group("clock")
def clock_group() -> None:
    """The test clock, where ALLOW_TEST_CLOCK is set."""


@clock_group.command("advance")
@click.argument("seconds", type=float)
@with_app
def advance_clock(seconds: float) -> None:
    """Move business time on by SECONDS, in every process."""
    ahead = clock_offset.advance(timedelta(seconds=seconds))
    click.echo(f"Business time is {ahead.total_seconds():.0f} s ahead.")
