"""Landed revisions stay as they are."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from tests.databases import MIGRATIONS
from tests.migrations.conftest import ROOT
from tiktok_api.cli.chores.migration import checksum, landed

FOUNDATIONS = "20261123_foundations.py"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the migrations in a folder of its own."""
    shutil.copytree(MIGRATIONS, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "migrations"


def land(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tiktok_api.cli.chores.migration", "--land"]
    return subprocess.run(
        command, cwd=folder.parent, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )


def test_every_revision_has_landed_and_is_unchanged():
    files = {file.name: checksum(file) for file in (MIGRATIONS / "versions").glob("*.py")}

    assert len(files) > 0
    assert landed(MIGRATIONS) == files, "`make land` freezes a new revision; one that has landed must not change"


def test_the_foundations_are_those_that_databases_were_made_by():
    known = landed(MIGRATIONS)[FOUNDATIONS]

    assert known == "173d3d743d815e0dc4526bab5f3ef929ad1533dd6e9654238532f7e9c29dc12f"


def test_there_is_one_line_of_revisions():
    scripts = ScriptDirectory(str(MIGRATIONS))

    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1
    assert not [script for script in scripts.walk_revisions() if script.is_branch_point or script.is_merge_point]


def test_landing_adds_a_new_revision(copied):
    (copied / "versions" / "20991231_new.py").write_text('revision = "new"\n')

    done = land(copied)

    assert done.returncode == 0, done.stderr
    assert landed(copied).keys() == landed(MIGRATIONS).keys() | {"20991231_new.py"}


@pytest.mark.parametrize("change", ["edited", "gone"])
def test_landing_refuses_an_edited_revision(copied, change):
    file = copied / "versions" / FOUNDATIONS
    if change == "gone":
        file.unlink()
    else:
        file.write_text(file.read_text() + "\n# harmless\n")

    done = land(copied)

    assert done.returncode == 1
    assert FOUNDATIONS in done.stderr
    assert landed(copied) == landed(MIGRATIONS)
