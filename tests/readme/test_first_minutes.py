"""A stranger pastes the README, block by block, while `make run` or `make demo` serves."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.local_stack import clean_environment, serving
from tests.readme.script import TOOLS, blocks, copy_repository, paste, require_tools
from tests.servers import wait_until

pytestmark = pytest.mark.xdist_group("local stack")  # two at once would want the same port

VARIABLES = ["TOKEN", "ACCOUNT", "MEDIA", "POST", "UPLOADED", "PHOTO", "CONVERTED", "IMPORTED", "OFFSET", "HALF"]


def make_clone(folder: Path) -> Path:
    """A fresh clone in which `make` has installed what the server runs on."""
    require_tools(*TOOLS)
    copy_repository(folder)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clone(tmp_path_factory.mktemp("readme") / "clone")


@pytest.fixture(scope="module")
def server(clone: Path) -> Iterator[str]:
    with serving(clone, is_copy=True) as stack:
        yield stack.url


def paste_everything(clone: Path, server: str) -> "Reader":
    environment = clean_environment(API=f"{server}/api/v1", XDG_CACHE_HOME=str(clone / "cache"))
    return Reader(server, paste(blocks("bash"), clone, environment, VARIABLES))


class Reader:
    """What a reader has in their shell after the last block, and the API as they see it."""

    def __init__(self, server: str, variables: dict[str, str]) -> None:
        self.server, self.variables = server, variables

    def get(self, path: str) -> Any:
        response = self.ask(path)
        assert response.status_code == 200, response.text
        return response.json()

    def ask(self, path: str) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.variables['TOKEN']}"}
        url = f"{self.server}/api/v1{path.format(**self.variables)}"
        return httpx2.get(url, headers=headers, trust_env=False, timeout=30)

    def inspected(self, name: str) -> dict[str, Any]:
        media = f"/media/{self.variables[name]}"
        wait_until(lambda: self.get(media)["status"] not in ("uploading", "inspecting"), seconds=60)
        found: dict[str, Any] = self.get(media)
        return found


def check_outcomes(reader: Reader) -> None:
    account = reader.get("/accounts/{ACCOUNT}")
    assert (account["username"], account["status"]) == ("margaret", "active")
    post = reader.get("/posts/{POST}")
    assert (post["status"], post["targets"][0]["state"]) == ("scheduled", "scheduled")
    away = datetime.fromisoformat(post["publish_at"]) - datetime.now(UTC)
    assert timedelta(days=29) < away <= timedelta(days=30)
    assert reader.variables["OFFSET"] == reader.variables["HALF"]
    assert reader.inspected("MEDIA")["status"] == "ready"
    assert reader.inspected("PHOTO")["status"] == "ready"
    assert reader.inspected("CONVERTED")["content_type"] == "image/jpeg"
    assert reader.inspected("IMPORTED")["status"] == "ready"
    assert reader.ask("/media/{UPLOADED}").status_code == 404, "the last step by tus deletes it"


@pytest.fixture(scope="module")
def first_reader(clone: Path, server: str) -> Reader:
    return paste_everything(clone, server)


def test_each_block_runs_when_pasted_after_the_one_above(first_reader):
    check_outcomes(first_reader)


def test_everything_can_be_pasted_again_with_the_same_address(first_reader, clone, server):
    second_reader = paste_everything(clone, server)

    check_outcomes(second_reader)
    assert second_reader.variables["ACCOUNT"] == first_reader.variables["ACCOUNT"]
    assert second_reader.variables["POST"] != first_reader.variables["POST"]


def test_each_block_runs_while_the_demo_serves(tmp_path):
    clone = make_clone(tmp_path / "clone")
    with serving(clone, "demo", is_copy=True) as stack:
        reader = paste_everything(clone, stack.url)

        check_outcomes(reader)


@pytest.mark.long
def test_each_block_runs_in_a_clone_where_make_installs_everything(tmp_path):
    require_tools(*TOOLS, "make")
    clone = copy_repository(tmp_path / "clone")
    with serving(clone, is_copy=True, program=("make", "run")) as stack:
        reader = paste_everything(clone, stack.url)

        check_outcomes(reader)


def test_the_readme_names_every_tool_that_its_blocks_use():
    named = (Path(__file__).parents[2] / "README.md").read_text()

    missing = [tool for tool in TOOLS if f"`{tool}`" not in named and tool != "bash"]

    assert not missing
