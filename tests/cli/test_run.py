"""tiktok-api run, which is `make run`"""

import json
import os
import signal
import stat
from pathlib import Path

import httpx2
import pytest

from tests.local_stack import Client, LocalStack, are_gone, console, serving, started
from tests.servers import wait_until
from tiktok_api.cli.sample_video import make_sample_video

pytestmark = pytest.mark.xdist_group("local stack")


def test_a_second_stack_in_the_same_folder_is_refused_with_the_urls_of_the_first(stack):
    with started(stack.folder) as second:
        code = second.process.wait(120)
        said = second.output

    assert code == 1
    assert f"the API at {stack.url}/api/v1" in said
    assert stack.simulator_url in said
    assert f"kill {stack.process.pid}" in said
    assert httpx2.get(f"{stack.url}/livez", trust_env=False).status_code == 200


def test_the_console_uses_the_stack_with_local(stack):
    created = console(stack.folder, "--local", "users", "create", "console@example.com", "--generate")
    listed = console(stack.folder, "users", "list", "--local", "--json")

    assert created.returncode == 0, created.stderr
    assert "console@example.com" in [user["email"] for user in json.loads(listed.stdout)]


def test_its_secrets_are_read_for_the_asking_alone(stack):
    notes = stack.folder / "instance" / "run.json"

    unasked = console(stack.folder, "users", "list")

    assert unasked.returncode == 1
    assert "TIKTOK_CLIENT_KEY" in unasked.stderr
    assert "--local" in unasked.stderr
    assert stat.S_IMODE(notes.stat().st_mode) == 0o600


def test_the_console_reports_that_no_stack_was_started(tmp_path):
    refused = console(tmp_path, "--local", "users", "list")

    assert refused.returncode == 1
    assert "has been started in this folder" in refused.stderr


@pytest.fixture(scope="module")
def publisher(stack: LocalStack) -> Client:
    return Client(stack, "publisher@example.com")


def connect(client: Client, creator: str) -> str:
    """Connect by HTTP alone, as a browser does."""
    begun = client.ask("POST", "/accounts/connect", json={})
    scopes = "user.info.basic,user.info.profile,user.info.stats,video.list,video.upload,video.publish"
    form = {"creator": creator, "decision": "allow", "scopes": scopes}
    httpx2.post(begun["authorize_url"], data=form, follow_redirects=True, trust_env=False, timeout=30)
    return str(client.ask("GET", f"/accounts/connections/{begun['id']}")["account_id"])


def publish(client: Client, account_id: str, file: Path) -> str:
    """Upload by the console, publish, and wait for TikTok's verdict; returns the publish_id."""
    uploaded = console(client.stack.folder, "media", "upload", str(file), "--local", "--json", TOKEN=client.token)
    assert uploaded.returncode == 0, uploaded.stderr
    draft = {
        "media_ids": [json.loads(uploaded.stdout)["id"]],
        "privacy_level": "SELF_ONLY",
        "consent": True,
        "targets": [{"account_id": account_id}],
    }
    post = client.ask("POST", "/posts", json=draft)
    client.ask("POST", f"/posts/{post['id']}/publish")
    wait_until(lambda: client.ask("GET", f"/posts/{post['id']}")["status"] == "published", seconds=120, every=1)
    return str(client.ask("GET", f"/posts/{post['id']}")["targets"][0]["publish_id"])


def test_webhooks_of_the_simulator_reach_the_api(stack, publisher, tmp_path):
    publish_id = publish(publisher, connect(publisher, "ada"), make_sample_video(tmp_path / "a.mp4", seconds=3))

    def delivered() -> bool:
        sent = httpx2.get(f"{stack.simulator_url}/_simulator/v1/webhooks", trust_env=False).json()["webhooks"]
        ours = [each for each in sent if publish_id in each["body"]]
        return bool(ours) and all(each["state"] == "delivered" for each in ours)

    wait_until(delivered, seconds=60, every=0.5)


def simulator_keeps_state() -> bool:
    return "--state" in console(Path.cwd(), "simulator", "--help").stdout


def test_everything_is_there_again_after_a_restart_the_simulated_tiktok_included(tmp_path):
    if not simulator_keeps_state():
        pytest.skip("this simulator has no --state")
    with serving(tmp_path) as first:
        client = Client(first, "ada@example.com")
        account_id = connect(client, "grace")
        publish_id = publish(client, account_id, make_sample_video(tmp_path / "a.mp4", seconds=3))
    with serving(tmp_path) as second:
        client.stack = second
        client.token = client.ask("POST", "/auth/login", json={"email": client.email, "password": client.password})[
            "access_token"
        ]

        there = httpx2.get(f"{second.simulator_url}/_simulator/v1/publications/{publish_id}", trust_env=False)
        creator = client.ask("GET", f"/accounts/{account_id}/creator-info")

    assert there.json()["is_live"] is True
    assert creator["creator_username"] == "grace"


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.long)])
def test_a_signal_stops_everything(tmp_path, number):
    with serving(tmp_path) as stack:
        pids = stack.pids
        assert pids.keys() == {"simulator", "api", "worker"}

        code = stack.stop(number)

    assert code == 128 + number
    assert are_gone(pids)


def test_if_one_process_ends_the_stack_reports_it_and_stops(tmp_path):
    with serving(tmp_path) as stack:
        pids = stack.pids

        os.kill(pids["worker"], signal.SIGKILL)
        code = stack.process.wait(120)

    assert code == 1
    assert "worker has ended" in stack.output
    assert are_gone(pids)


def test_the_processes_of_a_killed_stack_are_stopped_by_the_next(tmp_path):
    with started(tmp_path) as killed:
        killed.wait_until_serving()
        orphans = killed.pids
        killed.process.kill()
        killed.process.wait(30)
        assert not are_gone(orphans)

        with serving(tmp_path) as successor:
            said = successor.output
            answer = httpx2.get(f"{successor.url}/readyz", trust_env=False)

    assert "left behind: simulator, api, worker" in said
    assert are_gone(orphans)
    assert answer.status_code == 200


def test_a_bad_setting_is_said_and_nothing_keeps_running(tmp_path):
    with started(tmp_path, RATE_LIMIT_PER_MINUTE="many") as stack:
        code = stack.process.wait(120)

    assert code == 1
    assert "RATE_LIMIT_PER_MINUTE" in stack.output
    assert "Traceback" not in stack.output
