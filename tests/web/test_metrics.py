"""/metrics: who may scrape it, and what it tells."""

from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import API
from tests.databases import on_each_database
from tests.jobs import kinds
from tests.web.problems import assert_problem
from tiktok_api import clock
from tiktok_api.db import database_now, transaction
from tiktok_api.jobs import executor, queue
from tiktok_api.jobs.counters import Counters
from tiktok_api.jobs.heartbeats import WorkerHeartbeat
from tiktok_api.jobs.models import Job, JobStatus
from tiktok_api.settings import SettingsInvalid, load

TOKEN = "a token for scrapes, of some length".replace(" ", "-")


def scrape(client, **options):
    """Samples by name and labels."""
    response = client.get("/metrics", **options)
    assert response.status_code == 200, response.get_data(as_text=True)
    families = list(text_string_to_metric_families(response.get_data(as_text=True)))
    names = [family.name for family in families]
    assert len(names) == len(set(names)), "a family that comes twice is refused by Prometheus"
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(samples, name, **labels):
    return samples.get((f"tiktok_api_{name}", frozenset(labels.items())), 0.0)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"X-Forwarded-Proto": "https"},
        {"Via": "1.1 proxy"},
    ],
)
def test_a_scrape_through_a_proxy_is_refused(client, headers):
    response = client.get("/metrics", headers=headers)

    assert_problem(response, 403, "metrics_private")


@pytest.mark.parametrize("address", ["203.0.113.9", "10.0.0.1", "172.17.0.1", "192.168.1.1", "fd00::1", "", "unix:"])
def test_another_machine_is_refused_private_ones_too(client, address):
    response = client.get("/metrics", environ_overrides={"REMOTE_ADDR": address})

    assert_problem(response, 403, "metrics_private")


@pytest.mark.parametrize("trusted", [0, 1, 2])
def test_a_trusted_proxy_changes_nothing(make_app, trusted):
    client = make_app(trusted_proxies=trusted).test_client()

    for forwarded in ("127.0.0.1", "127.0.0.1, 127.0.0.1", "203.0.113.9, 127.0.0.1"):
        assert client.get("/metrics", headers={"X-Forwarded-For": forwarded}).status_code == 403
    assert client.get("/metrics").status_code == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.53", "::1"])
def test_this_machine_may_ask_directly(client, address):
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": address}).status_code == 200


def test_with_a_token_only_its_bearer_may_scrape(make_app, owner):
    client = make_app(metrics_token=TOKEN).test_client()
    elsewhere = {"environ_overrides": {"REMOTE_ADDR": "203.0.113.9"}}

    assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, **elsewhere).status_code == 200
    for offered in ("", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, "Bearer", f"Basic {TOKEN}", "Bearer \xff"):
        for where in ({}, elsewhere):
            response = client.get("/metrics", headers={"Authorization": offered}, **where)
            assert_problem(response, 401, "metrics_token_wrong")
    bearer = {"Authorization": f"Bearer {owner.tokens['access_token']}"}
    assert client.get("/metrics", headers=bearer).status_code == 401


@pytest.mark.parametrize("token", ["short", "with a space in it, but long", "ümlaute-in-a-long-token"])
def test_a_token_that_is_easily_guessed_is_no_setting(base_settings, monkeypatch, token):
    monkeypatch.setenv("METRICS_TOKEN", token)

    with pytest.raises(SettingsInvalid, match="METRICS_TOKEN"):
        load(env_file=None)


def test_requests_are_counted_by_route_and_never_by_path(owner, client):
    before = scrape(client)
    missing = "01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e"

    for identifier in (missing, "secret-1", "secret-2"):
        owner.get(f"/posts/{identifier}")
    for path in ("/nothing/secret-3", "/wp-login.php?secret-4", f"{API}/secret-5"):
        client.get(path)
    client.open("/livez", method="SECRET-6")

    text = client.get("/metrics").get_data(as_text=True)
    assert "secret" not in text.casefold()
    after = scrape(client)
    route = f"{API}/posts/<uuid:post_id>"
    grown = value(after, "http_requests_total", method="GET", route=route, status="404")
    assert grown - value(before, "http_requests_total", method="GET", route=route, status="404") == 3
    unmatched = {"method": "GET", "route": "unmatched", "status": "404"}
    assert value(after, "http_requests_total", **unmatched) - value(before, "http_requests_total", **unmatched) == 3
    counted = value(after, "http_request_duration_seconds_count", method="GET", route=route)
    assert counted - value(before, "http_request_duration_seconds_count", method="GET", route=route) == 3
    # Each scrape sees itself, and what earlier tests have not read to its end.
    assert value(after, "http_requests_in_flight") == value(before, "http_requests_in_flight")


def test_scrapes_count_in_no_limit(make_app):
    client = make_app(rate_limit_enabled=True, rate_limit_per_minute=2).test_client()

    answers = [client.get("/metrics") for _ in range(5)]

    assert {answer.status_code for answer in answers} == {200}
    assert not [answer for answer in answers if "RateLimit-Limit" in answer.headers]


@pytest.fixture
def fresh(make_app, each_database_url):
    """Applications that have read no gauge yet: those are read once in some seconds."""
    return lambda **changes: make_app(database_url=each_database_url, **changes).test_client()


@on_each_database
def test_waiting_and_dead_jobs_are_shown_by_kind(app, fresh):
    with app.app_context(), transaction() as session:
        queue.enqueue("tests.waits", owner_id=None, due_at=clock.now() - timedelta(minutes=2), unique_key="a")
        queue.enqueue("tests.waits", owner_id=None, due_at=clock.now(), unique_key="b")
        queue.enqueue("tests.later", owner_id=None, due_at=clock.now() + timedelta(minutes=2), unique_key="c")
        queue.enqueue("tests.dead", owner_id=None, due_at=clock.now(), unique_key="d")
        session.query(Job).filter_by(unique_key="d").one().status = JobStatus.DEAD

    samples = scrape(fresh())

    assert value(samples, "jobs_due", kind="tests.waits") == 2
    assert 120 <= value(samples, "jobs_oldest_due_seconds", kind="tests.waits") < 180
    assert value(samples, "jobs_dead", kind="tests.dead") == 1
    assert 120 <= value(samples, "lane_oldest_due_seconds", lane="sync") < 180
    assert value(samples, "lane_oldest_due_seconds", lane="publish") == 0
    assert not [labels for name, labels in samples if "tests.later" in dict(labels).values()]


@on_each_database
def test_the_state_of_everything_is_shown(app, fresh):
    with app.app_context(), transaction() as session:
        then = database_now(timedelta(seconds=-50))
        for beat_at in (database_now(), then):
            session.add(
                WorkerHeartbeat(host="h", pid=1, version="0", threads=4, busy=1, started_at=then, beat_at=beat_at)
            )

    samples = scrape(fresh())

    assert value(samples, "workers_alive") == 1
    assert 50 <= value(samples, "worker_heartbeat_age_seconds", worker="1") < 110
    assert value(samples, "schema_current") == 1
    assert value(samples, "scrape_failures") == 0
    for name in ("publications", "publications_oldest_seconds"):
        assert (f"tiktok_api_{name}", frozenset({("state", "unconfirmed")})) in samples
    assert ("tiktok_api_accounts_by_token_expiry", frozenset({("within", "expired")})) in samples
    assert value(samples, "video_lists_oldest_seconds") == 0
    assert ("tiktok_api_media_unfinished", frozenset({("status", "uploading")})) in samples


def test_counters_are_shown_without_a_database(make_app, tmp_path):
    client = make_app(database_url=f"sqlite:///{tmp_path}").test_client()
    client.get("/livez")

    samples = scrape(client)

    assert value(samples, "http_requests_total", method="GET", route="/livez", status="200") >= 1
    assert value(samples, "scrape_failures") > 0


def test_redis_that_is_away_is_counted(make_app):
    client = make_app(redis_url="redis://127.0.0.1:1/0", rate_limit_enabled=True).test_client()
    before = value(scrape(client), "rate_limit_fallbacks_total")

    for _ in range(3):
        client.get(f"{API}/auth/me")

    samples = scrape(client)
    assert value(samples, "rate_limit_fallbacks_total") - before >= 3
    assert value(samples, "rate_limit_degraded") == 1


@on_each_database
def test_the_counts_of_workers_are_stored_in_the_database(app, each_database_url, fresh):
    kinds.does.clear()
    kinds.does["tests.anything"] = lambda _ticket: None
    with app.app_context():
        first, second = Counters(), Counters()
        for counters, times in ((first, 2), (second, 1)):
            _run("tests.anything", times)
            with transaction() as session:
                counted = counters.store(session)
            counters.confirm(counted)
            with transaction() as session:
                counters.store(session)  # nothing has grown since

    samples = scrape(fresh())

    assert value(samples, "jobs_total", kind="tests.anything", outcome="done") == 5  # both live in one process here
    assert value(samples, "job_duration_seconds_count", kind="tests.anything") == 5
    assert value(samples, "job_duration_seconds_bucket", kind="tests.anything", le="+Inf") == 5


def _run(kind, times):
    for number in range(times):
        with transaction() as session:
            queue.enqueue(kind, owner_id=None, due_at=clock.now(), unique_key=f"job {number}")
            job_id = session.query(Job).filter_by(unique_key=f"job {number}").one().id
        [job] = executor.claim([job_id], timedelta(seconds=60))
        executor.run(job)
