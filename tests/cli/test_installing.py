"""pip install ."""

import re
import subprocess
import sys
import sysconfig
from importlib.metadata import Distribution
from pathlib import Path

import httpx2
import pytest

from tests.local_stack import ROOT, clean_environment
from tests.readme.script import copy_repository
from tests.servers import free_port, wait_until

pytestmark = pytest.mark.xdist_group("installed")


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the product installed into it; libraries are those of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    clone = copy_repository(folder / "clone")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    (packages / "shared.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    command = [folder / "venv/bin/pip", "install", "--disable-pip-version-check", "--quiet", "--no-deps", "."]
    done = subprocess.run(command, cwd=clone, env=clean_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "venv"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return clean_environment(
        SECRET_KEY="a secret for tests, forty characters long",
        TIKTOK_CLIENT_KEY="key",
        TIKTOK_CLIENT_SECRET="secret",
        DATABASE_URL=f"sqlite:///{tmp_path / 'new.sqlite3'}",
        STORAGE_URL=f"file://{tmp_path / 'media'}",
        MAIL_URL=f"file://{tmp_path / 'mail'}",
    )


def run(venv: Path, folder: Path, environment: dict[str, str], *arguments: str):
    command = [venv / "bin/tiktok-api", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_command_works_in_any_folder(venv, tmp_path, environment):
    upgraded = run(venv, tmp_path, environment, "upgrade")
    created = run(venv, tmp_path, environment, "users", "create", "ada@example.com", "--generate")

    assert upgraded.returncode == 0, upgraded.stderr
    assert created.returncode == 0, created.stderr


def test_an_installed_server_uses_its_own_templates(venv, tmp_path, environment):
    decoy = tmp_path / "tiktok_api"
    decoy.mkdir()
    (decoy / "__init__.py").write_text("raise SystemExit('this is another copy')\n")
    traces = tmp_path / "tiktok_api.egg-info"  # pip leaves such a folder where it has built
    traces.mkdir()
    (traces / "PKG-INFO").write_text("Metadata-Version: 2.4\nName: tiktok-api\nVersion: 0.1.0\n")
    run(venv, tmp_path, environment, "upgrade")
    url = f"http://127.0.0.1:{free_port()}"

    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(
            [venv / "bin/tiktok-api", "serve", "--bind", url.removeprefix("http://")],
            cwd=tmp_path,
            env=environment,
            stdout=log,
            stderr=log,
        ) as server,
    ):
        try:
            wait_until(lambda: answers(f"{url}/livez") or server.poll() is not None, seconds=60)
            assert server.poll() is None, (tmp_path / "log").read_text()
            shown = [httpx2.get(f"{url}{path}", trust_env=False).status_code for path in PAGES]
        finally:
            server.terminate()

    assert shown == [200] * len(PAGES)


PAGES = ("/docs", "/docs/swagger", "/docs/problems", "/openapi.json")


def answers(url: str) -> bool:
    try:
        return httpx2.get(url, trust_env=False).is_success
    except httpx2.HTTPError:
        return False


def test_it_requires_what_was_chosen_as_it_is_pinned(venv):
    (info,) = venv.glob("lib/python*/site-packages/tiktok_api-*.dist-info")

    required = Distribution.at(info).requires or []

    pinned = re.findall(r"^([A-Za-z0-9_.\[\]-]+==[^\s#]+)", (ROOT / "requirements.in").read_text(), re.MULTILINE)
    assert pinned
    assert sorted(required) == sorted(pinned)


def test_every_file_of_the_package_is_installed(venv):
    (packages,) = venv.glob("lib/python*/site-packages")

    wanted = {file.relative_to(ROOT) for file in (ROOT / "tiktok_api").rglob("*") if file.is_file()}
    missing = {str(file) for file in wanted if file.suffix != ".pyc" and not (packages / file).is_file()}

    assert wanted
    assert not missing
