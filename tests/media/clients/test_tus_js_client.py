"""tus-js-client, the client that browsers use, unmodified: with each of its options, through cuts and a server that dies"""

import json
from pathlib import Path

import pytest

from tests import storages
from tests.media.clients import tus_js_client
from tests.media.clients.arrival import MEBIBYTE, assert_arrived
from tests.media.clients.cutting_proxy import CuttingProxy
from tests.media.live_server import Stage, staged
from tiktok_api.cli.sample_video import make_sample_video

pytestmark = pytest.mark.xdist_group("media server")

SIZE = 3 * MEBIBYTE + 1
PATIENT = {"retryDelays": [200] * 200}


@pytest.fixture(scope="session")
def client_folder() -> Path:
    return tus_js_client.installed()


@pytest.fixture
def video(tmp_path):
    return make_sample_video(tmp_path / "video.mp4", seconds=1, pad_to_bytes=SIZE)


@pytest.fixture
def send(client_folder, stage, tmp_path):
    """Run the client once: `send(path, proxy, chunkSize=…)` answers what it said last."""

    def send(path: Path, through: CuttingProxy, *, stream: bool = False, **options):
        return tus_js_client.run(
            client_folder,
            seconds=600,
            file=str(path),
            endpoint=f"{through.url}/api/v1/media/uploads",
            token=stage.owner.tokens["access_token"],
            storage=str(tmp_path / "urls.json"),
            stream=stream,
            options=PATIENT | options,
        )

    return send


def id_of(said) -> str:
    assert "url" in said[-1], said
    return str(said[-1]["url"].rpartition("/")[2])


def last_offset(said) -> int:
    """Where it went on the last time."""
    return int([each["offset"] for each in said if each.get("method") == "HEAD"][-1])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunkSize": 500_000},
        {"chunkSize": 500_000, "uploadDataDuringCreation": True},
        {"chunkSize": 500_000, "uploadLengthDeferred": True, "stream": True},
        {"overridePatchMethod": True, "addRequestId": True},
    ],
    ids=lambda options: "+".join(options) or "nothing",
)
def test_it_resumes_by_itself_after_cuts(stage, video, send, options):
    with CuttingProxy(stage.server.port, cuts=[SIZE // 2, SIZE - 100_000]) as proxy:
        said = send(video, proxy, **options)

    assert proxy.cuts == []
    assert last_offset(said) > SIZE // 2
    assert stage.owner.get(f"/media/{id_of(said)}").json["name"] == "clip – été.mp4"
    assert_arrived(stage, id_of(said), video)


def test_it_resumes_by_itself_after_the_server_was_killed(stage, video, send):
    def die_and_come_back():
        stage.server.kill()
        stage.server.start()

    with CuttingProxy(stage.server.port, cuts=[2 * MEBIBYTE], accident=die_and_come_back) as proxy:
        said = send(video, proxy)

    assert_arrived(stage, id_of(said), video)


def test_it_resumes_although_the_server_did_not_notice_the_cut(sqlite_template, tmp_path, client_folder, video):
    """Its own pauses are 0, 1, 3 and 5 seconds; by itself this server would wait for ten minutes."""
    with (
        staged(sqlite_template, tmp_path, storages.files(tmp_path), UPLOAD_STALL_SECONDS="600") as stage,
        CuttingProxy(stage.server.port, cuts=[2 * MEBIBYTE], is_silent=True) as proxy,
    ):
        said = tus_js_client.run(
            client_folder,
            file=str(video),
            endpoint=f"{proxy.url}/api/v1/media/uploads",
            token=stage.owner.tokens["access_token"],
            storage=str(tmp_path / "urls.json"),
            options={},
        )

        assert_arrived(stage, id_of(said), video)


def test_it_resumes_another_day_with_the_url_that_it_remembered(stage, video, send, tmp_path):
    with CuttingProxy(stage.server.port, cuts=[2 * MEBIBYTE]) as proxy:
        first = send(video, proxy, retryDelays=[])
        remembered = json.loads((tmp_path / "urls.json").read_text())

        second = send(video, proxy, removeFingerprintOnSuccess=True)

    assert "error" in first[-1]
    assert len(remembered) == 1
    assert second[0] == {"previous": 1}
    assert last_offset(second) > MEBIBYTE
    assert json.loads((tmp_path / "urls.json").read_text()) == {}
    assert_arrived(stage, id_of(second), video)


def test_an_upload_that_is_gone_is_begun_anew(stage, video, send):
    with CuttingProxy(stage.server.port, cuts=[2 * MEBIBYTE]) as proxy:
        send(video, proxy, retryDelays=[])
        for media in stage.owner.get("/media?status=uploading").json["data"]:
            assert stage.owner.delete(f"/media/{media['id']}").status_code == 204

        said = send(video, proxy)

    assert_arrived(stage, id_of(said), video)


def test_parts_in_parallel_are_refused_at_once_with_a_reason(stage, video, send):
    before = stage.owner.get("/media?include_total=true").json["total"]

    with CuttingProxy(stage.server.port, cuts=[]) as proxy:
        said = send(video, proxy, parallelUploads=2)

    assert said[-1]["status"] == 400
    assert "Upload-Concat" in json.loads(said[-1]["body"])["detail"]
    assert stage.owner.get("/media?include_total=true").json["total"] == before


@pytest.mark.long
@pytest.mark.parametrize("options", [{}, {"chunkSize": 20 * MEBIBYTE}], ids=["whole", "chunks"])
def test_500_megabytes_arrive_through_cuts_and_a_server_that_dies(stage: Stage, tmp_path, send, options):
    path = make_sample_video(tmp_path / "video.mp4", seconds=1, pad_to_bytes=500 * MEBIBYTE)

    def die_and_come_back():
        stage.server.kill()
        stage.server.start()

    cuts = [100 * MEBIBYTE, 333 * MEBIBYTE]
    with CuttingProxy(stage.server.port, cuts=cuts, accident=die_and_come_back) as proxy:
        said = send(path, proxy, **options)

    assert last_offset(said) > 200 * MEBIBYTE
    assert_arrived(stage, id_of(said), path)
