"""What `/metrics` tells of publishing."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.databases import on_each_database
from tiktok_api.db import transaction
from tiktok_api.jobs.counters import Counters


@pytest.fixture
def scrape(app, make_app, each_database_url):
    """The samples now, with what this process has counted since the test began left where a worker leaves it."""
    with app.app_context():
        counters = Counters()

    def read(name, **labels):
        with app.app_context():
            with transaction() as session:
                counted = counters.store(session)
            counters.confirm(counted)
        text = make_app(database_url=each_database_url).test_client().get("/metrics").get_data(as_text=True)
        families = text_string_to_metric_families(text)
        found = [
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == f"tiktok_api_{name}" and labels.items() <= sample.labels.items()
        ]
        return sum(found)

    return read


@on_each_database
def test_how_late_a_post_went_out_and_how_long_it_was_where(owner, publishing, scrape):
    post = publishing.make_post()
    due = datetime.now(UTC) + timedelta(hours=1)
    response = owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": due.isoformat()})
    assert response.status_code == 200, response.json
    publishing.pass_time(3600 + 120)

    publishing.run_until_published(post)

    assert scrape("publish_lateness_seconds_count", mode="direct") == 1
    assert 100 < scrape("publish_lateness_seconds_sum", mode="direct") < 400
    assert scrape("publication_state_duration_seconds_count", state="scheduled") == 1
    assert 3600 < scrape("publication_state_duration_seconds_sum", state="scheduled") < 4000
    assert scrape("publication_state_duration_seconds_count", state="processing") >= 1
    assert scrape("jobs_total", kind="posts.publish", outcome="again") >= 1


def test_posts_on_hold_are_told_by_reason(owner, publishing, scrape):
    post = publishing.make_post()
    publishing.tiktok.disconnect("ada")
    publishing.begin(post)
    publishing.run_until(lambda: publishing.shown(post)["state"] == "held")

    assert scrape("publications", state="held") == 1
    assert scrape("publications_held", reason=publishing.shown(post)["reason"]) == 1
    assert scrape("publications", state="due") == 0


def test_posts_on_their_way_are_told_by_state(make_post, begin, run_jobs, scrape, simulator):
    simulator.control.knobs(processing_seconds=600)
    begin(make_post())
    run_jobs()

    assert scrape("publications", state="processing") == 1
    assert scrape("publications", state="held") == 0
    assert scrape("publications_held") == 0


def test_accounts_are_told_by_the_days_they_can_still_be_spoken_for(connect_account, owner, scrape, pass_time):
    connect_account(owner, "ada")

    assert scrape("accounts", status="active") == 1
    assert scrape("accounts_by_token_expiry") == 1
    assert scrape("accounts_by_token_expiry", within="later") == 1

    pass_time(360 * 86_400)

    assert scrape("accounts_by_token_expiry", within="7d") == 1


def test_inspections_and_uploads_are_counted(make_video, scrape):
    bytes_before, stored_before = scrape("upload_bytes_total"), scrape("uploads_total", outcome="stored")

    make_video()

    assert scrape("media_inspections_total", outcome="ready") == 1
    assert scrape("uploads_total", outcome="stored") - stored_before == 1
    assert scrape("upload_bytes_total") - bytes_before > 1000
    assert scrape("media_unfinished") == 0
