"""One server for all generated clients, in a process of its own, and the document as it hands it out."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests import node_packages, storages
from tests.media.server_process import Server, environment_of
from tiktok_api.cli.sample_video import make_sample_video

SOURCES = Path(__file__).parent


@dataclass
class Served:
    """The server, where its document lies, and a video to upload."""

    server: Server
    document: Path
    video: Path

    @property
    def operation_ids(self) -> set[str]:
        paths = json.loads(self.document.read_text())["paths"].values()
        return {each["operationId"] for item in paths for each in item.values() if isinstance(each, dict)}

    def must_have(self, said: dict[str, Any]) -> None:
        """What a client says it did, held against what the server has."""
        headers = {"Authorization": f"Bearer {said['access_token']}"}
        api = f"{self.server.url}/api/v1"
        media = requests.get(f"{api}/media/{said['media_id']}", headers=headers, timeout=30).json()
        post = requests.get(f"{api}/posts/{said['post_id']}", headers=headers, timeout=30).json()

        assert (media["name"], media["size_bytes"]) == (self.video.name, self.video.stat().st_size)
        assert media["sha256"] == hashlib.sha256(self.video.read_bytes()).hexdigest()
        assert post["media_ids"] == [said["media_id"]]
        assert (post["caption"], post["privacy_level"], post["status"]) == (said["caption"], "SELF_ONLY", "draft")
        assert said["listed"] == [said["post_id"]]
        assert said["total"] == 1
        assert said["refused_with"] == "not_found"


@pytest.fixture(scope="session")
def served(sqlite_template: Path, simulator_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("generated")
    database = folder / "test.sqlite3"
    database.write_bytes(sqlite_template.read_bytes())
    environment = environment_of(
        f"sqlite:///{database}",
        folder,
        TIKTOK_ALLOW_HTTP="true",
        TIKTOK_API_URL=simulator_server.url,
        TIKTOK_AUTHORIZE_URL=f"{simulator_server.url}/v2/auth/authorize/",
        **storages.files(folder),
    )
    server = Server(environment, folder / "server.log")
    environment["PUBLIC_URL"] = server.url  # clients that are told no address take it from the document
    with server:
        document = folder / "openapi.json"
        document.write_text(requests.get(f"{server.url}/openapi.json", timeout=60).text)
        yield Served(server, document, make_sample_video(folder / "launch.mp4", seconds=1))


@pytest.fixture(scope="session")
def node_folder() -> Path:
    return node_packages.installed(SOURCES / "typescript", "generated-clients")
