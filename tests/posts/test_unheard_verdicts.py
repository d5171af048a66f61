"""After the last byte TikTok alone knows: tokens that it rejects and days of silence never lead to a second publish_id."""

import pytest

from tests.posts.times import DAY, HOUR

SILENCE = [
    {"effect": "drop_before", "every": True},
    {"effect": "drop_after", "every": True},
    {"effect": "status", "status": 500, "every": True},
    {"effect": "status", "status": 401, "code": "access_token_invalid", "every": True},
    {"effect": "garbage", "every": True},
]


@pytest.fixture
def uploaded(publishing):
    """A post whose last byte TikTok has; what happened until then is forgotten."""

    def make(**what_matters):
        post = publishing.make_post(**what_matters)
        publishing.begin(post)
        publishing.run()
        assert publishing.shown(post)["state"] == "processing"
        assert publishing.count_inits() == 1
        return post

    return make


def test_a_token_that_is_rejected_for_ten_polls_costs_one_renewal_and_no_second_init(uploaded, publishing):
    post = uploaded()
    publishing.tiktok.mischief("status", "status", status=401, code="access_token_invalid", times=10)
    refreshed = len(publishing.tiktok.requests(endpoint="refresh"))

    published = publishing.run_until_published(post, step=30, most=100)

    rejected = [each for each in publishing.tiktok.requests(endpoint="status") if each["status"] == 401]
    assert len(rejected) == 10
    assert len(publishing.tiktok.requests(endpoint="refresh")) - refreshed == 1
    assert publishing.count_inits() == 1
    assert [attempt["state"] for attempt in published["attempts"]] == ["succeeded"]
    assert len(publishing.live()) == 1


@pytest.mark.parametrize("rule", SILENCE, ids=lambda rule: f"{rule['effect']} {rule.get('status', '')}".strip())
def test_silence_of_a_day_is_shown_as_unconfirmed_and_leads_to_no_second_init(rule, uploaded, publishing, owner):
    post = uploaded()
    publishing.tiktok.mischief("status", **rule)

    for _ in range(25):
        publishing.pass_time(HOUR)
        publishing.run()

    unheard = publishing.shown(post)
    assert unheard["state"] == "unconfirmed"
    assert unheard["next_try_at"]
    assert [attempt["state"] for attempt in unheard["attempts"]] == ["final"]
    assert publishing.count_inits() == 1
    assert owner.get(f"/posts/{post['id']}").json["status"] == "publishing"
    publishing.tiktok.clear_mischief()
    publishing.pass_time(DAY / 12)
    publishing.run()
    assert publishing.shown(post)["state"] == "published"
    assert (publishing.count_inits(), len(publishing.live())) == (1, 1)
