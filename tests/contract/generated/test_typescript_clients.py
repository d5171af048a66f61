"""openapi-typescript, @hey-api/openapi-ts and orval make clients that compile strictly, upload, list and draft a post."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import node_packages
from tests.contract.generated.conftest import SOURCES, Served

pytestmark = pytest.mark.xdist_group("media server")

Generate = Callable[[Path, Path], None]


def openapi_typescript(folder: Path, document: Path) -> None:
    command = str(folder / "node_modules/openapi-typescript/bin/cli.js")
    node_packages.node(command, str(document), "--output", "generated/openapi_typescript.d.ts", cwd=folder)


def hey_api(folder: Path, document: Path) -> None:
    command = str(folder / "node_modules/@hey-api/openapi-ts/bin/run.js")
    options = ["--output", "generated/hey_api", "--client", "@hey-api/client-fetch", "--no-log-file"]
    node_packages.node(command, "--input", str(document), *options, cwd=folder)


def orval(folder: Path, document: Path) -> None:
    command = str(folder / "node_modules/orval/dist/bin/orval.mjs")
    environment = os.environ | {"DOCUMENT": str(document)}
    node_packages.node(command, "--config", "orval.config.mjs", cwd=folder, env=environment)


@pytest.fixture
def folder(node_folder: Path, tmp_path: Path) -> Path:
    """An empty project with the packages at hand."""
    shutil.copytree(SOURCES / "typescript", tmp_path, dirs_exist_ok=True)
    (tmp_path / "node_modules").symlink_to(node_folder / "node_modules")
    return tmp_path


@pytest.mark.parametrize(
    ("generate", "program"),
    [(openapi_typescript, "openapi_fetch"), (hey_api, "hey_api"), (orval, "orval")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_program_compiles_strictly_uploads_lists_and_creates(
    served: Served, folder: Path, generate: Generate, program: str
):
    generate(folder, served.document)
    configuration = json.loads((folder / "tsconfig.json").read_text())
    (folder / "tsconfig.json").write_text(json.dumps(configuration | {"files": [f"{program}.ts"]}))

    node_packages.node(str(folder / "node_modules/typescript/bin/tsc"), "--project", ".", cwd=folder)
    said = node_packages.node(f"compiled/{program}.js", served.server.url, str(served.video), cwd=folder)

    served.must_have(json.loads(said))
