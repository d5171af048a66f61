"""From every revision there ever was to the newest, with rows in every table."""

import shutil

import pytest
from alembic.script import ScriptDirectory
from flask_migrate import upgrade

from tests.databases import MIGRATIONS, on_each_database
from tests.migrations import rows
from tiktok_api.db import db
from tiktok_api.schema import revisions as schema

SCRIPTS = ScriptDirectory(str(MIGRATIONS))
REVISIONS = [script.revision for script in SCRIPTS.walk_revisions()]
RENAMING = SCRIPTS.get_revision("c4e81f06b7d2").module


@on_each_database
@pytest.mark.parametrize("revision", REVISIONS)
def test_rows_of_every_revision_survive_the_way_to_the_newest(app, revision):
    upgrade(revision=revision)
    with db.engine.connect() as connection:
        before = _by_new_names(rows.fill(connection))
    assert before
    assert [table for table, found in before.items() if len(found) != rows.ROWS] == []

    result = schema.upgrade()

    assert result.problem is None
    with db.engine.connect() as connection:
        after = rows.read(connection)
        assert schema.differences(connection) == []
    assert before.keys() <= after.keys()
    assert [table for table in before if _lost(before[table], after[table])] == []
    assert result == schema.Upgrade(revision, schema.state().head)


def _by_new_names(found):
    """The rows of a database, by the names that tables and columns have today."""
    tables = dict(RENAMING.TABLES)
    columns = {(table, old): new for table, old, new in RENAMING.COLUMNS}
    renamed = {tables.get(table, table): content for table, content in found.items()}
    return {
        table: [{columns.get((table, name), name): value for name, value in row.items()} for row in content]
        for table, content in renamed.items()
    }


def _lost(before, after):
    """Whether a row is gone, or a value that its table still has a column for has changed."""
    if len(before) != len(after):
        return True
    return any(
        old[name] != new[name] for old, new in zip(before, after, strict=True) for name in old.keys() & new.keys()
    )


@on_each_database
def test_emails_of_before_count_for_their_users_address_and_sessions_signed_in_when_they_began(app):
    upgrade(revision=RENAMING.revision)
    with db.engine.connect() as connection:
        before = rows.fill(connection)

    schema.upgrade()

    with db.engine.connect() as connection:
        after = rows.read(connection)
    keys = {user["id"]: user["email_key"] for user in before["users"]}
    assert [each["email_key"] for each in after["emails"]] == [keys[each["user_id"]] for each in before["emails"]]
    assert [each["signed_in_at"] for each in after["sessions"]] == [each["created_at"] for each in before["sessions"]]


def test_there_are_revisions_to_come_from():
    assert len(REVISIONS) >= 2
    assert REVISIONS[-1] == "c90d4d8f5423"


@on_each_database
def test_an_upgrade_of_the_newest_revision_changes_nothing(app):
    schema.upgrade()

    again = schema.upgrade()

    assert again.before == again.after == schema.state().head
    assert again.problem is None


@on_each_database
def test_sqlite_checks_references_again_after_an_upgrade(app):
    schema.upgrade()

    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


REBUILD = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "600000000001", "{before}", None, None


def upgrade():
    with op.batch_alter_table("users", recreate="auto") as batch:
        batch.alter_column("email", type_=sa.Text())
    {more}


def downgrade():
    pass
"""


@pytest.fixture
def write_revision(tmp_path):
    """A copy of the migrations with one more, which makes `users` anew as SQLite needs it."""

    def write(more="pass"):
        folder = tmp_path / "migrations"
        shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        before = ScriptDirectory(str(MIGRATIONS)).get_current_head()
        (folder / "versions" / "rebuild.py").write_text(REBUILD.format(before=before, more=more))
        return str(folder)

    return write


@on_each_database
def test_rows_that_refer_to_a_table_survive_its_being_made_anew(app, write_revision):
    upgrade()
    with db.engine.connect() as connection:
        before = rows.fill(connection)

    result = schema.upgrade(write_revision())

    assert result.after == "600000000001"
    with db.engine.connect() as connection:
        assert rows.read(connection) == before


@on_each_database
def test_a_migration_that_breaks_foreign_keys_is_refused(app, write_revision):
    upgrade()
    with db.engine.connect() as connection:
        before = rows.fill(connection)

    result = schema.upgrade(write_revision('op.execute("delete from media where duplicate_of is null")'))

    assert result.problem
    assert result.after == result.before
    with db.engine.connect() as connection:
        assert rows.read(connection) == before
