"""GET /analytics/best-times"""

import random
from datetime import UTC, datetime, timedelta
from statistics import median
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from tiktok_api.analytics.models import Video
from tiktok_api.db import new_id, transaction

BERLIN = ZoneInfo("Europe/Berlin")
WINDOW = "from=2026-03-01&to=2026-04-30&timezone=Europe/Berlin"


@pytest.fixture
def account_id(owner, make_account):
    return UUID(make_account(owner))


def write_posts(account_id, posts):
    """Videos by when they were posted, the age in hours at which they were read, and their views then."""
    with transaction() as session:
        for place, (posted_at, age, views) in enumerate(posts):
            young = {} if age is None else {"young_views": views, "young_at": posted_at + timedelta(hours=age)}
            moments = {"posted_at": posted_at, "listed_at": posted_at, "seen_at": posted_at}
            session.add(Video(account_id=account_id, video_id=str(new_id()), position=place, **moments, **young))


def test_cells_are_medians_of_the_posts_of_each_local_hour(app, owner, account_id):
    chance = random.Random(4)
    first = datetime(2026, 3, 20, tzinfo=UTC)  # clocks change on the 29th
    posts = [
        (
            first + timedelta(hours=chance.randrange(20 * 24), minutes=7),
            chance.choice([24, 30, 47.5, None]),
            chance.randrange(999),
        )
        for _ in range(300)
    ]
    with app.app_context():
        write_posts(account_id, posts)

    told = owner.get(f"/analytics/accounts/{account_id}/best-times?{WINDOW}").json

    cells = {}
    for posted_at, age, views in posts:
        if age is not None:
            local = posted_at.astimezone(BERLIN)
            cells.setdefault((local.isoweekday(), local.hour), []).append(views / age)
    assert [(cell["weekday"], cell["hour"]) for cell in told["cells"]] == [
        (weekday, hour) for weekday in range(1, 8) for hour in range(24)
    ]
    for cell in told["cells"]:
        speeds = cells.get((cell["weekday"], cell["hour"]), [])
        assert cell["posts"] == len(speeds)
        assert cell["median_views_per_hour"] == (pytest.approx(median(speeds), abs=1e-5) if speeds else None)
    enough = sorted(
        (cell for cell in told["cells"] if cell["posts"] >= 3), key=lambda cell: -cell["median_views_per_hour"]
    )
    assert told["best"] == enough[:3]
    assert told["is_enough"] is True
    assert told["statement"] is None
    missing = sum(age is None for _, age, _ in posts)
    assert told["left_out"] == [{"reason": "not_read_at_that_age", "posts": missing}]


def test_too_few_posts_are_said_to_be_too_few(app, owner, account_id):
    with app.app_context():
        write_posts(account_id, [(datetime(2026, 3, day, 12, tzinfo=UTC), 25, 100) for day in range(1, 5)])

    told = owner.get(f"/analytics/best-times?{WINDOW}").json

    assert (told["posts"], told["best"], told["is_enough"]) == (4, [], False)
    assert told["statement"].startswith("Only 4 posts were read at an age of 24 to 48 hours")


def test_without_a_post_nothing_is_told(owner, account_id):
    told = owner.get(f"/analytics/best-times?{WINDOW}").json

    assert told["statement"] == "No post of this window was read at an age of 24 to 48 hours."
    assert len(told["cells"]) == 168


def test_a_post_of_today_is_too_young(app, owner, account_id):
    with app.app_context():
        write_posts(account_id, [(datetime.now(UTC) - timedelta(hours=1), None, None)])

    told = owner.get("/analytics/best-times").json

    assert told["left_out"] == [{"reason": "too_young", "posts": 1}]
