"""The README's production section, run as a script in a clean folder, with PostgreSQL, Redis and the simulator as TikTok."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psutil
import pytest

from tests.databases import new_database
from tests.local_stack import clean_environment
from tests.readme.script import blocks, copy_repository, require_tools
from tests.servers import free_port, wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.xdist_group("production")]

SECTION = "Run it"


@pytest.fixture
def production_database(postgresql_server: str) -> str:
    """A PostgreSQL database of its own, without a table."""
    return new_database(postgresql_server, "production")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fresh clone, whose virtual environment finds the libraries that are installed for the tests."""
    require_tools("bash", "curl")
    clone = copy_repository(tmp_path / "clone")
    subprocess.run([sys.executable, "-m", "venv", str(clone / ".venv")], check=True)
    (packages,) = (clone / ".venv").glob("lib/python*/site-packages")
    (packages / "shared.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return clone


@pytest.fixture
def clone_alone(tmp_path: Path) -> Path:
    """A fresh clone and nothing else: everything is installed from the package index."""
    require_tools("bash", "curl")
    return copy_repository(tmp_path / "clone")


@pytest.fixture
def settings(production_database: str, redis_server: str, simulator) -> dict[str, str]:
    """What an operator fills in; the last ones put the simulator in TikTok's place."""
    port = free_port()
    return {
        "SECRET_KEY": "0123456789abcdef" * 4,
        "DATABASE_URL": production_database,
        "REDIS_URL": redis_server,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TIKTOK_CLIENT_KEY": "awsimclient0001",
        "TIKTOK_CLIENT_SECRET": "sim-client-secret-0001",
        "REGISTRATION": "closed",
        "BIND": f"127.0.0.1:{port}",
        "TIKTOK_APP_TYPE": "desktop",
        "TIKTOK_ALLOW_HTTP": "true",
        "TIKTOK_API_URL": simulator.url,
        "TIKTOK_AUTHORIZE_URL": f"{simulator.url}/v2/auth/authorize/",
    }


def fill_in(file: Path, settings: dict[str, str]) -> None:
    """Write settings where the example has them, or at the end."""
    content = file.read_text()
    for name, value in settings.items():
        line = f"{name}={value}"
        content, count = re.subn(rf"^{name}=.*$", lambda _, line=line: line, content, flags=re.MULTILINE)
        content += "" if count else f"\n{line}\n"
    file.write_text(content)


def run_block(block: str, folder: Path, environment: dict[str, str]) -> str:
    """Run a block as a script that stops at the first failure; returns what was printed."""
    output = folder / "output.log"
    with output.open("ab+") as out:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            timeout=900,
            check=False,
        )
    printed = output.read_text(errors="replace")
    assert done.returncode == 0, printed[-6000:]
    return printed


@contextlib.contextmanager
def stopped_afterwards(folder: Path) -> Iterator[None]:
    """Whatever the script has left running in this folder is stopped, as a supervisor would."""
    try:
        yield
    finally:
        ours = [process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == str(folder)]
        for process in ours:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGTERM)
        _, alive = psutil.wait_procs(ours, timeout=40)
        for process in alive:
            process.kill()


def put_into_production(folder: Path, settings: dict[str, str], simulator, **more: str) -> None:
    """Run the section as it stands; then a user connects an account and the worker reads it."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = clean_environment(PATH=path, BIND=settings["BIND"], **more)
    install, start = blocks("sh", section=SECTION)

    run_block(install, folder, environment)
    fill_in(folder / ".env", settings)
    with stopped_afterwards(folder):
        printed = run_block(start, folder, environment)
        password = re.search(r"^password +(\S+)$", printed, flags=re.MULTILINE)
        assert password, printed

        api = httpx2.Client(base_url=f"{settings['PUBLIC_URL']}/api/v1", trust_env=False, timeout=30)
        with api:
            use_it(api, password[1], simulator)


def use_it(api: httpx2.Client, password: str, simulator) -> None:
    """Sign in as the user that the section has created, connect an account, and see that the worker reads it."""
    refused = api.post("/auth/register", json={"email": "eve@example.com", "password": "correct horse battery"})
    assert refused.status_code == 403, "registration is closed"
    tokens = api.post("/auth/login", json={"email": "you@example.com", "password": password}).json()
    api.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    begun = api.post("/accounts/connect", json={}).json()
    back = simulator.control.consent(begun["authorize_url"], "ada")
    assert httpx2.get(back, trust_env=False).status_code == 200
    account_id = api.get(f"/accounts/connections/{begun['id']}").json()["account_id"]
    assert api.post(f"/accounts/{account_id}/sync").status_code == 202
    wait_until(lambda: api.get(f"/accounts/{account_id}").json()["synced_at"], seconds=60)


def test_the_section_runs_line_by_line(folder, settings, simulator):
    put_into_production(folder, settings, simulator, PIP_NO_DEPS="1")


@pytest.mark.long
def test_the_section_runs_line_by_line_with_everything_from_the_package_index(clone_alone, settings, simulator):
    put_into_production(clone_alone, settings, simulator)
