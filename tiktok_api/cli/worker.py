"""`tiktok-api worker`."""

import signal

import click
from flask import current_app

from tiktok_api import logs
from tiktok_api.cli.application import with_app
from tiktok_api.extensions import service
from tiktok_api.jobs.runner import Runner


@click.command("worker")
@with_app
def worker() -> None:
    """Publish, read accounts and clean up, until told to stop; run one or more."""
    logs.take_over()
    runner = Runner(current_app._get_current_object(), service("settings"))  # type: ignore[attr-defined]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: runner.stop())
    runner.run_forever()
