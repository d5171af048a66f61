"""openapi-python-client makes a client that registers, uploads, lists and drafts a post."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.generated.conftest import SOURCES, Served

pytestmark = pytest.mark.xdist_group("media server")
PACKAGE = "generated_client"


def run(*command: str, folder: Path) -> str:
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(folder),
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the generated package is."""
    folder = tmp_path_factory.mktemp("python-client")
    generator = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
    paths = ["--path", str(served.document), "--output-path", PACKAGE, "--config", str(SOURCES / "python_config.yml")]
    run(*generator, *paths, folder=folder)
    return folder


def test_it_has_a_function_for_every_operation(served, folder):
    modules = {path.stem for path in (folder / PACKAGE / "api").glob("*/*.py")} - {"__init__"}

    assert len(modules) > 60
    assert modules == served.operation_ids


def test_a_program_of_its_uploads_lists_and_creates(served, folder):
    said = run(sys.executable, str(SOURCES / "python_program.py"), served.server.url, str(served.video), folder=folder)

    served.must_have(json.loads(said))
