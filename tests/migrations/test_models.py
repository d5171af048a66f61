"""Models and migrations agree, on both databases, all the way up and down."""

from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect

from tests.databases import MIGRATIONS, on_each_database
from tiktok_api.db import db


def test_there_is_one_head():
    scripts = ScriptDirectory(str(MIGRATIONS))

    assert len(scripts.get_heads()) == 1


@on_each_database
def test_the_newest_migration_has_everything_the_models_have(app):
    upgrade()

    result = app.test_cli_runner().invoke(args=["db", "check"])

    assert result.exit_code == 0, result.output


@on_each_database
def test_every_migration_can_be_taken_back(app):
    upgrade()

    downgrade(revision="base")

    assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}


@on_each_database
def test_going_down_and_up_again_ends_where_it_was(app):
    upgrade()
    before = sorted(inspect(db.engine).get_table_names())
    downgrade(revision="base")

    upgrade()

    assert sorted(inspect(db.engine).get_table_names()) == before
