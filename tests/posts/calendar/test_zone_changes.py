"""Scheduled posts when the rules of a time zone change: the local time stays, the instant moves."""

import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.conftest import Person
from tests.databases import execute, on_each_database
from tiktok_api.db import db, new_id, transaction
from tiktok_api.jobs import queue
from tiktok_api.jobs.models import Job
from tiktok_api.posts.calendar import zone_changes, zone_data
from tiktok_api.posts.models import Publication, job_key

SUMMER = {"local_time": "2099-07-01T09:00", "timezone": "Europe/Berlin"}
IN_NO_GAP_ELSEWHERE = {"local_time": "2099-03-08T02:30", "timezone": "Europe/Berlin"}
"""America/New_York has no such time."""
ONCE_HERE = {"local_time": "2099-11-01T01:30", "timezone": "Europe/Berlin"}
"""America/New_York has it twice."""
HOUR = 3600


@pytest.fixture
def change_rules(tmp_path):
    """Gives a zone the rules of another, as an update of the system's files does."""
    before = zoneinfo.TZPATH
    folder = tmp_path / "zoneinfo"

    def change(zone, *, to):
        file = folder / zone
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_file_of(to, before))
        zoneinfo.reset_tzpath([str(folder), *before])

    yield change
    zoneinfo.reset_tzpath(before)
    zoneinfo.ZoneInfo.clear_cache()


def _file_of(zone, folders):
    for each in folders:
        if Path(each, zone).is_file():
            return Path(each, zone).read_bytes()
    return resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()


@pytest.fixture
def follow(app, run_jobs):
    """Lets the hourly job run."""

    def run():
        with app.app_context(), transaction():
            queue.enqueue("posts.follow_zone_rules", owner_id=None, due_at=datetime(2026, 1, 1, tzinfo=UTC))
        run_jobs()

    return run


@dataclass(frozen=True)
class Zones:
    """`zones.change("Europe/Berlin", to="Asia/Tokyo"); zones.follow(); zones.time_of(post)`."""

    change: Callable[..., None]
    follow: Callable[[], None]
    """Lets the hourly job run."""
    shown: Callable[[dict[str, Any]], dict[str, Any]]
    """The publication of a post with one target."""
    owner: Person

    def time_of(self, post):
        return self.owner.get(f"/posts/{post['id']}").json["publish_at"]

    def events_of(self, post):
        return [(entry["event"], entry["detail"]) for entry in self.shown(post)["timeline"]]


@pytest.fixture
def zones(owner, change_rules, follow, publication_of):
    return Zones(change_rules, follow, publication_of, owner)


@on_each_database
def test_a_post_moves_to_the_instant_that_its_local_time_is_now(app, owner, make_post, zones):
    post = make_post(**SUMMER)
    fixed = make_post(publish_at="2099-07-01T07:00:00Z", targets=targets_of(post))
    zones.follow()
    zones.change("Europe/Berlin", to="Asia/Tokyo")

    zones.follow()

    moved = owner.get(f"/posts/{post['id']}").json
    assert (post["publish_at"], moved["publish_at"]) == ("2099-07-01T07:00:00Z", "2099-07-01T00:00:00Z")
    assert (moved["local_time"], moved["timezone"], moved["status"]) == (*SUMMER.values(), "scheduled")
    publication = zones.shown(post)
    assert publication["next_try_at"] == "2099-07-01T00:00:00Z"
    with app.app_context():
        due_at = db.session.scalar(select(Job.due_at).where(Job.unique_key == job_key(publication["id"])))
    assert due_at.isoformat() == "2099-07-01T00:00:00+00:00"
    assert zones.events_of(post)[-1] == (
        "moved_by_zone_rules",
        "2099-07-01T09:00 in Europe/Berlin was 2099-07-01T07:00:00Z and is 2099-07-01T00:00:00Z",
    )
    assert zones.time_of(fixed) == "2099-07-01T07:00:00Z"
    assert [event for event, _ in zones.events_of(fixed)] == ["scheduled"]


def targets_of(post):
    return [{"account_id": target["account_id"]} for target in post["targets"]]


def test_a_post_goes_out_at_its_new_time_and_not_before(publishing, zones):
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    post = publishing.make_post(local_time=f"{tomorrow}T23:00", timezone="Asia/Tokyo")
    publishing.run()
    zones.change("Asia/Tokyo", to="Etc/UTC")  # nine hours later
    zones.follow()

    publishing.pass_time(seconds_until(f"{tomorrow}T22:58:00Z"))
    publishing.run()
    before = publishing.live()
    publishing.pass_time(180)
    publishing.run_until(lambda: publishing.shown(post)["state"] == "published")

    assert before == []
    assert len(publishing.live()) == 1


@on_each_database
def test_posts_of_a_recurrence_that_were_moved_still_follow_it(owner, make_post, zones, run_jobs):
    post = make_post()
    first = (datetime.now(UTC) + timedelta(days=3)).date()
    said = {"privacy_level": "SELF_ONLY", "consent": True, "targets": targets_of(post)}
    rule = {"rule": "FREQ=DAILY;COUNT=2", "local_time": f"{first}T09:00", "timezone": "Europe/Berlin"}
    recurrence = owner.post(
        "/recurrences", json=rule | {"media_rotation": [post["media_ids"]], "post": said | {"caption": "Old"}}
    ).json
    run_jobs()
    zones.follow()
    zones.change("Europe/Berlin", to="Asia/Tokyo")
    zones.follow()

    changed = owner.patch(f"/recurrences/{recurrence['id']}", json={"post": said | {"caption": "New"}})
    run_jobs()

    assert changed.status_code == 200, changed.json
    scheduled = owner.get("/posts?status=scheduled").json["data"]
    assert [each["caption"] for each in scheduled] == ["New", "New"]


def test_all_targets_of_a_post_that_moves_keep_its_place_in_the_lists(app, owner, make_post, zones):
    post = make_post(creators=("ada", "grace"), **SUMMER)
    assert owner.delete(f"/accounts/{post['targets'][0]['account_id']}").status_code == 200
    zones.follow()
    zones.change("Europe/Berlin", to="Asia/Tokyo")

    zones.follow()

    with app.app_context():
        times = db.session.scalars(select(Publication.post_publish_at)).all()
    assert [at.isoformat() for at in times] == ["2099-07-01T00:00:00+00:00"] * 2


def seconds_until(moment):
    return (datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds()


@pytest.mark.parametrize(
    ("slot", "moved_to", "says"),
    [
        (IN_NO_GAP_ELSEWHERE, "2099-03-08T07:30:00Z", "does not exist now: 2099-03-08T06:30:00Z or"),
        (ONCE_HERE, "2099-11-01T06:30:00Z", "exists twice now: 2099-11-01T05:30:00Z or 2099-11-01T06:30:00Z"),
    ],
)
def test_a_local_time_that_is_unclear_now_gets_the_later_instant_and_is_told_once(
    make_post, zones, slot, moved_to, says
):
    post = make_post(**slot)
    zones.change("Europe/Berlin", to="America/New_York")

    zones.follow()
    zones.follow()

    assert zones.time_of(post) == moved_to
    events = zones.events_of(post)
    assert [event for event, _ in events] == ["scheduled", "moved_by_zone_rules", "local_time_unclear"]
    assert says in events[-1][1]


def test_a_local_time_that_exists_twice_now_keeps_its_instant_if_that_is_one_of_both(make_post, zones):
    post = make_post(local_time="2099-11-01T01:30", timezone="America/Bogota")  # 06:30 in UTC, the later one
    other = make_post(local_time="2099-11-01T01:30", timezone="America/Puerto_Rico", targets=targets_of(post))
    zones.change("America/Bogota", to="America/New_York")
    zones.change("America/Puerto_Rico", to="America/New_York")

    zones.follow()

    assert zones.time_of(post) == post["publish_at"] == "2099-11-01T06:30:00Z"
    assert zones.time_of(other) == other["publish_at"] == "2099-11-01T05:30:00Z"
    assert [event for event, _ in zones.events_of(post)] == ["scheduled", "local_time_unclear"]


def test_what_is_no_longer_scheduled_and_zones_that_are_gone_are_left_alone(owner, make_post, zones, database_url):
    cancelled, gone, kept = (make_post(**SUMMER) for _ in range(3))
    owner.post(f"/posts/{cancelled['id']}/cancel")
    execute(
        database_url,
        "UPDATE posts SET timezone = 'Europe/Atlantis' WHERE id = :id",
        id=gone["id"].replace("-", ""),
    )
    zones.change("Europe/Berlin", to="Asia/Tokyo")

    zones.follow()

    instants = [zones.time_of(each) for each in (cancelled, gone, kept)]
    assert instants == ["2099-07-01T07:00:00Z", "2099-07-01T07:00:00Z", "2099-07-01T00:00:00Z"]


def test_posts_are_computed_anew_for_a_week_after_a_change_and_then_no_more(make_post, zones, pass_time, database_url):
    zones.follow()
    zones.change("Europe/Berlin", to="Asia/Tokyo")
    zones.follow()
    made_by_an_old_process = make_post(local_time="2099-07-01T09:00", timezone="Europe/Berlin")
    shift = "UPDATE posts SET publish_at = '2099-07-01 07:00:00.000000'"
    execute(database_url, shift)

    zones.follow()
    within_the_week = zones.time_of(made_by_an_old_process)
    pass_time(8 * 24 * HOUR)
    execute(database_url, shift)
    zones.follow()

    assert within_the_week == "2099-07-01T00:00:00Z"
    assert zones.time_of(made_by_an_old_process) == "2099-07-01T07:00:00Z"


def test_the_version_is_that_of_the_rules_and_not_of_the_place_where_they_are(zones):
    before = zone_data.find_version()
    zones.change("Europe/Berlin", to="Europe/Berlin")
    same = zone_data.find_version()
    zones.change("Europe/Berlin", to="Asia/Tokyo")

    assert before == same
    assert before != zone_data.find_version()


def test_zones_are_found_in_the_package_where_the_system_has_none(tmp_path):
    before = zoneinfo.TZPATH
    try:
        zoneinfo.reset_tzpath([str(tmp_path)])
        assert len(zone_data.find_version()) == 64
        assert zone_data.read_zone("Europe/Berlin") is not None
        assert zone_data.read_zone("Europe/Atlantis") is None
    finally:
        zoneinfo.reset_tzpath(before)


def test_a_post_or_a_zone_that_is_gone_meanwhile_is_left_alone(app, make_post, zones, database_url):
    post = make_post(**SUMMER)
    execute(database_url, "UPDATE posts SET timezone = 'Europe/Atlantis'")

    with app.app_context(), transaction():
        for post_id in (new_id(), UUID(post["id"])):
            zone_changes.follow(post_id)

    assert zones.time_of(post) == post["publish_at"]
