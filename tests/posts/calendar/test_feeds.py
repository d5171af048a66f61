"""Calendar feeds: made, listed, revoked, and read by calendar programs."""

from datetime import UTC, datetime, timedelta

import icalendar
import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.auth.keys import make_key
from tests.databases import execute, on_each_database
from tests.web.problems import assert_problem
from tiktok_api.db import new_id
from tiktok_api.posts.calendar.events import CalendarEvent
from tiktok_api.posts.calendar.feeds import MOST_FEEDS
from tiktok_api.posts.calendar.icalendar_text import write_calendar
from tiktok_api.posts.vocabulary import PostStatus, PostType

SOON = (datetime.now(UTC) + timedelta(days=30)).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def subscribe(owner, client):
    """Makes a feed; returns a function that fetches it as a calendar program does."""

    def make(person=owner, **wish):
        answer = person.post("/posts/calendar-feeds", json={"name": "Our posts"} | wish)
        assert answer.status_code == 201, answer.json
        path = answer.json["url"].removeprefix("http://127.0.0.1:8080")
        return lambda **headers: client.get(path, headers=headers)

    return make


def events_in(answer):
    assert answer.status_code == 200, answer.json
    return vobject.readOne(answer.get_data(as_text=True)).contents.get("vevent", [])


@on_each_database
def test_a_calendar_program_reads_the_feed(owner, make_post, subscribe):
    post = make_post(publish_at=SOON.isoformat(), caption="Hello; #world, \\ all")
    fetch = subscribe()

    answer = fetch()

    assert answer.content_type == "text/calendar; charset=utf-8"
    [event] = events_in(answer)
    assert event.uid.value == post["id"]
    assert event.summary.value == "Hello; #world, \\ all"
    assert event.dtstart.value == SOON
    assert event.status.value == "CONFIRMED"
    assert "Status: scheduled" in event.description.value
    assert "@" in event.description.value
    calendar = icalendar.Calendar.from_ical(answer.data)
    assert calendar["X-WR-CALNAME"] == "Our posts"
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(minutes=30)
    assert calendar["X-PUBLISHED-TTL"] == "PT30M"
    assert answer.headers["Cache-Control"].startswith("private")
    assert "Last-Modified" in answer.headers


def test_a_change_keeps_the_uid_and_raises_the_sequence(owner, make_post, subscribe, pass_time):
    post, fetch = make_post(publish_at=SOON.isoformat()), subscribe()
    [before] = events_in(fetch())
    pass_time(60)
    owner.post(f"/posts/{post['id']}/cancel")

    [after] = events_in(fetch())

    assert after.uid.value == before.uid.value
    assert int(after.sequence.value) > int(before.sequence.value)
    assert after.last_modified.value > before.last_modified.value
    assert after.status.value == "CANCELLED"


def test_a_program_that_has_the_newest_version_gets_nothing_again(owner, make_post, subscribe):
    post, fetch = make_post(publish_at=SOON.isoformat()), subscribe()
    first = fetch()

    again = fetch(**{"If-None-Match": first.headers["ETag"]})
    owner.delete(f"/posts/{post['id']}")
    after_deletion = fetch(
        **{"If-None-Match": first.headers["ETag"], "If-Modified-Since": "Fri, 31 Dec 2100 00:00:00 GMT"}
    )

    assert (again.status_code, again.data) == (304, b"")
    assert events_in(after_deletion) == []


def test_a_feed_shows_two_months_back_and_a_year_ahead_and_no_drafts(owner, make_post, subscribe, pass_time):
    shown = make_post(publish_at=SOON.isoformat())
    targets = [{"account_id": shown["targets"][0]["account_id"]}]
    make_post(targets=targets)
    far = make_post(targets=targets, publish_at=(SOON + timedelta(days=500)).isoformat())
    fetch = subscribe()

    now = [event.uid.value for event in events_in(fetch())]
    owner.post(f"/posts/{shown['id']}/cancel")
    pass_time(120 * 86_400)
    later = [event.uid.value for event in events_in(fetch())]

    assert (now, later) == ([shown["id"]], [])
    assert owner.get(f"/posts/{far['id']}").json["status"] == "scheduled"


def test_what_went_out_stays_in_the_feed_before_what_is_to_come(owner, make_post, subscribe, pass_time):
    old = make_post(publish_at=(SOON - timedelta(days=20)).isoformat())
    targets = [{"account_id": old["targets"][0]["account_id"]}]
    older = make_post(targets=targets, publish_at=(SOON - timedelta(days=21)).isoformat())
    coming = make_post(targets=targets, publish_at=SOON.isoformat())
    for post in (old, older):
        owner.post(f"/posts/{post['id']}/cancel")
    pass_time(15 * 86_400)

    assert [event.uid.value for event in events_in(subscribe()())] == [older["id"], old["id"], coming["id"]]


def test_a_feed_of_some_accounts_tells_nothing_of_the_others(owner, make_post, subscribe):
    both = make_post(publish_at=SOON.isoformat(), creators=("ada", "grace"))
    ada, grace = (target["account_id"] for target in both["targets"])
    make_post(publish_at=SOON.isoformat(), targets=[{"account_id": grace}])

    [event] = events_in(subscribe(account_ids=[ada])())

    assert event.uid.value == both["id"]
    assert "grace" not in event.description.value
    assert "@ada" in event.description.value


def test_a_post_whose_account_has_no_username_is_shown_by_its_name(owner, make_post, subscribe, database_url):
    make_post(publish_at=SOON.isoformat())
    execute(database_url, "UPDATE accounts SET username = NULL, display_name = 'Ada L.'")

    [event] = events_in(subscribe()())

    assert "Accounts: Ada L." in event.description.value


def test_the_secret_is_shown_once_and_stored_as_a_hash(owner, subscribe, database_url, tmp_path):
    made = owner.post("/posts/calendar-feeds", json={"name": "Mine"}).json
    token = made["url"].partition("token=")[2]

    listed = owner.get("/posts/calendar-feeds").json["data"]

    assert len(token) > 40
    assert listed == [{name: made[name] for name in ("id", "name", "account_ids", "created_at")}]
    assert token.encode() not in b"".join(file.read_bytes() for file in tmp_path.glob("test.sqlite3*"))


def test_a_revoked_feed_leads_nowhere(owner, subscribe):
    fetch = subscribe()
    [feed] = owner.get("/posts/calendar-feeds").json["data"]

    answers = [owner.delete(f"/posts/calendar-feeds/{feed['id']}").status_code for _ in range(2)]

    assert answers == [204, 404]
    assert_problem(fetch(), 404, "not_found")
    assert owner.get("/posts/calendar-feeds").json["data"] == []
    actions = [entry["action"] for entry in owner.get("/audit?action=calendar_feed").json["data"]]
    assert actions == ["calendar_feed.revoked", "calendar_feed.created"]


@pytest.mark.parametrize("query", ["", "?token=", "?token=cal_wrong", "?token=%00", "?token=%ed%a0%80"])
def test_without_its_secret_there_is_no_feed(client, subscribe, query):
    subscribe()

    assert client.get(f"/api/v1/posts/calendar.ics{query}").status_code in (404, 422)


def test_the_feed_of_a_disabled_user_leads_nowhere(app, owner, subscribe, database_url):
    fetch = subscribe()
    execute(database_url, "UPDATE users SET disabled_at = '2026-01-01 00:00:00.000000'")

    assert_problem(fetch(), 404, "not_found")


@on_each_database
def test_a_feed_that_a_confined_key_makes_is_confined_as_the_key_and_ends_with_it(owner, make_post, subscribe):
    both = make_post(publish_at=SOON.isoformat(), creators=("ada", "grace"))
    ada, grace = (target["account_id"] for target in both["targets"])
    own = make_post(publish_at=SOON.isoformat(), targets=[{"account_id": ada}])
    key = make_key(owner, account_ids=[ada])
    subscribe()
    fetch = subscribe(key, name="the key's")

    assert [event.uid.value for event in events_in(fetch())] == [own["id"]]
    assert [feed["name"] for feed in key.get("/posts/calendar-feeds").json["data"]] == ["the key's"]
    wider = key.post("/posts/calendar-feeds", json={"name": "wider", "account_ids": [ada, grace]})
    assert [fault["pointer"] for fault in assert_problem(wider, 422, "unknown_target")["errors"]] == ["/account_ids/1"]
    theirs = [feed for feed in owner.get("/posts/calendar-feeds").json["data"] if feed["name"] == "Our posts"]
    assert key.delete(f"/posts/calendar-feeds/{theirs[0]['id']}").status_code == 404
    [own_feed] = key.get("/posts/calendar-feeds").json["data"]
    other = subscribe(key, name="another of the key's")
    assert key.delete(f"/posts/calendar-feeds/{own_feed['id']}").status_code == 204
    assert fetch().status_code == 404
    owner.delete(f"/auth/api-keys/{key.id}")
    assert other().status_code == 404


def test_the_feed_of_a_key_that_has_expired_leads_nowhere(owner, subscribe, database_url):
    fetch = subscribe(make_key(owner, expires_at=(datetime.now(UTC) + timedelta(days=1)).isoformat()))
    before = fetch().status_code
    execute(database_url, "UPDATE api_keys SET expires_at = '2026-01-01 00:00:00.000000'")

    assert (before, fetch().status_code) == (200, 404)


def test_a_user_has_only_so_many_feeds(owner, subscribe):
    for _ in range(MOST_FEEDS):
        subscribe()

    answer = owner.post("/posts/calendar-feeds", json={"name": "one more"})

    assert_problem(answer, 409, "too_many_feeds")


def test_a_feed_is_named_as_labels_are_without_spaces_around(owner):
    named = owner.post("/posts/calendar-feeds", json={"name": "  Our posts "})
    refused = [owner.post("/posts/calendar-feeds", json={"name": name}) for name in ("", "   ", "\u00a0\u3000", "a\nb")]

    assert (named.status_code, named.json["name"]) == (201, "Our posts")
    for answer in refused:
        assert assert_problem(answer, 422)["errors"][0]["pointer"] == "/name"
    assert [feed["name"] for feed in owner.get("/posts/calendar-feeds").json["data"]] == ["Our posts"]


def test_a_feed_is_rate_limited_by_its_secret(make_app, simulator_urls):
    client = make_app(rate_limit_enabled=True, **simulator_urls).test_client()

    codes = [client.get("/api/v1/posts/calendar.ics?token=cal_one").status_code for _ in range(61)]
    other = client.get("/api/v1/posts/calendar.ics?token=cal_two")

    assert codes == [404] * 60 + [429]
    assert other.status_code == 404


HOSTILE = st.text(st.sampled_from('ab:;,\\"\r\n\t\x00\x0b\x0c\x1c\x85\u2028\u2029é🎬') | st.characters(codec="utf-8"))


@settings(max_examples=150, deadline=None)
@given(caption=HOSTILE, name=HOSTILE, account=HOSTILE)
def test_no_words_add_a_line_to_the_feed(caption, name, account):
    attack = "\r\nEND:VEVENT\r\nBEGIN:VEVENT\nSUMMARY:mine\rUID:x\u2028X:y"
    at = datetime(2027, 3, 2, 12, tzinfo=UTC)
    post = CalendarEvent(
        new_id(), at, PostStatus.SCHEDULED, PostType.VIDEO, caption + attack, [account + attack], at, at
    )

    written = write_calendar(name + attack, [post]).decode()

    [event] = vobject.readOne(written).contents["vevent"]
    assert event.uid.value == str(post.id)
    assert set(event.contents) == set(FIELDS)
    assert len(written.splitlines()) == written.count("\r\n")
    assert all(len(line.encode()) <= 75 for line in written.split("\r\n"))
    [again] = icalendar.Calendar.from_ical(written).walk("VEVENT")
    assert again["DESCRIPTION"].replace("\r", "") == event.description.value


FIELDS = {
    "uid",
    "dtstamp",
    "created",
    "last-modified",
    "sequence",
    "dtstart",
    "dtend",
    "summary",
    "description",
    "status",
    "transp",
    "categories",
}


def test_a_post_without_words_or_accounts_still_has_a_title():
    at = datetime(2027, 3, 2, 12, tzinfo=UTC)
    post = CalendarEvent(new_id(), at, PostStatus.SCHEDULED, PostType.VIDEO, " \n", [], at, at)

    [event] = vobject.readOne(write_calendar("x", [post]).decode()).contents["vevent"]

    assert event.summary.value == "A video without words"
    assert event.description.value == "Status: scheduled\nAccounts: none"


def test_a_key_that_may_not_read_posts_makes_no_feed_to_read_them_by(owner):
    key = make_key(owner, scopes=["posts:write"])

    answer = key.post("/posts/calendar-feeds", json={"name": "Our posts"})

    assert assert_problem(answer, 403, "scope_too_narrow")["detail"]
