"""`tiktok-api worker`."""

import signal

import click
from flask import current_app
from flask.cli import ScriptInfo
from sqlalchemy.exc import SQLAlchemyError

from tiktok_api import logs
from tiktok_api.cli.application import with_app
from tiktok_api.composition.core import log_remarks
from tiktok_api.db import explain
from tiktok_api.extensions import service
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.runner import Runner
from tiktok_api.settings import Settings


@click.command("worker")
@click.option(
    "--lanes",
    callback=lambda _context, _option, said: _read_lanes(said),
    help=f"Only jobs of these lanes, separated by commas: {', '.join(Lane)}. All by default; each lane needs a worker.",
)
@with_app
def worker(lanes: tuple[Lane, ...]) -> None:
    """Publish, read accounts and clean up, until told to stop; run one or more."""
    logs.take_over()
    if (
        click.get_current_context().find_object(ScriptInfo) is None
    ):  # else Flask has loaded wsgi.py, which has logged them
        log_remarks(service(Settings))
    runner = Runner(current_app._get_current_object(), service(Settings), lanes)  # type: ignore[attr-defined]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: runner.stop())
    try:
        runner.run_forever()
    except SQLAlchemyError as error:  # only at the start: later the worker waits for the database
        hint = "Look at DATABASE_URL, and at whether `tiktok-api upgrade` has been run; `tiktok-api doctor` says more."
        raise click.ClickException(f"The database cannot be used: {explain(error)}. {hint}") from None


def _read_lanes(said: str | None) -> tuple[Lane, ...]:
    names = list(Lane) if said is None else [name.strip().lower() for name in said.split(",")]
    if unknown := [name for name in names if name not in set(Lane)]:
        raise click.BadParameter(f"There is no lane {unknown[0]!r}; there are {', '.join(Lane)}.")
    return tuple(dict.fromkeys(map(Lane, names)))
