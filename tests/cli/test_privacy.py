"""Processes keep their files and their memory to themselves"""

import json
import os
import stat
import subprocess
import sys

import pytest

from tests.media.server_process import ROOT, environment_of
from tiktok_api.process.privacy import keep_private
from tiktok_api.storage.factory import storage_from_url

REPORT = """
import ctypes, json, os, sys
is_dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
sys.stdout.write(json.dumps([is_dumpable, os.umask(0)]))
"""
STARTS = {
    "any WSGI server": "import wsgi",
    "gunicorn": "import tiktok_api.gunicorn_config",
    "a command": """
from contextlib import suppress
import io, sys
from tiktok_api.cli.main import main
sys.argv, out, sys.stdout = ["tiktok-api", "--version"], sys.stdout, io.StringIO()
with suppress(SystemExit):
    main()
sys.stdout = out
""",
}
UNPRIVILEGED = 65_534


@pytest.mark.parametrize("start", STARTS)
def test_every_process_hides_its_memory_and_makes_private_files(tmp_path, start):
    environment = environment_of(f"sqlite:///{tmp_path}/private.sqlite3", tmp_path) | {"PYTHONPATH": str(ROOT)}

    done = subprocess.run(
        [sys.executable, "-c", STARTS[start] + REPORT], cwd=tmp_path, env=environment, capture_output=True, check=True
    )

    assert json.loads(done.stdout) == [0, 0o077]


def test_no_process_of_the_same_user_reads_its_memory():
    ready, say = os.pipe()
    secretive = os.fork()
    if secretive == 0:
        try:
            _drop_privileges()
            keep_private()
            os.write(say, b"1")
            os.read(os.pipe()[0], 1)
        finally:
            os._exit(0)
    os.read(ready, 1)

    curious = os.fork()
    if curious == 0:
        _drop_privileges()
        os._exit(_refusals(f"/proc/{secretive}/mem", f"/proc/{secretive}/environ", f"/proc/{secretive}/maps"))
    refusals = os.waitstatus_to_exitcode(os.waitpid(curious, 0)[1])
    os.kill(secretive, 9)
    os.waitpid(secretive, 0)

    assert refusals == 3


def _drop_privileges():
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED)
        os.setresuid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED)


def _refusals(*paths):
    found = 0
    for path in paths:
        try:
            os.close(os.open(path, os.O_RDONLY))
        except PermissionError:
            found += 1
    return found


def test_what_a_command_writes_is_for_its_user_alone(tmp_path):
    environment = environment_of(f"sqlite:///{tmp_path}/data/private.sqlite3", tmp_path)
    environment |= {"MAIL_URL": (tmp_path / "mail").as_uri(), "PYTHONPATH": str(ROOT)}
    for command in (["upgrade"], ["users", "create", "ada@example.com", "--generate"]):
        subprocess.run(
            [sys.executable, "-m", "tiktok_api", *command],
            cwd=tmp_path,
            env=environment,
            check=True,
            capture_output=True,
            umask=0o022,
        )

    made = [path for path in tmp_path.rglob("*") if path.name != "__pycache__"]

    assert tmp_path / "data/private.sqlite3" in made
    assert {str(path): oct(path.stat().st_mode) for path in made if path.stat().st_mode & 0o077} == {}


@pytest.mark.parametrize(("is_shared", "modes"), [(False, {0o700, 0o400}), (True, {0o750, 0o440})])
def test_media_are_for_a_group_only_where_nginx_hands_them_out(tmp_path, is_shared, modes):
    before = os.umask(0o077)
    try:
        storage = storage_from_url((tmp_path / "media").as_uri(), is_shared=is_shared)
        put, appended = storage.new_key(), storage.new_key()
        storage.put(put, b"content")
        storage.create(appended)
        with storage.append(appended) as writer:
            writer.write(b"content")
            writer.flush()
        for key in (put, appended):
            storage.finalize(key, size=7)
    finally:
        os.umask(before)

    found = list((tmp_path / "media").rglob("*"))
    assert len(found) >= 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in [tmp_path / "media", *found]} == modes


def test_a_folder_that_a_crash_left_closed_is_opened_for_nginx(tmp_path):
    storage = storage_from_url((tmp_path / "media").as_uri(), is_shared=True)
    key = storage.new_key()
    closed = tmp_path / "media" / key[:2]
    closed.mkdir(mode=0o700)

    storage.create(key)

    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (closed, closed / key[2:4])} == {0o750}
