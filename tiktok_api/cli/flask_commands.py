"""The commands that `flask --app wsgi …` has as well; `tiktok-api` has them all."""

import flask_migrate.cli
from flask import Flask, g
from flask.cli import with_appcontext

from tiktok_api.cli.commands.clock import clock_group
from tiktok_api.cli.commands.jobs import jobs
from tiktok_api.cli.commands.vault import vault
from tiktok_api.cli.commands.worker import worker
from tiktok_api.cli.upgrade import report_upgrade
from tiktok_api.db import db
from tiktok_api.schema.migrations_folder import migrations_folder


def install(app: Flask) -> None:
    """Add the commands to the application's command line."""
    for command in (worker, jobs, clock_group, vault):
        app.cli.add_command(command)
    flask_migrate.Migrate(app, db, directory=str(migrations_folder()))
    flask_migrate.cli.upgrade.callback = upgrade  # Flask finds its group `db` before it loads our application


@with_appcontext
def upgrade(directory: str | None, *, sql: bool, tag: str | None, x_arg: tuple[str, ...], revision: str) -> None:
    """Upgrade the database, and report problems."""
    report_upgrade(directory or g.directory, revision, sql=sql, tag=tag, x_arg=x_arg or g.x_arg)
