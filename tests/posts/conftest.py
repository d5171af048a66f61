"""Posts of the owner's, on accounts that are connected through the simulator."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from tests.conftest import Person
from tests.due_jobs import run_due_jobs
from tests.media import sample_media
from tests.posts.interruptions import Interruptible
from tests.posts.scene import Publishing
from tests.posts.serving import serving
from tests.unpaced import make_unpaced_client
from tiktok_api.analytics.pictures.services import FETCH_PICTURES
from tiktok_api.metrics import counters
from tiktok_api.tiktok import TikTokClient


@pytest.fixture
def transport() -> Interruptible:
    """Between us and TikTok."""
    return Interruptible()


@pytest.fixture
def run_jobs(app: Flask) -> Callable[[], int]:
    """As everywhere, without fetching the pictures of accounts and videos: no test here looks at them."""
    return lambda: run_due_jobs(app, except_kinds=[FETCH_PICTURES])


@pytest.fixture
def settings() -> dict[str, Any]:
    """What a test's server is told beyond the usual."""
    return {}


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """The address of this server, known before it is made."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def public_url(listener: socket.socket) -> str:
    """The setting by which TikTok reaches that address."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def server(app: Flask, listener: socket.socket) -> Iterator[None]:
    """Serves the usual application there."""
    with serving(app, listener):
        yield


@pytest.fixture
def app(
    make_app: Callable[..., Flask],
    simulator_urls: dict[str, str],
    transport: Interruptible,
    each_database_url: str,
    settings: dict[str, Any],
) -> Flask:
    """The usual application; its client does not pace itself, because here time passes faster than its clock."""
    return make_app(
        replaced={TikTokClient: make_unpaced_client(simulator_urls["tiktok_api_url"], transport=transport)},
        database_url=each_database_url,
        **simulator_urls,
        **settings,
    )


def _failed_jobs() -> float:
    [jobs] = counters.jobs.collect()
    return sum(
        sample.value
        for sample in jobs.samples
        if sample.name.endswith("_total") and sample.labels["outcome"] in ("failed", "dead")
    )


@pytest.fixture
def jobs_may_fail() -> None:
    """For tests in which a job is to fail."""


@pytest.fixture(autouse=True)
def _no_job_fails(request: pytest.FixtureRequest) -> Iterator[None]:
    """A fault in a job's code must fail the test: the job is tried again, which would hide it."""
    before = _failed_jobs()
    yield
    assert "jobs_may_fail" in request.fixturenames or _failed_jobs() == before


@pytest.fixture(scope="session")
def big_video_bytes() -> bytes:
    """A video that goes out in six chunks."""
    return sample_media.big_video()


@pytest.fixture
def make_inbox_post(make_post: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """A draft for the person's inbox: they choose words and privacy in the app."""
    return lambda **what_matters: make_post(mode="inbox", caption="", privacy_level=None, **what_matters)


@pytest.fixture
def begin(owner: Person) -> Callable[[dict[str, Any]], None]:
    """Publish a post now; the worker has not seen it yet."""

    def publish(post: dict[str, Any]) -> None:
        response = owner.post(f"/posts/{post['id']}/publish")
        assert response.status_code == 202, response.json

    return publish


@pytest.fixture
def publication_of(owner: Person) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """How far a post with one target is."""

    def look(post: dict[str, Any]) -> dict[str, Any]:
        [publication] = owner.get(f"/posts/{post['id']}/publications").json["data"]
        assert isinstance(publication, dict)
        return publication

    return look


@pytest.fixture
def count_inits(simulator: Any) -> Callable[[], int]:
    """How many publish_ids TikTok was asked for."""

    def count() -> int:
        return sum(len(simulator.control.requests(endpoint=name)) for name in ("video_init", "inbox_init"))

    return count


@pytest.fixture
def live_videos(simulator: Any) -> Callable[[], list[str]]:
    """The sha256 of what is live at TikTok."""
    return lambda: [each["sha256"] for each in simulator.control.publications() if each["is_live"]]


@pytest.fixture
def live_titles(simulator: Any) -> Callable[[], list[str | None]]:
    """The titles of what is live at TikTok."""
    return lambda: [each["post_info"].get("title") for each in simulator.control.publications() if each["is_live"]]


@pytest.fixture
def work_until_published(work_until: Any, publication_of: Any) -> Callable[..., dict[str, Any]]:
    """Work until a post's publication is published; returns it."""

    def work(post: dict[str, Any], **options: Any) -> dict[str, Any]:
        work_until(lambda: publication_of(post)["state"] in ("published", "publicly_available"), **options)
        publication: dict[str, Any] = publication_of(post)
        return publication

    return work


@pytest.fixture
def publish(make_post: Any, begin: Any, work_until_published: Any) -> Callable[..., dict[str, Any]]:
    """Publish a post for everyone; returns it."""

    def out(**what_matters: Any) -> dict[str, Any]:
        post: dict[str, Any] = make_post(**{"privacy_level": "PUBLIC_TO_EVERYONE"} | what_matters)
        begin(post)
        work_until_published(post)
        return post

    return out


@pytest.fixture
def read_list(owner: Person, publication_of: Any, pass_time: Any, run_jobs: Any) -> Callable[[dict[str, Any]], None]:
    """Have the account's videos listed once moderation is through with them."""

    def read(post: dict[str, Any]) -> None:
        pass_time(60)
        assert owner.post(f"/accounts/{publication_of(post)['account_id']}/sync").status_code == 202
        run_jobs()

    return read


@pytest.fixture
def publishing(
    simulator: Any,
    make_video: Any,
    make_post: Any,
    begin: Any,
    run_jobs: Any,
    pass_time: Any,
    work_until: Any,
    work_until_published: Any,
    publication_of: Any,
    count_inits: Any,
    live_videos: Any,
    live_titles: Any,
) -> Publishing:
    """All of it in one object, for tests that need much of it."""
    return Publishing(
        tiktok=simulator.control,
        make_video=make_video,
        make_post=make_post,
        begin=begin,
        run=run_jobs,
        pass_time=pass_time,
        run_until=work_until,
        run_until_published=work_until_published,
        shown=publication_of,
        count_inits=count_inits,
        live=live_videos,
        live_titles=live_titles,
    )
