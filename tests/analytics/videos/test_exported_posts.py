"""GET /analytics/export of what is told of posts: the numbers of the API, in every row."""

import io
import json
from datetime import datetime, timedelta
from uuid import UUID

import openpyxl
import pytest

from tests.analytics.videos import history
from tests.analytics.videos.history import START
from tests.analytics.videos.labelled import label_post
from tiktok_api.analytics.exports.datasets import DATASETS
from tiktok_api.analytics.metrics import VIDEO_COUNTERS
from tiktok_api.analytics.models import Video
from tiktok_api.db import transaction

WINDOW = "from=2026-03-04&to=2026-03-09&timezone=UTC"
NUMBERS = (*VIDEO_COUNTERS, "interactions", "engagement_rate")
ORIGIN = ("id", "video_id", "post_id", "matched_by", "posted_at", "title", "description", "share_url", "account_id")
TOLD = ("rank", "value", "captured_at", "changed_since", "is_restated", "username", *ORIGIN)


@pytest.fixture
def book(app, owner, make_account):
    """Three accounts with a random history of their videos."""
    ids = sorted(UUID(make_account(owner, username=name)) for name in ("ada", "bob", "eve"))
    with app.app_context():
        return history.write(ids, 7, videos=12)


@pytest.fixture
def export(owner):
    """The rows of an export, as NDJSON has them."""

    def get(query):
        response = owner.get(f"/analytics/export?format=ndjson&{query}")
        assert response.status_code == 200, response.json
        return [json.loads(line) for line in response.get_data().splitlines()]

    return get


def pages_of(owner, query):
    found, cursor = [], ""
    while cursor is not None:
        page = owner.get(f"/analytics/posts?limit=3&{query}{cursor}").json
        found += page["data"]
        cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
    return found


@pytest.mark.parametrize("metric", ["views", "shares", "interactions", "engagement_rate"])
@pytest.mark.parametrize("more", ["by=gained", "by=total&order=asc", "by=gained&posted=window&min_views=5"])
def test_a_leaderboard_has_every_post_of_all_pages_in_their_order(owner, book, export, metric, more):
    lines = export(f"dataset=leaderboard&post_metric={metric}&{more}&{WINDOW}")

    said = pages_of(owner, f"metric={metric}&{more}&{WINDOW}")
    assert said
    assert [flat(line) for line in lines] == [told(post) for post in said]
    assert {(line["metric"], line["from"], line["to"]) for line in lines} == {
        (metric, "2026-03-04T00:00:00Z", "2026-03-10T00:00:00Z")
    }


def flat(line):
    numbers = [[line[f"{which}_{name}"] for name in (*NUMBERS, "reason")] for which in ("gained", "total")]
    return [line[name] for name in TOLD], numbers


def told(post):
    return [post[name] for name in TOLD], [
        [post[which][name] for name in (*NUMBERS, "reason")] for which in ("gained", "total")
    ]


def test_a_leaderboard_as_of_then_is_the_one_that_ended_then(app, owner, book, export):
    moment = "2026-03-07T09:30:00Z"

    lines = export(f"dataset=leaderboard&from=2026-03-04&to=2026-03-09&timezone=UTC&as_of={moment}")

    said = pages_of(owner, f"from=2026-03-04&to={moment}&timezone=UTC")
    assert [flat(line) for line in lines] == [told(post) for post in said]
    assert all(line["captured_at"] < moment for line in lines)
    assert all(line["gone_at"] is None or line["gone_at"] < moment for line in lines)


def test_a_leaderboard_of_a_label_has_its_posts_alone(app, owner, book, export):
    with app.app_context():
        chosen = {str(video.id) for video in book.videos[:3]}
        label_post(UUID(owner.user_id), book.videos[:3], "spring")

    lines = export(f"dataset=leaderboard&by=total&label=spring&{WINDOW}")

    assert {line["id"] for line in lines} <= chosen
    assert [flat(line) for line in lines] == [told(post) for post in pages_of(owner, f"by=total&label=spring&{WINDOW}")]


@pytest.fixture
def captioned(app, book):
    """The videos of the book with captions, and with views at an age of a day."""
    with app.app_context(), transaction() as session:
        for place, video in enumerate(book.videos):
            row = session.get_one(Video, video.id)
            row.description = ("=1+1 #Light", "#light #sea", "no tag")[place % 3]
            row.young_views, row.young_at = 100 * place, video.posted_at + timedelta(hours=25)
    return book


def test_hashtags_have_the_numbers_of_the_api(owner, captioned, export):
    window = "from=2026-02-10&to=2026-03-12&timezone=UTC"

    lines = export(f"dataset=hashtags&min_posts=2&{window}")

    said = owner.get(f"/analytics/hashtags?min_posts=2&{window}").json["hashtags"]
    names = ("hashtag", "name", "posts", "posts_read", "share_of_posts", "median_views", "median_engagement_rate")
    assert len(said) == 2
    assert [[line[name] for name in (*names, "is_enough")] for line in lines] == [
        [tag[name] for name in (*names, "is_enough")] for tag in said
    ]
    best = ("id", "video_id", "account_id", "posted_at", "share_url", "views")
    assert [[line[f"best_{name}"] for name in best] for line in lines] == [
        [tag["best_post"][name] for name in best] for tag in said
    ]


def test_a_hashtag_that_has_no_median_says_why(app, owner, captioned, export):
    with app.app_context(), transaction() as session:
        unread, unseen = (session.get_one(Video, video.id) for video in captioned.videos[:2])
        unread.description, unseen.description = "#unread", "#unseen"
        unread.views = unread.likes = unread.comments = unread.shares = unread.captured_at = None
        unseen.views = unseen.likes = unseen.comments = unseen.shares = 0

    lines = {line["name"]: line for line in export("dataset=hashtags&from=2026-02-10&to=2026-03-12&timezone=UTC")}

    told = [lines[name]["reason"] for name in ("unread", "unseen", "sea")]
    assert told == ["not_read_yet", "no_views", None]
    assert (lines["unread"]["median_views"], lines["unseen"]["median_engagement_rate"]) == (None, None)


def test_best_times_have_a_row_for_each_hour_of_the_week(owner, captioned, export):
    window = "from=2026-02-10&to=2026-03-12&timezone=Europe/Berlin"

    lines = export(f"dataset=best_times&{window}")

    said = owner.get(f"/analytics/best-times?{window}").json
    names = ("weekday", "hour", "posts", "median_views_per_hour", "is_enough")
    assert len(lines) == 168
    assert [[line[name] for name in names] for line in lines] == [
        [cell[name] for name in names] for cell in said["cells"]
    ]
    assert {line["reason"] for line in lines if line["median_views_per_hour"] is None} == {"no_posts"}
    assert {line["reason"] for line in lines if line["median_views_per_hour"] is not None} == {None}
    assert {line["posts_left_out"] for line in lines} == {sum(each["posts"] for each in said["left_out"])}


def test_the_days_of_a_post_have_the_numbers_of_its_history(owner, book, export):
    video = max(book.videos, key=lambda each: len(each.readings))

    lines = export(f"dataset=post_days&post_id={video.id}&timezone=Europe/Berlin")
    some = export(f"dataset=post_days&post_id={video.id}&timezone=Europe/Berlin&from=2026-03-05&to=2026-03-06")

    [said] = owner.get(f"/analytics/posts/{video.id}?timezone=Europe/Berlin").json["videos"]
    read = [day for day in said["days"] if day["value"]["views"] is not None]
    assert read
    assert [day_of(line) for line in lines] == [
        (
            *(day[name] for name in ("date", "captured_at", "changed_since", "is_restated", "reason")),
            *(day[part][name] for part in ("value", "change") for name in VIDEO_COUNTERS),
        )
        for day in said["days"]
    ]
    assert [line["date"] for line in some] == [
        day["date"] for day in said["days"] if day["date"] in ("2026-03-05", "2026-03-06")
    ]


def day_of(line):
    names = ("date", "captured_at", "changed_since", "is_restated", "reason")
    changes = tuple(f"{name}_change" for name in VIDEO_COUNTERS)
    return tuple(line[name] for name in (*names, *VIDEO_COUNTERS, *changes))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("dataset=hashtags&as_of=2026-03-05", "only_of_now"),
        ("dataset=best_times&as_of=2026-03-05T00:00:00Z", "only_of_now"),
        ("dataset=post_days", "post_not_named"),
        ("dataset=post_days&post_id=0193eb1c-0000-7000-8000-000000000001", "not_found"),
    ],
)
def test_what_cannot_be_exported_is_refused(owner, book, query, code):
    response = owner.get(f"/analytics/export?{query}")

    assert response.json["code"] == code


def test_the_latest_numbers_are_told_as_of_today(owner, book, export):
    today = datetime.now(START.tzinfo).date()

    assert len(export(f"dataset=best_times&as_of={today}&timezone=UTC")) == 168


def test_a_workbook_of_posts_has_their_texts_and_numbers(owner, captioned, export):
    query = f"dataset=leaderboard&by=total&{WINDOW}"
    lines = export(query)

    book = openpyxl.load_workbook(io.BytesIO(owner.get(f"/analytics/export?format=xlsx&{query}").data))

    header, *rows = book.worksheets[0].iter_rows(values_only=True)
    assert list(header) == list(lines[0])
    cells = [dict(zip(header, row, strict=True)) for row in rows]
    assert [(row["rank"], row["value"], row["description"]) for row in cells] == [
        (line["rank"], line["value"], line["description"]) for line in lines
    ]
    assert any(row["description"].startswith("=") for row in cells)
    assert "f" not in {cell.data_type for row in book.worksheets[0].iter_rows() for cell in row}


def test_the_document_says_which_query_each_dataset_is(client):
    document = client.get("/openapi.json").json

    [said] = [
        each["get"]["description"] for path, each in document["paths"].items() if path.endswith("/analytics/export")
    ]
    assert [name for name in DATASETS if f"`{name}`" not in said] == []
