"""A world in a state file survives its process, however the process ends, and is never lost silently."""

import json

import pytest

from tests.servers import wait_until
from tests.simulator import media_files
from tests.simulator.app_client import AppClient, ConnectedAccount, chunks, sha256
from tests.simulator.simulator_process import refused, started


@pytest.fixture
def state(tmp_path):
    return tmp_path / "world" / "tiktok.json"


def saved(state, text):
    """Wait until the file contains a text."""
    wait_until(lambda: state.exists() and text in state.read_text())


def mark(process, state):
    """Make a last change, and wait until it is in the file; then all earlier changes are in it too."""
    process.control.change_creator("grace", bio="the last change")
    saved(state, "the last change")


def test_a_killed_world_continues_from_its_last_state(state, session):
    video, large = media_files.video(), media_files.padded(media_files.video(), 15_000_000)
    with started("--state", state, "--seed", 5) as first:
        first.control.set_clock("2030-01-01T00:00:00Z")
        client = AppClient(first, session)
        ada = client.connect("ada")
        first.control.add_creator("newton", follower_count=77)
        first.control.add_app("another", scopes=["video.list"])
        first.control.knobs(rotation="never", post_cap=3)
        first.control.mischief("cancel", "drop", nth=4)
        live = ada.publish(video, title="before")
        first.control.advance(60)
        half = ada.init(chunks(len(large), 5_000_000, 3)).json()["data"]
        ada.put(half["upload_url"], large[:5_000_000], total=len(large))
        code = client.consent("grace")["code"]
        before = first.control.state()
        mark(first, state)
        first.kill()

    with started("--state", state) as second:
        client = AppClient(second, session)
        ada = ConnectedAccount(client, "ada", ada.tokens)
        after = second.control.state()
        upload_url = half["upload_url"].replace(first.url, second.url)
        for begin in (5_000_000, 10_000_000):
            last = ada.put(upload_url, large[begin : begin + 5_000_000], begin, len(large))
        second.control.advance(60)
        status, media = ada.status(half["publish_id"]), second.control.media(live)
        tokens = client.exchange(code).json()
        second.stop()

    assert (after["knobs"], after["mischief"], after["apps"]) == (before["knobs"], before["mischief"], before["apps"])
    assert [each["username"] for each in after["creators"]] == [each["username"] for each in before["creators"]]
    assert after["creators"][-1]["follower_count"] == 77
    assert after["publications"] == before["publications"]
    assert [each["publish_id"] for each in after["live"]] == [live]
    assert after["clock"]["now"] >= before["clock"]["now"] > "2030-01-01T00:01"
    assert (last.status_code, status["status"], media) == (201, "PUBLISH_COMPLETE", video)
    assert "access_token" in tokens
    assert after["publications"][0]["sha256"] == sha256(video)


def test_unfinished_work_is_resumed(state, session, host):
    url = host.host("/clip.mp4", media_files.video())
    host.always = 503
    with started("--state", state, "--webhook-url", f"{host.url}/hook") as first:
        first.control.freeze()
        first.control.knobs(pull_delay_seconds=5)
        client = AppClient(first, session)
        ada = client.connect("ada")
        pulled = ada.init({"source": "PULL_FROM_URL", "video_url": url}).json()["data"]["publish_id"]
        moderated = ada.publish()
        first.control.advance(3)
        first.control.settle()
        mark(first, state)
        first.kill()

    host.always = 200
    del host.received[:]
    with started("--state", state) as second:
        second.control.advance(5)
        second.control.settle()
        second.control.advance(60)
        second.control.settle()
        ended = {each["publish_id"]: each["status"] for each in second.control.publications()}
        told = [json.loads(body) for _, body in host.received]
        errors = second.stop()

    assert ended == {pulled: "PUBLISH_COMPLETE", moderated: "PUBLISH_COMPLETE"}
    assert {(each["event"], json.loads(each["content"])["publish_id"]) for each in told} == {
        (f"post.publish.{event}", publish_id)
        for event in ("complete", "publicly_available")
        for publish_id in (pulled, moderated)
    }
    assert errors == ""


def test_an_interrupted_inspection_is_repeated(state, session):
    with started("--state", state) as first:
        ada = AppClient(first, session).connect("ada")
        publish_id = ada.publish()
        mark(first, state)
        first.kill()
    document = json.loads(state.read_text())
    world = document["world"]
    world["agenda"] = [each for each in world["agenda"] if each[1] != "conclude"]
    world["publications"][0] |= {"status": "PROCESSING_UPLOAD", "video_ids": [], "probe": {}, "finished_at": None}
    text = json.dumps(world, separators=(",", ":"))
    state.write_text(json.dumps({**document, "sha256": sha256(text.encode()), "world": world}))

    with started("--state", state) as second:
        second.control.settle(60)
        second.control.advance(60)
        publication = second.control.publication(publish_id)

    assert (publication["status"], publication["probe"]["codec"]) == ("PUBLISH_COMPLETE", "h264")


def test_every_change_is_saved(state):
    with started("--state", state) as process:
        for change, trace in (
            (lambda: process.control.mischief("cancel", "drop", message="one rule"), "one rule"),
            (lambda: process.control.knobs(code_seconds=98_765), "98765"),
            (lambda: process.control.knobs(seed=87_654), "87654"),
            (lambda: process.control.change_app("awsimclient0001", name="another name"), "another name"),
            (lambda: process.control.send_webhook("awsimclient0001", "an.event"), "an.event"),
            (lambda: process.control.seed_videos("ada", title="one more post"), "one more post"),
        ):
            change()
            saved(state, trace)
        process.kill()


def test_a_frozen_clock_stays_frozen(state):
    with started("--state", state) as first:
        first.control.set_clock("2031-05-05T05:05:05Z")
        frozen = first.control.freeze()["now"]
        first.stop()

    with started("--state", state) as second:
        assert second.control.clock()["now"] == frozen
        assert second.control.freeze(False)["frozen"] is False


def test_stopping_saves_and_a_reset_is_saved_too(state, session):
    with started("--state", state) as first:
        AppClient(first, session).connect("ada").publish()
        first.stop()
    with started("--state", state) as second:
        kept = len(second.control.publications())
        second.control.reset()
        second.stop()
    with started("--state", state) as third:
        left = third.control.publications()
        third.stop()

    assert (kept, left) == (1, [])
    assert list(state.with_name("tiktok.json.media").iterdir()) == []


def test_options_of_the_command_line_win_over_saved_ones(state):
    with started("--state", state, "--webhook-url", "http://127.0.0.1:1/a", "--knob", "post_cap=3") as first:
        first.control.knobs(post_cap=4, code_seconds=77)
        first.stop()

    with started("--state", state, "--webhook-url", "http://127.0.0.1:2/b", "--knob", "post_cap=5") as second:
        knobs, apps = second.control.knobs(), second.control.apps()
        second.stop()

    assert (knobs["post_cap"], knobs["code_seconds"]) == (5, 77)
    assert {app["webhook_url"] for app in apps} == {"http://127.0.0.1:2/b"}


def changed(document, **values):
    return json.dumps({**document, **values})


DAMAGES = {
    "empty": lambda text: "",
    "no JSON": lambda text: "hello",
    "cut": lambda text: text[: len(text) // 2],
    "another document": lambda text: '{"creators": []}',
    "a list": lambda text: "[]",
    "nested": lambda text: "[" * 100_000,
    "a newer version": lambda text: changed(json.loads(text), version=2),
    "a version of another kind": lambda text: changed(json.loads(text), version=[1]),
    "no version": lambda text: changed(json.loads(text), version=None),
    "no world": lambda text: changed(json.loads(text), world=None),
    "a changed world": lambda text: changed(json.loads(text), world={**json.loads(text)["world"], "began_at": 0}),
    "one digit": lambda text: text.replace("18412", "18413"),
    "a world without anything": lambda text: changed(json.loads(text), world={}, sha256=sha256(b"{}")),
    "not UTF-8": lambda text: "\udcff",
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Returns the text of a valid state file."""
    path = tmp_path_factory.mktemp("sound") / "world.json"
    with started("--state", path) as process:
        process.stop()
    return path.read_text()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_cannot_be_used_is_explained_and_unchanged(state, sound, damage):
    state.parent.mkdir()
    state.write_text(DAMAGES[damage](sound), errors="surrogateescape")
    before = state.read_bytes()

    run = refused("--state", state)

    assert (run.returncode, run.stdout, state.read_bytes()) == (1, "", before)
    assert str(state) in run.stderr
    assert "Nothing was changed" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("place", ["a folder", "below a file"])
def test_a_path_that_cannot_be_a_file_is_explained(tmp_path, place):
    (tmp_path / "file").write_text("x")
    path = tmp_path if place == "a folder" else tmp_path / "file" / "world.json"

    run = refused("--state", path)

    assert run.returncode == 1
    assert "cannot be used" in run.stderr
    assert "Traceback" not in run.stderr


def test_two_simulators_do_not_share_a_file(state):
    with started("--state", state) as first:
        run = refused("--state", state)
        first.stop()

    assert run.returncode == 1
    assert "another simulator is running with it" in run.stderr


def test_a_full_disk_is_logged_and_the_world_goes_on(state):
    with started("--state", state) as process:
        obstacle = state.with_name("tiktok.json.tmp")
        obstacle.mkdir()
        process.control.change_creator("ada", bio="while nothing can be written")
        process.control.advance(60)
        obstacle.rmdir()
        saved(state, "while nothing can be written")
        process.stop()
