"""GET /pull/{token}/{position}: nothing before the publish_id is durable, the commit point with the first photo, 410 at the end."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit
from uuid import UUID

import httpx2
import pytest

from tests.databases import on_each_database
from tests.listening import listening
from tests.posts.serving import serving
from tiktok_api.db import db
from tiktok_api.extensions import services_of
from tiktok_api.posts.errors import PhotoWithdrawn
from tiktok_api.posts.models import Attempt
from tiktok_api.posts.pulling import links
from tiktok_api.posts.pulling.services import pass_commit_point
from tiktok_api.posts.states import AttemptState
from tiktok_api.settings import Settings

pytestmark = pytest.mark.usefixtures("server")


@pytest.fixture
def offered(make_photo_post, publishing, offered_urls):
    """A post whose photos TikTok was offered, and which it does not fetch by itself."""
    publishing.tiktok.knobs(pull_delay_seconds=50_000, pull_timeout_seconds=100_000)
    post = make_photo_post()
    publishing.begin(post)
    publishing.run()
    assert publishing.shown(post)["state"] == "uploading"
    return post


def get(url, **options):
    return httpx2.get(url, trust_env=False, timeout=30.0, **options)


def test_a_photo_is_served_whole_and_as_what_it_is(offered, offered_urls, photos):
    responses = [get(url) for url in offered_urls()]

    assert [response.content for response in responses] == photos
    assert {response.headers["Content-Type"] for response in responses} == {"image/jpeg"}
    assert {response.headers["Cache-Control"] for response in responses} == {"private, no-store"}
    assert not [response for response in responses if "Content-Disposition" in response.headers]


@pytest.mark.parametrize("position", [0, 2])
def test_the_first_photo_of_any_passes_the_commit_point(offered, offered_urls, publishing, owner, position):
    get(offered_urls()[position])

    assert publishing.shown(offered)["attempts"][0]["state"] == "final"
    cancelled = owner.post(f"/posts/{offered['id']}/cancel").json["targets"][0]
    assert cancelled["outcome"] == "too_late_unknown"
    assert get(offered_urls()[1]).status_code == 200


def test_the_commit_point_is_passed_before_a_byte_is_served(offered, offered_urls, app):
    seen = []

    def look(connection):
        seen.append(connection.exec_driver_sql("select state from attempts").scalar())

    with app.app_context(), listening(db.engine, "commit", look):
        get(offered_urls()[0])

    assert seen == ["final"]


def test_asking_for_the_head_alone_passes_nothing(offered, offered_urls, publishing, photos, owner):
    response = httpx2.head(offered_urls()[0], trust_env=False)

    assert (response.status_code, response.headers["Content-Length"]) == (200, str(len(photos[0])))
    assert publishing.shown(offered)["attempts"][0]["state"] == "open"
    assert owner.post(f"/posts/{offered['id']}/cancel").json["targets"][0]["outcome"] == "cancelled"


def test_photos_of_a_cancelled_post_are_withdrawn(offered, offered_urls, owner, publishing):
    owner.post(f"/posts/{offered['id']}/cancel")

    responses = [get(url) for url in offered_urls()]

    assert {(response.status_code, response.json()["code"]) for response in responses} == {(410, "photo_withdrawn")}
    assert publishing.shown(offered)["state"] == "cancelled"


def test_photos_are_withdrawn_after_an_hour(offered, offered_urls, publishing):
    publishing.pass_time(3601)

    assert get(offered_urls()[0]).status_code == 410
    assert publishing.shown(offered)["attempts"][0]["state"] == "open"


def test_photos_of_a_published_post_are_still_there_for_a_while(make_photo_post, publishing, offered_urls, photos):
    post = make_photo_post()
    publishing.begin(post)
    publishing.run_until_published(post)

    soon = get(offered_urls()[0])
    publishing.pass_time(3601)
    late = get(offered_urls()[0])

    assert (soon.content, late.status_code) == (photos[0], 410)


def _forget_the_publish_id(app, state):
    with app.app_context(), db.session.begin():
        db.session.query(Attempt).update({"state": state})


def test_a_photo_that_is_asked_for_before_the_publish_id_is_durable_waits_for_it(offered, offered_urls, app, photos):
    _forget_the_publish_id(app, AttemptState.INTENT)
    looks = threading.Semaphore(0)

    def count(*_):
        looks.release()

    with app.app_context(), listening(db.engine, "before_cursor_execute", count), ThreadPoolExecutor() as pool:
        response = pool.submit(get, offered_urls()[0])
        for _ in range(4):
            assert looks.acquire(timeout=30)
        is_answered = response.done()
        _forget_the_publish_id(app, AttemptState.OPEN)

    assert not is_answered
    assert response.result().content == photos[0], response.result().text


def test_photos_whose_publish_id_never_becomes_durable_are_not_served(offered, offered_urls, app, publishing):
    _forget_the_publish_id(app, AttemptState.INTENT)

    with ThreadPoolExecutor(12) as pool:
        responses = list(pool.map(get, offered_urls() * 4))

    assert {(response.status_code, response.json()["code"]) for response in responses} == {(503, "photo_not_ready")}
    assert {response.headers["Retry-After"] for response in responses} == {"1"}
    assert publishing.shown(offered)["attempts"][0]["state"] == "intent"


@on_each_database
def test_photos_that_are_fetched_at_once_pass_the_commit_point_once(offered, offered_urls, publishing, photos):
    with ThreadPoolExecutor(9) as pool:
        contents = {response.content for response in pool.map(get, offered_urls() * 3)}

    assert contents == set(photos)
    events = [entry["event"] for entry in publishing.shown(offered)["timeline"]]
    assert events.count("photos_fetched") == 1


@on_each_database
def test_cancelling_and_fetching_at_once_agree(offered, offered_urls, owner, publishing):
    with ThreadPoolExecutor(2) as pool:
        fetched = pool.submit(get, offered_urls()[0])
        cancelled = owner.elsewhere().post(f"/posts/{offered['id']}/cancel").json["targets"][0]["outcome"]

    assert (fetched.result().status_code, cancelled) in ((200, "too_late_unknown"), (410, "cancelled"))


@pytest.mark.parametrize(
    "path",
    [
        "/pull/x/0",
        "/pull/{token}/3",
        "/pull/{token}/-1",
        "/pull/{token}/x",
        "/pull/{other}/0",
        "/pull/{token}x/0",
        "/pull/{token}",
    ],
)
def test_what_is_no_photo_of_an_attempt_is_not_found(offered, offered_urls, path, client, publishing):
    token = offered_urls()[0].split("/")[-2]
    other = ("0" if token[0] != "0" else "1") + token[1:]

    response = client.get(path.format(token=token, other=other))

    assert (response.status_code, response.json["code"]) == (404, "not_found")
    assert publishing.shown(offered)["attempts"][0]["state"] == "open"


def test_a_signed_url_of_an_attempt_that_was_never_made_is_not_found(client, app):
    url = links.photo_urls(services_of(app)[Settings], UUID(int=7), 1)[0]

    assert client.get(urlsplit(url).path).status_code == 404


@pytest.mark.parametrize("is_deleted", [False, True], ids=["cancelled", "deleted"])
def test_the_commit_point_is_not_passed_for_what_was_ended_at_that_moment(offered, owner, publishing, app, is_deleted):
    with app.app_context():
        attempt_id, publication_id = db.session.query(Attempt.id, Attempt.publication_id).one()
    owner.post(f"/posts/{offered['id']}/cancel")
    if is_deleted:
        owner.delete(f"/posts/{offered['id']}")

    with app.app_context(), pytest.raises(PhotoWithdrawn):
        pass_commit_point(attempt_id, publication_id)


def test_a_part_of_a_photo_may_be_fetched(offered, offered_urls, photos):
    response = get(offered_urls()[0], headers={"Range": "bytes=10-19"})

    assert (response.status_code, response.content) == (206, photos[0][10:20])


def test_photos_of_a_deleted_account_are_withdrawn(offered, offered_urls, owner, publishing):
    account_id = publishing.shown(offered)["account_id"]
    owner.delete(f"/accounts/{account_id}")

    assert get(offered_urls()[0]).status_code == 410


def test_the_file_that_proves_whose_domain_it_is(make_app, simulator_urls):
    client = make_app(**simulator_urls, tiktok_ownership_tokens=("Abc123",)).test_client()

    for path in ("/tiktokAbc123.txt", "/pull/tiktokAbc123.txt"):
        response = client.get(path)
        assert response.text == "tiktok-developers-site-verification=Abc123"
        assert response.content_type.startswith("text/plain")
    assert client.get("/tiktokOther.txt").status_code == 404


def test_tiktok_verifies_an_address_by_that_file(simulator, make_app, simulator_urls):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        prefix = f"http://127.0.0.1:{listener.getsockname()[1]}/pull/"
        file = simulator.control.call("GET", "/apps/awsimclient0001/property", prefix=prefix)["url"].split("/")[-1]
        app = make_app(**simulator_urls, tiktok_ownership_tokens=(file.removeprefix("tiktok").removesuffix(".txt"),))

        with serving(app, listener):
            verified = simulator.control.call("POST", "/apps/awsimclient0001/property", {"prefix": prefix})

    assert verified["verified_prefixes"] == [prefix]


def test_nothing_about_a_photo_is_logged_by_its_token(offered, offered_urls, caplog, capfd):
    token = offered_urls()[0].split("/")[-2]
    caplog.clear()
    capfd.readouterr()

    get(offered_urls()[0])

    ours = [record.getMessage() for record in caplog.records if record.name.startswith("tiktok_api")]
    assert not [line for line in ours if token in line]


def test_photos_of_a_published_post_that_was_deleted_are_withdrawn(make_photo_post, publishing, offered_urls, owner):
    post = make_photo_post()
    publishing.begin(post)
    publishing.run_until_published(post)
    assert owner.delete(f"/posts/{post['id']}").status_code == 204

    response = get(offered_urls()[0])

    assert (response.status_code, response.json()["code"]) == (410, "photo_withdrawn")
