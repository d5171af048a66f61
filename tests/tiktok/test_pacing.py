"""Pacer: how much leaves for each token"""

import pytest

from tests.tiktok.doubles import enveloped
from tiktok_api.tiktok import Pacer, TikTokBusy, VideoPostInfo
from tiktok_api.tiktok.pacing import SWEEP_ABOVE, Pace

VIDEO = VideoPostInfo(privacy_level="SELF_ONLY")


class Hands:
    """A clock whose time passes only in `sleep` or on request."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def pacer(hands) -> Pacer:
    return Pacer(now=lambda: hands.now, sleep=hands.sleep)


@pytest.mark.parametrize(
    ("pace", "count"),
    [
        (Pace.CREATOR_INFO, 20),
        (Pace.VIDEO_INIT, 6),
        (Pace.INBOX_INIT, 6),
        (Pace.PHOTO_INIT, 6),
        (Pace.STATUS, 30),
    ],
)
def test_posting_obeys_tiktoks_limits_a_minute(pacer, hands, pace, count):
    for _ in range(count):
        pacer.take("token", pace)
        hands.now += 1

    with pytest.raises(TikTokBusy) as caught:
        pacer.take("token", pace)

    assert caught.value.retry_after == pytest.approx(60 - count)
    assert caught.value.http_status is None
    hands.now += caught.value.retry_after
    pacer.take("token", pace)
    assert hands.slept == []


@pytest.mark.parametrize("pace", [Pace.USER_INFO, Pace.VIDEO_LIST, Pace.VIDEO_QUERY])
def test_reading_is_slowed_to_one_call_a_second(pacer, hands, pace):
    started = hands.now

    for _ in range(30):
        pacer.take("token", pace)

    assert hands.now - started == pytest.approx(27)
    assert max(hands.slept) <= 3


def test_calls_that_would_wait_too_long_are_refused(hands):
    pacer = Pacer(now=lambda: hands.now, sleep=hands.slept.append)
    for _ in range(6):
        pacer.take("token", Pace.VIDEO_LIST)

    with pytest.raises(TikTokBusy):
        pacer.take("token", Pace.VIDEO_LIST)

    assert hands.slept == [3.0, 3.0, 3.0]


def test_a_refused_call_is_not_counted(pacer, hands):
    for _ in range(6):
        pacer.take("token", Pace.VIDEO_INIT)
    for _ in range(50):
        with pytest.raises(TikTokBusy):
            pacer.take("token", Pace.VIDEO_INIT)

    hands.now += 60
    pacer.take("token", Pace.VIDEO_INIT)


def test_tokens_and_endpoints_have_budgets_of_their_own(pacer):
    for token in ("one", "another"):
        for pace in (Pace.VIDEO_INIT, Pace.INBOX_INIT, Pace.PHOTO_INIT):
            for _ in range(6):
                pacer.take(token, pace)


def test_the_pacer_keeps_no_token_and_forgets_idle_ones(pacer, hands):
    for number in range(SWEEP_ABOVE + 1):
        pacer.take(f"act.secret{number}", Pace.STATUS)
    hands.now += 60

    pacer.take("act.secret", Pace.STATUS)

    assert len(vars(pacer)["_slots"]) == 1
    assert "act.secret" not in repr(vars(pacer))


def test_the_seventh_init_of_a_minute_is_not_sent(make_client, tiktok, pacer):
    client = make_client(pacer=pacer)
    tiktok.answers(enveloped({"publish_id": "v_pub", "upload_url": "https://u.tiktokapis.com/"}))
    for _ in range(6):
        client.init_video("act.token", post_info=VIDEO, video_size=5)

    with pytest.raises(TikTokBusy):
        client.init_video("act.token", post_info=VIDEO, video_size=5)

    assert len(tiktok.requests) == 6
