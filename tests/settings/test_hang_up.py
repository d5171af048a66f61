"""SIGHUP: gunicorn's next processes have the settings of that moment, and settings that are wrong then change nothing."""

import os
import signal
import subprocess

import pytest
import requests

from tests.servers import free_port, wait_until
from tests.settings.processes import GUNICORN, REQUIRED, status_of

_FACTORY = ("gunicorn", *GUNICORN[1:3], "tiktok_api.app:create_app_or_exit()")


def has_header(url: str) -> bool:
    try:
        return "Strict-Transport-Security" in requests.get(url, timeout=10).headers
    except requests.RequestException:
        return False


def children_of(pid: int) -> set[str]:
    return set(subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout.split())


@pytest.mark.parametrize("command", [GUNICORN, _FACTORY], ids=["wsgi.py", "the factory"])
def test_new_processes_have_new_settings_and_wrong_ones_change_nothing(folder, command):
    port = free_port()
    url = f"http://127.0.0.1:{port}/livez"
    folder.fill_in(**REQUIRED, BIND=f"127.0.0.1:{port}", PUBLIC_URL="http://a.example.com")

    with folder.running(*command) as master:

        def hang_up(**settings: str) -> None:
            folder.fill_in(**REQUIRED, BIND=f"127.0.0.1:{port}", **settings)
            os.kill(master.pid, signal.SIGHUP)

        wait_until(lambda: status_of(url) == 200, seconds=90)
        had_it_before = has_header(url)
        hang_up(PUBLIC_URL="https://a.example.com")
        wait_until(lambda: has_header(url), seconds=90)

        def is_replaced(before: set[str]) -> bool:
            now = children_of(master.pid)
            return master.poll() is not None or (len(now) == 1 and not now & before)

        wait_until(lambda: len(children_of(master.pid)) == 1, seconds=90)
        before = children_of(master.pid)
        hang_up(PUBLIC_URL="not a URL")
        wait_until(lambda: is_replaced(before), seconds=90)
        wait_until(lambda: master.poll() is not None or status_of(url) == 200, seconds=90)

        assert not had_it_before
        assert master.poll() is None
        assert has_header(url)
        assert "PUBLIC_URL: " in (folder.path / "log").read_text()
