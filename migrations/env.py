"""Migrations run against the application's own engine, so that there is one place where the database is named.

One transaction, and one upgrade at a time: a process that is killed half-way leaves nothing behind, and a second upgrade
waits for the first.
"""

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.util import CommandError
from sqlalchemy import JSON, Enum
from sqlalchemy.engine import Connection

from tiktok_api.db import Model, UTCDateTime, db
from tiktok_api.schema.revisions import compare_type, include_name

ONE_AT_A_TIME = 7_246_339_014_020_615_168  # the number of our advisory lock, drawn once
LOCK_TIMEOUT = "10s"  # behind a waiting ALTER TABLE every other query waits too


def render_item(kind: str, thing: object, autogen: AutogenContext) -> str | bool:
    """Write types as SQLAlchemy knows them: a migration must not change when our code does."""
    if kind == "type" and isinstance(thing, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, Enum):
        return f"sa.String(length={thing.length})"
    if kind == "type" and isinstance(thing, JSON):
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def check_foreign_keys(connection: Connection) -> None:
    """Refuse what a migration has left without the row that it refers to. Raises CommandError."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise CommandError(f"rows of {sorted({row[0] for row in broken})} refer to rows that are not there")


def migrate(connection: Connection) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    connection.execution_options(begin_immediate=True)
    with connection.begin():
        if not is_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})")
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        context.configure(
            connection=connection,
            target_metadata=Model.metadata,
            render_as_batch=is_sqlite,
            render_item=render_item,
            compare_type=compare_type,
            include_name=include_name,
        )
        context.run_migrations()
        if is_sqlite:
            check_foreign_keys(connection)


def run() -> None:
    with db.engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            migrate(connection)
            return
        # Batch mode makes a table anew and drops the old one, with which the rows that refer to it would go. The setting
        # is deaf inside a transaction.
        driver = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            migrate(connection)
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


run()
