"""Two hundred threads at once leave a consistent world."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.simulator import media_files
from tests.simulator.app_client import AppClient, ConnectedAccount, code_of, sha256, whole

CROWD = 200
UNLIMITED = {"video_init": 0, "status": 0, "user_info": 0, "video_list": 0}


@pytest.fixture
def options():
    return {"extra_creators": CROWD, "limits": UNLIMITED}


@pytest.fixture
def at_once():
    """Run a function on all threads, which start together."""

    def run(act, count=CROWD):
        gate = threading.Barrier(count)

        def each(number):
            gate.wait()
            return act(number)

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(each, range(count)))

    return run


def test_two_hundred_creators_connect_and_publish_at_once(tiktok, at_once):
    media = media_files.video()

    def live(number):
        with requests.Session() as session:
            account = AppClient(tiktok, session).connect(f"creator{number + 1:04}")
            publish_id = account.publish(media, title=f"post {number}")
            account.get("/user/info/", fields="follower_count")
            return account.tokens, publish_id

    lives = at_once(live)
    tiktok.control.advance(120)

    publications = tiktok.control.publications()
    tokens = [value for tokens, _ in lives for value in (tokens["access_token"], tokens["refresh_token"])]
    assert len(set(tokens)) == 2 * CROWD
    assert {publish_id for _, publish_id in lives} == {each["publish_id"] for each in publications}
    assert {each["status"] for each in publications} == {"PUBLISH_COMPLETE"}
    assert {each["sha256"] for each in publications} == {sha256(media)}
    assert {each["post_info"]["title"] for each in publications} == {f"post {number}" for number in range(CROWD)}
    posts = [post for each in publications for post in each["post_ids"]]
    assert len(set(posts)) == CROWD
    assert all(len(tiktok.control.live(f"creator{number:04}")) == 1 for number in (1, 77, CROWD))
    for endpoint in ("token", "video_init", "upload", "user_info"):
        assert [each["status"] for each in tiktok.control.requests(endpoint=endpoint)] == [
            201 if endpoint == "upload" else 200
        ] * CROWD
    numbers = [each["number"] for each in tiktok.control.requests()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_one_refresh_token_is_exchanged_once(tiktok, ada, at_once):
    def refresh(_):
        with requests.Session() as session:
            return AppClient(tiktok, session).refresh(ada.tokens["refresh_token"]).json()

    answers = at_once(refresh)

    assert sum("access_token" in answer for answer in answers) == 1
    assert sum(answer.get("error") == "invalid_grant" for answer in answers) == CROWD - 1


def test_one_code_is_exchanged_once(tiktok, client, at_once):
    code = client.consent()["code"]

    def exchange(_):
        with requests.Session() as session:
            return AppClient(tiktok, session).exchange(code).json()

    assert sum("access_token" in answer for answer in at_once(exchange)) == 1


def test_a_rate_limit_holds_under_concurrency(tiktok, ada, at_once):
    tiktok.control.knobs(limits={"video_init": 6})
    tiktok.control.freeze()

    def init(_):
        with requests.Session() as session:
            return code_of(ConnectedAccount(AppClient(tiktok, session), "ada", ada.tokens).init(whole(9)))

    answers = at_once(init)

    assert answers.count((200, "ok")) == 6
    assert answers.count((429, "rate_limit_exceeded")) == CROWD - 6
    assert len(tiktok.control.publications()) == 6


def test_one_chunk_is_stored_once(tiktok, ada, at_once):
    media = media_files.video()
    data = ada.init(whole(len(media))).json()["data"]

    def put(_):
        with requests.Session() as session:
            return (
                ConnectedAccount(AppClient(tiktok, session), "ada", ada.tokens)
                .put(data["upload_url"], media)
                .status_code
            )

    answers = at_once(put)
    tiktok.control.advance(60)

    assert sorted(answers) == [201] + [416] * (CROWD - 1)
    assert tiktok.control.media(data["publish_id"]) == media
    assert len(tiktok.control.live("ada")) == 1


def test_the_posting_cap_holds_under_concurrency(tiktok, ada, at_once):
    media = media_files.video()
    begun = [ada.init(whole(len(media))).json()["data"]["upload_url"] for _ in range(40)]

    def put(number):
        with requests.Session() as session:
            return ConnectedAccount(AppClient(tiktok, session), "ada", ada.tokens).put(begun[number], media).status_code

    answers = at_once(put, 40)
    tiktok.control.advance(60)

    states = [each["fail_reason"] for each in tiktok.control.publications()]
    assert answers == [201] * 40
    assert len(tiktok.control.live("ada")) == 15
    assert states.count("spam_risk_too_many_posts") == 25
