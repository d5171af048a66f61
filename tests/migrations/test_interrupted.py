"""An upgrade that is killed half-way, and two at once."""

import shutil
import threading
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from tests.databases import MIGRATIONS, on_each_database
from tests.servers import wait_until

SLOW = """
import os, pathlib, time
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "5{number:0>11}", "{before}", None, None


def upgrade():
    op.create_table("half_{number}", sa.Column("id", sa.Integer(), primary_key=True))
    with op.batch_alter_table("users") as batch:
        batch.add_column(sa.Column("half_{number}", sa.String()))
    folder = pathlib.Path(os.environ["HALF_WAY"])
    (folder / f"begun-{{os.getpid()}}").touch()
    while not (folder / "go-on").exists():
        time.sleep(0.05)  # between two looks at a file


def downgrade():
    pass
"""


@pytest.fixture
def slow_migrations(tmp_path: Path) -> Path:
    """The migrations with two more, the second of which says that it is half-way and waits."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    (folder / "versions" / "slow.py").write_text(SLOW.format(number=1, before=head))
    return folder


@pytest.fixture
def half_way(tmp_path: Path) -> Path:
    folder = tmp_path / "half-way"
    folder.mkdir()
    return folder


@pytest.fixture
def look(each_database_url):
    """Table names, columns of `users`, and the revision."""

    def read():
        engine = create_engine(each_database_url)
        with engine.connect() as connection:
            found = inspect(connection)
            columns = {column["name"] for column in found.get_columns("users")} if found.has_table("users") else set()
            version = (
                connection.execute(text("select version_num from alembic_version")).scalar()
                if found.has_table("alembic_version")
                else None
            )
            names = set(found.get_table_names())
        engine.dispose()
        return names, columns, version

    return read


@on_each_database
@pytest.mark.parametrize("is_new", [True, False], ids=["from nothing", "from the newest"])
def test_a_killed_upgrade_leaves_nothing_behind(start_upgrade, run_upgrade, slow_migrations, half_way, look, is_new):
    if not is_new:
        run_upgrade()
    before = look()
    process = start_upgrade("--directory", str(slow_migrations), HALF_WAY=str(half_way))
    wait_until(lambda: list(half_way.glob("begun-*")) or process.poll() is not None, seconds=60)
    assert process.poll() is None

    process.kill()
    process.wait()

    wait_until(lambda: look() == before)
    code, printed = run_upgrade()
    assert code == 0, printed
    assert "half_1" not in look()[0] | look()[1]


@on_each_database
def test_the_second_of_two_waits_for_the_first(start_upgrade, run_upgrade, slow_migrations, half_way, look):
    options = {"HALF_WAY": str(half_way)}
    first = start_upgrade("--directory", str(slow_migrations), **options)
    wait_until(lambda: list(half_way.glob("begun-*")) or first.poll() is not None, seconds=60)
    assert first.poll() is None
    second = start_upgrade("--directory", str(slow_migrations), **options)
    threading.Timer(3, (half_way / "go-on").touch).start()  # either order is right; most often the second waits by then

    printed = [process.communicate(timeout=120)[0] for process in (first, second)]

    begun = list(half_way.glob("begun-*"))
    assert len(begun) == 1, printed
    assert "half_1" in look()[1]
    assert not [text for text in printed if "Traceback" in text]
    assert look()[2] == "500000000001"


@on_each_database
def test_many_at_once_on_an_empty_database_all_succeed(start_upgrade, look):
    processes = [start_upgrade() for _ in range(3)]

    printed = [process.communicate(timeout=180)[0] for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], printed
    assert look()[2] == ScriptDirectory(str(MIGRATIONS)).get_current_head()


@pytest.mark.postgres
@pytest.mark.parametrize("each_database_url", ["postgresql_url"], indirect=True)
def test_an_upgrade_gives_up_on_a_lasting_lock_with_a_message(
    run_upgrade, each_database_url, slow_migrations, half_way
):
    run_upgrade()
    (half_way / "go-on").touch()
    engine = create_engine(each_database_url)
    with engine.begin() as connection:
        connection.execute(text("lock table users in access share mode"))

        code, printed = run_upgrade("--directory", str(slow_migrations), HALF_WAY=str(half_way))

    engine.dispose()
    assert code != 0
    assert "locked by another session" in printed
