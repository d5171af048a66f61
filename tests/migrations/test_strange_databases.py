"""A database that is not what this version needs is never left behind in silence."""

from functools import partial

import pytest
from sqlalchemy import create_engine, text

from tests import databases
from tests.databases import on_each_database

FOUNDATIONS = "c90d4d8f5423"
DAMAGE = {
    "a column is missing": ("alter table posts drop column privacy_level", "column posts.privacy_level is missing"),
    "a table is missing": ("drop table tiktok_events", "table tiktok_events is missing"),
    "an index is missing": ("drop index ix_posts_owner_created", "index posts.ix_posts_owner_created is missing"),
    "a column is left over": (
        "alter table posts add column mood varchar",
        "column posts.mood is not known to this version",
    ),
}
"""What the days before the first release left in databases whose revision says otherwise."""


@pytest.fixture
def run_upgrade(app):
    """Exit code and everything that is printed by `flask db upgrade`, on one line."""

    def run(*options):
        result = app.test_cli_runner().invoke(args=["db", "upgrade", *options])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, " ".join(result.output.split())

    return run


@pytest.fixture
def execute(each_database_url):
    return partial(databases.execute, each_database_url)


@pytest.fixture
def version(each_database_url):
    """What the database says of itself."""

    def read():
        engine = create_engine(each_database_url)
        with engine.connect() as connection:
            found = connection.execute(text("select version_num from alembic_version")).scalar()
        engine.dispose()
        return found

    return read


@on_each_database
def test_an_empty_one_is_brought_to_the_newest(run_upgrade, version):
    code, printed = run_upgrade()

    assert (code, version() in printed) == (0, True), printed


@on_each_database
@pytest.mark.parametrize("start", [FOUNDATIONS, "head"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_database_whose_tables_differ_from_its_revision_is_refused(run_upgrade, execute, start, damage):
    statement, said = DAMAGE[damage]
    assert run_upgrade(start)[0] == 0
    execute(statement)

    code, printed = run_upgrade()

    assert code != 0
    assert said in printed
    assert "What to do:" in printed
    assert "Traceback" not in printed


@on_each_database
@pytest.mark.parametrize("revision", ["90bcddfbca76", "caa209855fb4"])
def test_one_of_a_revision_before_the_first_release_is_refused(run_upgrade, execute, version, revision):
    run_upgrade()
    execute(f"update alembic_version set version_num = '{revision}'")  # noqa: S608  # the test's own

    code, printed = run_upgrade()

    assert code != 0
    assert "before the first release" in printed
    assert "What to do:" in printed
    assert "Traceback" not in printed
    assert version() == revision


@on_each_database
def test_one_of_a_newer_version_is_refused(run_upgrade, execute, version):
    run_upgrade()
    execute("update alembic_version set version_num = 'ffffffffffff'")

    code, printed = run_upgrade()

    assert code != 0
    assert "newer version" in printed
    assert "Traceback" not in printed
    assert version() == "ffffffffffff"


@on_each_database
def test_one_with_tables_but_no_revision_is_refused(run_upgrade, execute):
    run_upgrade()
    execute("drop table alembic_version")

    code, printed = run_upgrade()

    assert code != 0
    assert "does not say of which revision" in printed
    assert "Traceback" not in printed


@on_each_database
def test_tables_of_other_programs_are_no_fault(run_upgrade, execute):
    run_upgrade()
    execute("create table notes (id integer primary key)", "create index ix_of_the_operator on posts (caption)")

    code, printed = run_upgrade()

    assert code == 0, printed


@on_each_database
def test_the_command_reports_it_as_a_process(start_upgrade, execute, run_upgrade):
    run_upgrade()
    execute("alter table posts drop column privacy_level")

    process = start_upgrade()

    printed = " ".join(process.communicate(timeout=120)[0].split())
    assert process.returncode == 1
    assert "column posts.privacy_level is missing" in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("each_database_url", ["unreachable_url"], indirect=True)
def test_one_that_cannot_be_reached_is_said_in_words(run_upgrade):
    code, printed = run_upgrade()

    assert code != 0
    assert "DATABASE_URL" in printed
    assert "Traceback" not in printed


@pytest.fixture
def unreachable_url():
    return "postgresql+psycopg://operator@127.0.0.1:1/nothing"  # no process listens on port 1
