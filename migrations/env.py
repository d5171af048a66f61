"""Migrations run against the application's own engine, so that there is one place where the database is named."""

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import CHAR, JSON, Connection, Enum
from sqlalchemy.exc import SQLAlchemyError

from tiktok_api.db import Model, UTCDateTime, db, explain


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


def compare_type(_context, _column, _metadata_column, inspected, declared) -> bool | None:
    """SQLite knows no UUID and no enum: what it stores instead is not a difference."""
    if isinstance(declared, Enum):
        return False
    if isinstance(inspected, CHAR) and declared.__visit_name__ == "uuid":
        return False
    return None


def connected() -> Connection:
    """A connection; a database that cannot be used is a sentence, not a traceback."""
    try:
        return db.engine.connect()
    except SQLAlchemyError as error:
        raise SystemExit(f"The database cannot be used: {explain(error)}. Look at DATABASE_URL.") from None


def run() -> None:
    with connected() as connection:
        context.configure(
            connection=connection,
            target_metadata=Model.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            render_item=render_item,
            compare_type=compare_type,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
