"""/readyz: what is said when something is missing, and which status it is said with."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest

from tests.conftest import API
from tests.databases import execute, on_each_database
from tests.servers import free_port
from tests.web.problems import assert_problem
from tiktok_api import clock
from tiktok_api.db import database_now, transaction
from tiktok_api.jobs import queue
from tiktok_api.jobs.heartbeats import WorkerHeartbeat
from tiktok_api.jobs.models import Job, JobStatus
from tiktok_api.web.monitoring.health import HealthChecks, Readiness, Report, examine


@pytest.fixture
def a_living_worker(app):
    """A worker that has just beaten."""
    with app.app_context(), transaction() as session:
        now = database_now()
        session.add(WorkerHeartbeat(host="here", pid=1, version="0", threads=4, busy=1, started_at=now, beat_at=now))


@pytest.fixture
def enqueue_job(app):
    """Work that has been due for some time."""

    def make(kind, *, due_for=timedelta(0), **values):
        with app.app_context(), transaction() as session:
            queue.enqueue(kind, owner_id=None, due_at=clock.now() - due_for, unique_key=kind)
            job = session.query(Job).filter_by(unique_key=kind).one()
            for name, value in values.items():
                setattr(job, name, value)

    return make


@pytest.fixture
def change_database(each_database_url):
    """Change the database by hand, and back."""
    undo = []

    def run(statement, back):
        undo.append(back)
        execute(each_database_url, statement)

    yield run
    for statement in undo:
        execute(each_database_url, statement)


@on_each_database
def test_all_is_well(client, a_living_worker):
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json["status"] == "ok", response.json
    assert {"database", "schema", "workers", "jobs", "storage", "redis", "limits"} <= response.json["checks"].keys()
    assert response.headers["Cache-Control"] == "no-store"


@on_each_database
def test_without_a_worker_readyz_is_degraded(client):
    response = client.get("/readyz")

    assert (response.status_code, response.json["status"]) == (200, "degraded")
    assert response.json["checks"]["workers"]["alive"] == 0
    assert "No worker" in response.json["checks"]["workers"]["problem"]


@on_each_database
def test_a_lane_that_no_worker_serves_is_named(app, client):
    with app.app_context(), transaction() as session:
        now = database_now()
        beat = {"host": "here", "pid": 1, "version": "0", "threads": 4, "busy": 1, "started_at": now, "beat_at": now}
        session.add(WorkerHeartbeat(**beat, lanes=["publish", "renew", "media"]))
        session.add(WorkerHeartbeat(**beat, lanes=["deliver", "media"]))

    found = client.get("/readyz").json

    assert found["status"] == "degraded"
    assert found["checks"]["workers"]["problem"] == "No worker takes jobs of these lanes: film, import, sync."


@on_each_database
def test_overdue_jobs_are_reported_by_kind_with_their_age(client, a_living_worker, enqueue_job):
    enqueue_job("posts.publish", due_for=timedelta(minutes=10))
    enqueue_job("accounts.sync", due_for=timedelta(seconds=5))
    enqueue_job("media.later", due_for=timedelta(minutes=-10))
    enqueue_job("media.running", due_for=timedelta(minutes=10), leased_until=clock.now() + timedelta(minutes=1))

    found = client.get("/readyz").json

    assert found["status"] == "degraded"
    assert found["checks"]["jobs"]["due"] == 2
    ages = found["checks"]["jobs"]["oldest_due_seconds"]
    assert ages.keys() == {"posts.publish", "accounts.sync"}
    assert 600 <= ages["posts.publish"] < 660
    assert 5 <= ages["accounts.sync"] < 65
    lanes = found["checks"]["jobs"]["lanes"]
    assert 600 <= lanes["publish"] < 660
    assert 5 <= lanes["sync"] < 65
    assert [lanes[name] for name in ("renew", "deliver", "media", "import")] == [0, 0, 0, 0]
    assert "posts.publish" in found["checks"]["jobs"]["problem"]
    assert "accounts.sync" not in found["checks"]["jobs"]["problem"]


@on_each_database
def test_dead_jobs_are_reported(client, a_living_worker, enqueue_job):
    enqueue_job("posts.publish", status=JobStatus.DEAD)

    found = client.get("/readyz").json

    assert (found["status"], found["checks"]["jobs"]["dead"]) == ("degraded", 1)


CREDENTIALS = {"email": "a@example.com", "password": "correct horse battery"}
BEHIND = ("update alembic_version set version_num = 'c90d4d8f5423'", "behind")
AHEAD = ("update alembic_version set version_num = 'ffffffffffff'", "unknown")


@on_each_database
@pytest.mark.parametrize(("statement", "standing"), [BEHIND, AHEAD], ids=["behind", "ahead"])
def test_another_schema_is_unready(client, a_living_worker, change_database, statement, standing):
    head = client.get("/readyz").json["checks"]["schema"]["head"]
    change_database(statement, f"update alembic_version set version_num = '{head}'")  # noqa: S608  # the test's own

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.headers["Retry-After"]
    found = response.json["checks"]["schema"]
    assert (found["status"], found["schema"], found["head"]) == ("failed", standing, head)
    assert found["problem"]


def test_an_empty_database_is_reported_with_what_to_do(make_app, tmp_path):
    client = make_app(database_url=f"sqlite:///{tmp_path / 'new.sqlite3'}").test_client()

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json["checks"]["database"]["status"] == "ok"
    assert response.json["checks"]["schema"]["schema"] == "empty"
    assert "run the upgrade" in response.json["checks"]["schema"]["problem"]
    assert_problem(client.post(f"{API}/auth/login", json=CREDENTIALS), 503, "schema_not_current")


@on_each_database
def test_tables_of_no_revision_are_reported(client, a_living_worker, each_database_url):
    head = client.get("/readyz").json["checks"]["schema"]["head"]
    execute(each_database_url, "delete from alembic_version")
    try:
        response = client.get("/readyz")
    finally:
        execute(each_database_url, f"insert into alembic_version values ('{head}')")  # noqa: S608  # the test's own

    assert (response.status_code, response.json["status"]) == (200, "degraded")
    assert response.json["checks"]["schema"]["schema"] == "unstamped"


MISSING = [
    ("alter table posts rename column caption to kaption", "alter table posts rename column kaption to caption"),
    ("alter table posts rename to pots", "alter table pots rename to posts"),
]


@on_each_database
@pytest.mark.parametrize(("statement", "back"), MISSING, ids=["a column", "a table"])
@pytest.mark.parametrize("ask", ["get", "post"])
def test_a_request_that_needs_a_missing_table_is_503(owner, change_database, bugs_are_answered, statement, back, ask):
    change_database(statement, back)

    response = owner.get("/posts") if ask == "get" else owner.post("/posts", json={})

    assert_problem(response, 503, "schema_not_current")
    assert response.headers["Retry-After"]


@on_each_database
def test_an_insert_into_a_column_that_is_not_there_too(client, change_database, bugs_are_answered):
    change_database("alter table users rename column email_key to e", "alter table users rename column e to email_key")

    response = client.post(f"{API}/auth/register", json=CREDENTIALS)

    assert_problem(response, 503, "schema_not_current")


@on_each_database
def test_the_report_is_there_without_a_request(app, a_living_worker):
    with app.app_context():
        report = examine()

    assert report.status == "ok", report.checks
    assert report.checks["schema"]["status"] == "ok"


def test_a_database_that_is_away_is_unready(make_app):
    app = make_app(database_url=f"postgresql+psycopg://u@127.0.0.1:{free_port()}/x")

    response = app.test_client().get("/readyz")

    assert response.status_code == 503
    assert response.json["status"] == "failed"
    assert {response.json["checks"][name]["status"] for name in ("database", "schema", "workers", "jobs")} == {"failed"}


def test_a_missing_redis_is_reported_and_requests_are_answered(make_app):
    app = make_app(redis_url="redis://127.0.0.1:1/0", rate_limit_enabled=True)

    found = app.test_client().get("/readyz")

    assert found.status_code == 200
    assert found.json["checks"]["redis"]["status"] == "degraded"
    assert found.json["checks"]["limits"]["counted_in"] == "process"


@pytest.mark.redis
def test_redis_that_is_there_is_well(make_app, redis_server):
    app = make_app(redis_url=redis_server, rate_limit_enabled=True)

    found = app.test_client().get("/readyz").json["checks"]

    assert found["redis"] == {"status": "ok", "configured": True}
    assert found["limits"] == {"status": "ok", "counted_in": "redis"}


def test_readyz_names_no_machine_and_no_secret(client, a_living_worker, base_settings):
    told = client.get("/readyz").get_data(as_text=True)

    assert "here" not in told
    assert base_settings.database_url not in told


def test_a_check_that_does_not_end_has_failed_and_so_have_those_after_it(app):
    is_over, looks = Event(), []

    def wait_long() -> dict[str, bool]:
        looks.append("mute")
        return {"waited": is_over.wait(60)}

    def look(_number: int = 0) -> Report:
        with app.app_context():
            return examine({"first": lambda: None, "mute": wait_long, "after": lambda: None})

    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(look, range(4)))
    reports.append(look())  # four are held: the last of them is told
    is_over.set()

    assert len(looks) == 4
    for report in reports:
        assert report.status == "failed"
        assert report.checks == {
            "first": {"status": "ok"},
            "mute": {"status": "failed", "problem": "No answer in time."},
            "after": {"status": "failed", "problem": "Not looked at, because mute does not answer."},
        }


class _CountedChecks(HealthChecks):
    """One check that counts its runs, and waits where a test says so."""

    def __init__(self, *, may_end: Event | None = None) -> None:
        self.runs = 0
        self.has_begun, self._may_end = Event(), may_end
        super().__init__(storage=self._look)

    def _look(self) -> dict[str, int]:
        self.runs += 1
        self.has_begun.set()
        if self._may_end is not None:
            assert self._may_end.wait(30)
        return {"run": self.runs}


def test_what_was_found_is_told_for_some_seconds_and_to_every_address(make_app):
    checks = _CountedChecks()
    client = make_app(replaced={HealthChecks: checks, Readiness: Readiness()}).test_client()

    answers = [client.get("/readyz", environ_base={"REMOTE_ADDR": f"198.51.100.{n}"}) for n in range(50)]

    assert {answer.status_code for answer in answers} == {200}
    assert checks.runs == 1


def test_a_report_that_is_too_old_is_made_anew(make_app):
    checks = _CountedChecks()
    client = make_app(replaced={HealthChecks: checks, Readiness: Readiness(remembered_seconds=0)}).test_client()

    answers = [client.get("/readyz").json["checks"]["storage"]["run"] for _ in range(3)]

    assert answers == [1, 2, 3]


def test_of_many_that_ask_at_once_one_looks(make_app):
    may_end = Event()
    checks = _CountedChecks(may_end=may_end)
    app = make_app(replaced={HealthChecks: checks, Readiness: Readiness()})

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(lambda: app.test_client().get("/readyz").status_code) for _ in range(8)]
        checks.has_begun.wait(30)
        may_end.set()
        codes = [each.result(30) for each in asked]

    assert codes == [200] * 8
    assert checks.runs == 1


def test_while_one_looks_again_the_others_get_the_last_report(make_app):
    may_end = Event()
    checks = _CountedChecks(may_end=may_end)
    app = make_app(replaced={HealthChecks: checks, Readiness: Readiness(remembered_seconds=0)})
    may_end.set()
    app.test_client().get("/readyz")
    may_end.clear()
    checks.has_begun.clear()

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(lambda: app.test_client().get("/readyz").json)
        assert checks.has_begun.wait(30)
        meanwhile = [app.test_client().get("/readyz").json["checks"]["storage"]["run"] for _ in range(5)]
        may_end.set()
        newest = slow.result(30)["checks"]["storage"]["run"]

    assert (meanwhile, newest) == ([1] * 5, 2)
