"""tiktok-api upgrade"""

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from tests.local_stack import console
from tiktok_api.schema.migrations_folder import migrations_folder


@pytest.fixture
def database(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    yield engine
    engine.dispose()


@pytest.fixture
def run(tmp_path, database):
    """The command in a folder that has nothing but settings."""
    settings = {
        "SECRET_KEY": "a secret for tests, forty characters long",
        "TIKTOK_CLIENT_KEY": "key",
        "TIKTOK_CLIENT_SECRET": "secret",
        "DATABASE_URL": str(database.url),
        "STORAGE_URL": f"file://{tmp_path / 'media'}",
    }
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    return lambda *options: console(tmp_path, "upgrade", *options)


def newest() -> str:
    return str(ScriptDirectory(str(migrations_folder())).get_current_head())


def revision(database) -> str | None:
    with database.connect() as connection:
        return connection.scalar(text("select version_num from alembic_version"))


def test_a_new_database_gets_every_table(run, database):
    done = run()

    assert done.returncode == 0, done.stderr
    assert newest() in done.stdout + done.stderr
    assert {"users", "posts", "jobs"} <= set(inspect(database).get_table_names())
    assert revision(database) == newest()


def test_a_second_time_changes_nothing(run):
    run()

    again = run()

    assert again.returncode == 0
    assert newest() in again.stdout + again.stderr


def test_check_exits_with_1_if_the_database_is_behind(run, database):
    behind = run("--check")
    tables = inspect(database).get_table_names()
    run()
    current = run("--check")

    assert (behind.returncode, current.returncode) == (1, 0)
    assert f"the newest is {newest()}" in behind.stderr
    assert "users" not in tables


def test_a_database_of_a_newer_version_is_left_alone_and_said(run, database):
    run()
    with database.begin() as connection:
        connection.execute(text("update alembic_version set version_num = 'fffffffffff0'"))

    refused = run()

    assert refused.returncode == 1
    assert "at revision fffffffffff0, which this version does not know" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert revision(database) == "fffffffffff0"
