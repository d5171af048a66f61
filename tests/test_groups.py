"""Tests that share a process do so, and are tried again when they have failed."""

import os
import subprocess
import sys

import pytest

from tests.local_stack import ROOT

MANY = """
import os, pytest

@pytest.mark.xdist_group("shared server")
@pytest.mark.parametrize("name", ["a@example.com", *"bcdefgh"])
def test_grouped(name):
    with open("processes", "a") as out:
        out.write(f"{os.getpid()}\\n")
    assert name != "a@example.com"

@pytest.mark.parametrize("number", range(8))
def test_alone(number):
    assert number or os.path.exists("tried-once")
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "test_many.py").write_text(MANY)
    hooks = "from tests.groups import pytest_collection_finish, pytest_runtest_logreport"
    (tmp_path / "conftest.py").write_text(f"{hooks}\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}

    def run(*options):
        command = [sys.executable, "-m", "pytest", "-q", "--rootdir", ".", *options]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
        )
        return done.returncode, done.stdout

    return run


def test_a_group_has_one_process(run, tmp_path):
    run("-n", "3", "--dist", "loadgroup")

    assert len((tmp_path / "processes").read_text().split()) == 8
    assert len(set((tmp_path / "processes").read_text().split())) == 1


@pytest.mark.parametrize("again", [(), ("-n", "1", "--dist", "loadgroup")], ids=["in one process", "as before"])
def test_a_broken_test_fails_again_and_an_unlucky_one_does_not(run, tmp_path, again):
    status, first = run("-n", "3", "--dist", "loadgroup")
    assert (status, "2 failed, 14 passed" in first) == (1, True), first
    (tmp_path / "tried-once").touch()

    status, second = run("--last-failed", "--last-failed-no-failures=none", *again)

    assert (status, "1 failed, 1 passed" in second) == (1, True), second
