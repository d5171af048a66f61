"""The commands that `flask --app wsgi …` has as well, for those who are used to it; `tiktok-api` has them all."""

from flask import Flask

from tiktok_api.cli.clock import clock_group
from tiktok_api.cli.jobs import jobs
from tiktok_api.cli.vault import vault
from tiktok_api.cli.worker import worker

work = worker


def install(app: Flask) -> None:
    """Add the commands to the application's command line."""
    for command in (worker, jobs, clock_group, vault):
        app.cli.add_command(command)
