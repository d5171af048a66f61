"""An upgrade of the database, reported in sentences."""

import textwrap
from typing import Any

import click

from tiktok_api.schema import revisions


def report_upgrade(directory: str | None = None, revision: str = "head", *, sql: bool = False, **options: Any) -> None:
    """Upgrade, and print the result. Raises ClickException with the problem and what to do."""
    result = revisions.upgrade(directory, revision, sql=sql, **options)
    if result.problem:
        raise click.ClickException("\n" + textwrap.fill(result.problem, 100))
    if not sql:
        done = "was there already" if result.before == result.after else f"was at {result.before or 'nothing'} before"
        click.echo(f"The database is at revision {result.after}; it {done}.", err=True)
    if result.remark:
        click.echo(textwrap.fill(result.remark, 100), err=True)
