"""The calendar, a feed and what follows the rules of zones find their posts in a range of an index, among however many others."""

import re
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from tests.databases import on_each_database
from tests.listening import listening
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, new_id, transaction
from tiktok_api.posts.calendar import days, zone_changes
from tiktok_api.posts.calendar.events import read_events
from tiktok_api.posts.calendar.feeds import OpenedFeed
from tiktok_api.posts.models import Post
from tiktok_api.posts.vocabulary import PostStatus

OTHERS = 4_000


@pytest.fixture
def owner_of_many(owner, app):
    """With posts of ten years, a week of which has few."""
    owner_id = owner.get("/auth/me").json["id"]
    start = datetime(2020, 1, 1, tzinfo=UTC)
    with app.app_context():
        with transaction() as session:
            session.add_all(
                Post(
                    owner_id=UUID(owner_id),
                    publish_at=start + timedelta(days=number % 3650),
                    status=list(PostStatus)[number % len(PostStatus)],
                )
                for number in range(OTHERS)
            )
        if db.engine.dialect.name == "postgresql":
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("ANALYZE posts")
        yield Identity(UUID(owner_id), None)


def plans_of(act):
    """How the database finds the posts of each query that is run."""
    seen = []
    with listening(db.engine, "before_cursor_execute", lambda _c, _cursor, sql, values, *_: seen.append((sql, values))):
        act()
    explain = "EXPLAIN " if db.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
    with db.engine.connect() as connection:
        return [
            "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + sql, values))
            for sql, values in seen
            if "FROM posts" in sql
        ]


@on_each_database
def test_days_and_feeds_are_ranges_of_an_index(owner_of_many):
    feed = OpenedFeed("x", datetime(2026, 1, 1, tzinfo=UTC), owner_of_many, None)
    window = {"first": date(2026, 3, 1), "last": date(2026, 3, 7)}

    plans = plans_of(lambda: days.show_days(owner_of_many, timezone="UTC", limit=5, **window))
    plans += plans_of(lambda: read_events(feed))

    assert len(plans) == 3
    for plan in plans:
        assert "ix_posts_owner_status_publish" in plan
        assert re.search(r"publish_at\W*>.*publish_at\W*<", plan, re.DOTALL), plan
        assert "Seq Scan on posts" not in plan


@on_each_database
def test_what_rules_may_move_is_read_from_an_index_of_its_own(owner_of_many):
    [plan] = plans_of(lambda: zone_changes.next_batch(new_id()))

    assert "ix_posts_local_times" in plan
