"""tiktok-api --help"""

import json
import subprocess
import sys

import pytest

from tiktok_api.cli.main import ENTRIES, console

HEAVY = ("flask", "sqlalchemy", "marshmallow", "httpx2", "rich", "av", "boto3", "tiktok_api.app", "tiktok_api.settings")


def run(*command: str, **options):
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False, **options)


def test_help_names_every_command_without_importing_it():
    code = f"""
import sys
from tiktok_api.cli.main import console
console(["--help"], prog_name="tiktok-api", standalone_mode=False)
print("imported:", [name for name in {HEAVY!r} if name in sys.modules])
"""

    shown = run("-c", code)

    assert "imported: []" in shown.stdout, shown
    assert ENTRIES.keys() <= {line.split()[0] for line in shown.stdout.splitlines() if line.startswith("  ")}


def test_python_m_is_the_same_command(tmp_path):
    shown = run("-m", "tiktok_api", "--version")

    assert (shown.returncode, shown.stdout) == (0, "tiktok-api 0.1.0\n")


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_each_command_says_what_it_does(name):
    command = console.get_command(None, name)

    assert command is not None
    assert command.help


def test_an_unknown_command_is_refused_as_usage():
    shown = run("-m", "tiktok_api", "publish")

    assert shown.returncode == 2
    assert "No such command 'publish'" in shown.stderr


@pytest.mark.parametrize("command", [["users", "list"], ["serve"], ["worker"], ["upgrade"], ["jobs", "dead"]])
def test_wrong_settings_are_a_paragraph(command, tmp_path):
    environment = {"SECRET_KEY": "short", "DATABASE_URL": "nonsense", "HOME": str(tmp_path)}

    shown = run("-m", "tiktok_api", *command, cwd=tmp_path, env=environment | {"PYTHONPATH": sys.path[0]})

    assert shown.returncode == 1
    assert "Traceback" not in shown.stderr
    for name in ("SECRET_KEY", "DATABASE_URL", "TIKTOK_CLIENT_KEY", "TIKTOK_CLIENT_SECRET"):
        assert name in shown.stderr


def test_a_database_without_tables_is_a_sentence(tmp_path):
    environment = {
        "SECRET_KEY": "a secret for tests, forty characters long",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}",
        "STORAGE_URL": f"file://{tmp_path / 'media'}",
        "TIKTOK_CLIENT_KEY": "key",
        "TIKTOK_CLIENT_SECRET": "secret",
    }

    shown = run("-m", "tiktok_api", "users", "list", cwd=tmp_path, env=environment | {"PYTHONPATH": sys.path[0]})

    assert shown.returncode == 1
    assert "run `tiktok-api upgrade` first" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_doctor_prints_json_for_programs(tmp_path):
    environment = {"SECRET_KEY": "short", "HOME": str(tmp_path), "PYTHONPATH": sys.path[0]}

    shown = run("-m", "tiktok_api", "doctor", "--json", cwd=tmp_path, env=environment)

    document = json.loads(shown.stdout)
    assert (shown.returncode, document["status"]) == (1, "failed")
    assert "SECRET_KEY" in "".join(finding["message"] for finding in document["findings"])
