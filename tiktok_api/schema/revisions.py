"""The database's schema: its revision, the newest one of this code, and the upgrade to it.

Revisions only go up: a landed one is never edited, and `downgrade` is for development alone. To go back to an older version,
restore the copy of the database that was made before the upgrade.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import CHAR, Enum, inspect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from tiktok_api.db import Model, db
from tiktok_api.db.search_indexes import INDEXES, build_indexes, is_search_table
from tiktok_api.schema.migrations_folder import migrations_folder

if TYPE_CHECKING:  # Alembic is imported by what needs it: most processes never do
    from alembic.script import ScriptDirectory

_BEFORE_THE_FIRST_RELEASE = frozenset({"90bcddfbca76", "4490eeaeff2e", "f0f7c4849c24", "caa209855fb4"})
"""Revisions that were used during development and exist no more."""
_MOST_NAMED = 12
_LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL's, when lock_timeout is over


class Standing(StrEnum):
    """The state of a database's schema, compared with this code.

    Unknown: from a newer version, or from before the first release. Unstamped: it has tables, but does not say of which
    revision.
    """

    CURRENT = "current"
    BEHIND = "behind"
    UNKNOWN = "unknown"
    EMPTY = "empty"
    UNSTAMPED = "unstamped"


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The database's revision (None: it has none yet) and the newest one that this code knows."""

    standing: Standing
    revision: str | None
    head: str

    @property
    def is_of_another_version(self) -> bool:
        """Returns True if requests must fail on it."""
        return self.standing in (Standing.BEHIND, Standing.UNKNOWN, Standing.EMPTY)

    @property
    def is_current(self) -> bool:
        """Returns True if this code can work with it."""
        return self.standing is Standing.CURRENT


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The result of an upgrade. `problem` is a paragraph for a person: what is wrong and what to do; None if all is well.

    `remark` is one about something that works all the same, slower.
    """

    before: str | None
    after: str | None
    problem: str | None = None
    remark: str | None = field(default=None, compare=False)


def state() -> SchemaState:
    """The state of the schema, by one small query. Raises OperationalError if the database cannot be reached."""
    with db.engine.connect() as connection:
        return _state(connection, _scripts())


def upgrade(directory: str | None = None, revision: str = "head", **options: Any) -> Upgrade:
    """Bring the database to `revision` in one transaction, then compare its tables with the models; then build search indexes.

    Two at once do no harm: the second waits for the first. Failures are a `problem` of the result, never an exception;
    `options` are those of `alembic upgrade`.
    """
    from alembic import command
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError
    from flask_migrate import Migrate

    folder = directory or str(migrations_folder())
    scripts = ScriptDirectory(folder)
    before: str | None = None
    try:
        with db.engine.connect() as connection:
            found = _state(connection, scripts)
        before = found.revision
        if found.standing is Standing.UNKNOWN:
            return Upgrade(before, before, _explain_unknown(found))
        config = Migrate(db=db, directory=folder).get_config(x_arg=options.pop("x_arg", None))
        command.upgrade(config, revision, **options)
        with db.engine.connect() as connection:
            after = _state(connection, scripts)
            wrong = differences(connection) if after.is_current else []
        is_ready = after.is_current and not wrong and not options.get("sql")
        unbuilt = build_indexes(db.engine) if is_ready else None
    except CommandError as error:
        return Upgrade(before, before, f"The migrations cannot be run: {error}. Nothing was changed.")
    except DBAPIError as error:
        return Upgrade(before, before, _explain_failure(error))
    problem = _explain_differences(after, wrong) if wrong else None
    return Upgrade(before, after.revision, problem, _explain_slow_search(unbuilt) if unbuilt else None)


def differences(connection: Connection) -> list[str]:
    """The differences between the tables and the models, in words; tables of other programs are ignored."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={"compare_type": compare_type, "include_name": include_name})
    found = []
    for change in compare_metadata(context, Model.metadata):
        found += [_say(*each) for each in (change if isinstance(change, list) else [change]) if _matters(*each)]
    return found


def compare_type(_context: Any, _column: Any, _metadata_column: Any, inspected: Any, declared: Any) -> bool | None:
    """SQLite has no UUID and no enum: what it stores instead is not a difference."""
    if isinstance(declared, Enum):
        return False
    if isinstance(inspected, CHAR) and declared.__visit_name__ == "uuid":
        return False
    return None


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Returns False for what no model describes: the search indexes of both databases."""
    if kind == "table":
        return name is None or not is_search_table(name)
    return kind != "index" or name not in {index.gin_name for index in INDEXES}


def is_about_schema(error: DBAPIError) -> bool:
    """Returns True if a statement failed because a table or a column is missing."""
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in ("42P01", "42703")  # undefined_table, undefined_column
    said = str(error.orig)
    return said.startswith(("no such table", "no such column")) or "has no column named" in said


@cache
def _scripts() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(migrations_folder()))


def _state(connection: Connection, scripts: "ScriptDirectory") -> SchemaState:
    from alembic.runtime.migration import MigrationContext

    head = scripts.get_current_head() or ""
    revisions = MigrationContext.configure(connection).get_current_heads()
    if not revisions:
        has_tables = inspect(connection).has_table("users")
        return SchemaState(Standing.UNSTAMPED if has_tables else Standing.EMPTY, None, head)
    revision = ", ".join(revisions)
    if revision == head:
        return SchemaState(Standing.CURRENT, revision, head)
    known = {script.revision for script in scripts.walk_revisions()}
    return SchemaState(Standing.BEHIND if set(revisions) <= known else Standing.UNKNOWN, revision, head)


def _matters(kind: str, *about: Any) -> bool:
    """Returns True if a difference can break something: an extra index or table cannot."""
    return kind not in ("remove_table", "remove_index", "add_table_comment", "remove_table_comment", "modify_comment")


def _say(kind: str, *about: Any) -> str:
    if kind == "add_table":
        return f"table {about[0].name} is missing"
    if kind in ("add_column", "remove_column"):
        return (
            f"column {about[1]}.{about[2].name} is {'missing' if kind == 'add_column' else 'not known to this version'}"
        )
    if kind.startswith("modify_"):
        return f"column {about[1]}.{about[2]} has another {kind.removeprefix('modify_')}"
    thing = about[0]
    what = "foreign key" if kind.endswith("_fk") else kind.partition("_")[2]
    name = f"{thing.table.name}.{thing.name or '(without a name)'}"
    return f"{what} {name} is {'missing' if kind.startswith('add_') else 'not known to this version'}"


def _explain_unknown(found: SchemaState) -> str:
    if found.revision in _BEFORE_THE_FIRST_RELEASE:
        return (
            f"The database is at revision {found.revision}, which is from before the first release; there is no way from"
            f" there to {found.head}. Nothing was changed. {_start_anew()}"
        )
    return (
        f"The database is at revision {found.revision}, which this version does not know: its newest is {found.head}. Either"
        " a newer version has upgraded it: then run that version, or restore the copy that was made before the upgrade. Or"
        f" it is from before the first release: {_start_anew()} Nothing was changed."
    )


def _explain_differences(after: SchemaState, wrong: list[str]) -> str:
    named = "; ".join(wrong[:_MOST_NAMED])
    more = f"; and {len(wrong) - _MOST_NAMED} more" if len(wrong) > _MOST_NAMED else ""
    return (
        f"The database says that it is at revision {after.revision}, but its tables are not those of that revision: {named}"
        f"{more}. It was made by a version from before the first release, or changed by hand, and the server would fail on"
        f" it. {_start_anew()}"
    )


def _explain_slow_search(said: str) -> str:
    return (
        f"The search indexes could not be built ({said}). Everything works, but looking for a word in posts and names reads"
        " each of them. What to do: install PostgreSQL's contrib package, run CREATE EXTENSION pg_trgm in this database as a"
        " superuser, and run the upgrade again."
    )


def _start_anew() -> str:
    url = db.engine.url
    if url.get_backend_name() == "sqlite":
        place = f"move {url.database} (with its -wal and -shm) to another place"
    else:
        place = f"make a new, empty database beside {url.database} and name it in DATABASE_URL"
    return f"What to do: stop the API and the workers, {place}, and run the upgrade again; keep the old one as a copy."


def _explain_failure(error: DBAPIError) -> str:
    said = " ".join(str(error.orig).split())
    if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
        return (
            f"A table stayed locked by another session for too long ({said}). Nothing was changed. What to do: stop the"
            " workers or end the long query, and run the upgrade again."
        )
    if "already exists" in said:
        return (
            f"A table is there that no migration has made ({said}): the database has tables but does not say of which"
            f" revision. Nothing was changed. {_start_anew()}"
        )
    if isinstance(error, OperationalError):
        return (
            f"The database cannot be used: {said}. Nothing was changed. Check DATABASE_URL, then run the upgrade again."
        )
    return f"A migration failed: {said}. Nothing was changed, because it is one transaction."
