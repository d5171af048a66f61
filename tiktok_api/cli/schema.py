"""The revision of the database's tables, and how it gets to the newest."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app

from tiktok_api.db import db
from tiktok_api.installation import migrations_folder


def current_revision() -> str | None:
    """The revision that the database is at; None for one without our tables."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """The newest revision that this version has."""
    return ScriptDirectory(str(migrations_folder())).get_current_head()


def upgrade() -> None:
    """Apply every revision that is missing. Raises CommandError where the database's revision is unknown."""
    config: Config = current_app.extensions["migrate"].migrate.get_config(str(migrations_folder()))
    command.upgrade(config, "head")
