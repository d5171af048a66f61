"""GET /analytics/hashtags"""

from datetime import timedelta
from statistics import median
from uuid import UUID

import pytest

from tests.analytics.videos.history import START
from tests.analytics.videos.labelled import label_post
from tests.databases import on_each_database
from tiktok_api.analytics.models import Video
from tiktok_api.analytics.selection import select_accounts
from tiktok_api.analytics.videos import hashtags, published
from tiktok_api.analytics.videos.errors import TooManyPosts
from tiktok_api.analytics.windows import Window
from tiktok_api.auth.identity import Identity
from tiktok_api.db import new_id, transaction

WINDOW = "from=2026-03-01&to=2026-03-31&timezone=UTC"


def write_posts(account_id, *posts):
    """Videos of an account, an hour apart from `START` on, by their captions and views."""
    with transaction() as session:
        rows = [
            Video(
                account_id=account_id,
                video_id=str(new_id()),
                position=place,
                posted_at=START + timedelta(hours=place),
                listed_at=START + timedelta(hours=place),
                seen_at=START,
                description=caption,
                views=views,
                likes=None if views is None else views // 10,
                comments=None if views is None else 0,
                shares=None if views is None else 0,
            )
            for place, (caption, views) in enumerate(posts)
        ]
        session.add_all(rows)
    return rows


@pytest.fixture
def account_id(owner, make_account):
    return UUID(make_account(owner))


@pytest.mark.parametrize(
    ("caption", "tags"),
    [
        ("Morning #light, #sea!", ["light", "sea"]),
        ("#a#b", ["a", "b"]),
        ("#हिन्दी और #москва", ["हिन्दी", "москва"]),
        ("#one_two-three #2026", ["one_two", "2026"]),
        ("# no, #, #🎬 nor ##", []),
        ("cafe\u0301 #cafe\u0301", ["café"]),
    ],
)
def test_hashtags_are_letters_marks_and_digits_of_any_script(caption, tags):
    assert [*hashtags.hashtags_in(caption)] == tags


def test_medians_of_the_posts_with_each_hashtag(app, owner, account_id):
    with app.app_context():
        write_posts(
            account_id,
            ("#Sea #light", 100),
            ("#sea #sea", 300),
            ("#sea", 10_000),
            ("#SEA", None),
            ("#light", 0),
            ("none", 5),
        )

    told = owner.get(f"/analytics/accounts/{account_id}/hashtags?{WINDOW}").json

    sea, light = told["hashtags"]
    assert (sea["hashtag"], sea["name"], sea["posts"], sea["posts_read"]) == ("sea", "sea", 4, 3)
    assert sea["median_views"] == median([100, 300, 10_000])
    assert sea["median_engagement_rate"] == 0.1
    assert sea["share_of_posts"] == pytest.approx(4 / 6, abs=1e-6)
    assert sea["best_post"]["views"] == 10_000
    assert (light["posts"], light["median_views"], light["median_engagement_rate"]) == (2, 50, 0.1)
    assert (sea["is_enough"], light["is_enough"]) == (True, False)
    assert (told["posts"], told["tagged_posts"], told["statement"]) == (6, 5, None)


def test_hashtags_of_few_posts_are_left_out_by_option(app, owner, account_id):
    with app.app_context():
        write_posts(account_id, ("#sea", 1), ("#sea #light", 2))

    told = owner.get(f"/analytics/hashtags?{WINDOW}&min_posts=2").json

    assert [each["hashtag"] for each in told["hashtags"]] == ["sea"]
    assert told["statement"].startswith("Only 2 posts")


@pytest.mark.parametrize(
    ("posts", "statement"),
    [
        ([], "No post was published in this window."),
        ([("no tag", 4)], "None of the 1 posts of this window has a hashtag."),
    ],
)
def test_a_sentence_says_what_cannot_be_told(app, owner, account_id, posts, statement):
    with app.app_context():
        write_posts(account_id, *posts)

    assert owner.get(f"/analytics/hashtags?{WINDOW}").json["statement"] == statement


def test_posts_of_a_label_alone(app, owner, account_id):
    with app.app_context():
        ours, _ = write_posts(account_id, ("#ours", 4), ("#theirs", 4))
        label_post(UUID(owner.user_id), [ours], "spring")

    told = owner.get(f"/analytics/hashtags?{WINDOW}&label=spring").json

    assert [each["hashtag"] for each in told["hashtags"]] == ["ours"]


def test_a_strangers_account_does_not_exist(stranger, account_id):
    for name in ("hashtags", "best-times"):
        assert stranger.get(f"/analytics/accounts/{account_id}/{name}").status_code == 404


@on_each_database
def test_more_posts_than_are_read_at_once_are_refused(app_on, owner_id, account_ids):
    write_posts(account_ids[0], *[("", 1)] * (published.MOST_POSTS + 1))
    window = Window(START, START + timedelta(days=400), "UTC")

    with pytest.raises(TooManyPosts):
        published.posts_of(owner_id, select_accounts(Identity(owner_id, None)), window)
