"""tiktok-api jobs"""

from datetime import timedelta

import pytest

from tests.databases import on_each_database
from tiktok_api import clock
from tiktok_api.db import new_id, transaction
from tiktok_api.jobs.models import Job, JobStatus


@pytest.fixture
def app(make_app, simulator, each_database_url):
    return make_app(database_url=each_database_url, tiktok_api_url=simulator.url)


@pytest.fixture
def make_job(app):
    """A job in that state; `late` is how long ago it was due."""

    def make(kind: str, *, late: timedelta = timedelta(0), **state) -> str:
        with app.app_context(), transaction() as session:
            job = Job(kind=kind, unique_key=str(new_id()), due_at=clock.now() - late, **state)
            session.add(job)
            session.flush()
            return str(job.id)

    return make


@on_each_database
def test_jobs_are_counted_by_kind_and_status_with_the_lag_of_the_oldest(make_job, operator, app):
    make_job("a.kind", late=timedelta(hours=2))
    make_job("a.kind", late=timedelta(hours=1))
    make_job("a.kind", late=-timedelta(hours=1))
    make_job("a.kind", leased_until=clock.now() + timedelta(hours=1))
    make_job("b.kind", status=JobStatus.DEAD, attempts=5, last_error="it broke")

    rows = {row["kind"]: row for row in operator.read("jobs", "list")}
    table = operator("jobs", "list").output

    counts = {name: rows["a.kind"][name] for name in ("waiting", "due", "running", "dead")}
    assert counts == {"waiting": 1, "due": 2, "running": 1, "dead": 0}
    assert 7200 <= rows["a.kind"]["lag_seconds"] < 7300
    assert (rows["b.kind"]["dead"], rows["b.kind"]["lag_seconds"]) == (1, None)
    assert "The oldest has been due for 2 h" in table


def test_dead_jobs_are_listed_with_their_last_error(make_job, operator):
    job_id = make_job("b.kind", status=JobStatus.DEAD, attempts=5, last_error="it broke")
    make_job("a.kind")

    (row,) = operator.read("jobs", "dead")

    assert (row["id"], row["attempts"], row["last_error"]) == (job_id, 5, "it broke")
    assert "it broke" in operator("jobs", "dead").output


def test_a_dead_job_is_revived_by_its_id(make_job, operator):
    job_id = make_job("b.kind", status=JobStatus.DEAD, attempts=5)

    done = operator("jobs", "retry", job_id)

    assert done.exit_code == 0, done.output
    assert operator.read("jobs", "dead") == []
    assert operator.read("jobs", "list")[0]["due"] == 1


def test_all_dead_jobs_of_a_kind_are_revived(make_job, operator):
    make_job("a.kind", status=JobStatus.DEAD)
    make_job("b.kind", status=JobStatus.DEAD)
    make_job("b.kind", status=JobStatus.DEAD)

    operator("jobs", "retry", "--all", "--kind", "b.kind")

    assert [row["kind"] for row in operator.read("jobs", "dead")] == ["a.kind"]


def test_a_job_that_is_not_dead_is_not_retried(make_job, operator):
    job_id = make_job("a.kind", leased_until=clock.now() + timedelta(hours=1), attempts=3)

    refused = operator("jobs", "retry", job_id)

    assert refused.exit_code == 1
    assert job_id in refused.stderr


def test_one_unknown_job_among_others_changes_nothing(make_job, operator):
    job_id = make_job("b.kind", status=JobStatus.DEAD)

    refused = operator("jobs", "retry", job_id, str(new_id()))

    assert refused.exit_code == 1
    assert len(operator.read("jobs", "dead")) == 1


@pytest.mark.parametrize("arguments", [[], ["--kind", "a.kind"]])
def test_retrying_needs_job_ids_or_all(operator, arguments):
    assert operator("jobs", "retry", *arguments).exit_code == 2


def test_no_jobs_is_said(operator):
    assert "There are no jobs." in operator("jobs", "list").output
    assert "There are no dead jobs." in operator("jobs", "dead").output


def test_the_commands_of_flask_do_the_same(make_job, app):
    job_id = make_job("b.kind", status=JobStatus.DEAD, last_error="it broke")
    shown = app.test_cli_runner().invoke(args=["jobs", "dead"])
    retried = app.test_cli_runner().invoke(args=["jobs", "retry", job_id])

    assert "it broke" in shown.output
    assert retried.exit_code == 0, retried.output
