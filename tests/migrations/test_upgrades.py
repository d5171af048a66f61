"""From every revision there ever was to the newest, with rows in every table."""

import pytest
from alembic.script import ScriptDirectory
from flask_migrate import upgrade

from tests.databases import MIGRATIONS, on_each_database
from tests.migrations import rows
from tiktok_api import schema
from tiktok_api.db import db

REVISIONS = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]


@on_each_database
@pytest.mark.parametrize("revision", REVISIONS)
def test_rows_of_every_revision_survive_the_way_to_the_newest(app, revision):
    upgrade(revision=revision)
    with db.engine.connect() as connection:
        before = rows.fill(connection)
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


def _lost(before, after):
    """Whether a row is gone, or a value that its table still has a column for has changed."""
    if len(before) != len(after):
        return True
    return any(
        old[name] != new[name] for old, new in zip(before, after, strict=True) for name in old.keys() & new.keys()
    )


def test_there_are_revisions_to_come_from():
    assert len(REVISIONS) >= 2
    assert REVISIONS[-1] == "c90d4d8f5423"


@on_each_database
def test_an_upgrade_of_what_is_newest_changes_nothing(app):
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
