"""The virtual clock, determinism, and numbers that evolve by the stated model."""

import itertools
import json
import math

import pytest
import requests

from tests.simulator.driving import Client
from tiktok_api.simulator import CommandRefused, running
from tiktok_api.simulator.world.growth import unit

DAY = 86_400
COUNTERS = ("follower_count", "following_count", "likes_count", "video_count")


def test_time_runs_on_and_can_be_advanced_set_and_stopped(client):
    control = client.control
    start = control.clock()["now_epoch"]
    ahead = control.advance(3_600)["now_epoch"]
    set_to = control.set_clock("2030-01-01T00:00:00Z")
    frozen = control.freeze()["now_epoch"]
    still = control.clock()["now_epoch"]
    stepped = control.advance(10)["now_epoch"]
    control.freeze(False)

    assert 3_600 <= ahead - start < 3_660
    assert set_to["now"].startswith("2030-01-01T00:00:")
    assert still == frozen
    assert stepped == pytest.approx(frozen + 10)
    assert control.clock()["now_epoch"] > stepped


@pytest.mark.parametrize(
    "order",
    [
        {"set": "2030-01-01T00:00:00"},
        {"set": "soon"},
        {"set": "9999-12-31T23:59:59Z"},
        {"set": 1e18},
        {"set": ["x"]},
        {"advance_seconds": "x"},
        {"advance_seconds": 1e15},
        {"advance_seconds": -1e12},
        {"advance_seconds": float("nan")},
        {"advance_seconds": float("inf")},
        {"leap": 1},
    ],
    ids=str,
)
def test_times_that_make_no_sense_are_refused_and_leave_the_clock_alone(client, order):
    before = client.control.clock()["now_epoch"]

    with pytest.raises(CommandRefused, match="400"):
        client.control.call("POST", "/clock", order)

    assert 0 <= client.control.clock()["now_epoch"] - before < 60


def test_a_year_passes_in_one_step_and_everything_has_happened_in_its_order(client, events):
    client.control.set_clock("2027-01-01T00:00:00Z")
    ada = client.connect()
    published, drafted, begun = (
        ada.publish(),
        ada.publish(inbox=True),
        ada.init({"source": "FILE_UPLOAD", "video_size": 9, "chunk_size": 9, "total_chunk_count": 1}).json()["data"],
    )
    client.control.advance(365 * DAY)

    told = events()
    times = [each["create_time"] for each in told]
    states = {each["publish_id"]: each for each in client.control.publications()}
    assert states[published]["finished_at"].startswith("2027-01-01T00:00:0")
    assert states[drafted]["status"] == "SEND_TO_USER_INBOX"
    assert states[begun["publish_id"]]["fail_reason"] == "internal"
    assert states[begun["publish_id"]]["finished_at"].startswith("2027-01-02")
    assert times == sorted(times)
    assert times[-1] - times[0] >= DAY - 10
    assert client.refresh(ada.tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_year_day_by_day_renews_reads_and_posts(client):
    client.control.freeze()
    account = client.connect("grace")
    seen = []
    for day in range(365):
        client.control.advance(DAY)
        if day == 364:
            break
        account.tokens = client.refresh(account.tokens["refresh_token"]).json()
        if day % 30 == 0:
            seen.append(account.get("/user/info/", fields=",".join(COUNTERS)).json()["data"]["user"])
            account.publish(title=f"day {day}")

    assert len(client.control.live("grace")) == 13
    assert len({user["follower_count"] for user in seen}) == 13


def script(seed: int) -> str:
    """Everything an app sees of a short life, with the port struck out."""
    with running(seed=seed, start_at="2027-03-01T12:00:00Z") as tiktok, requests.Session() as session:
        tiktok.control.freeze()
        tiktok.control.set_clock("2027-03-01T12:00:05Z")
        client = Client(tiktok, session)
        account = client.connect("ada")
        answers = [json.dumps(account.tokens)]
        publish_id = account.publish()
        tiktok.control.advance(3_600)
        answers += [
            account.fetch(publish_id).text,
            account.post("/video/list/", {}, fields="id,title,view_count,like_count,cover_image_url").text,
            account.get("/user/info/", fields=f"open_id,union_id,avatar_url,{','.join(COUNTERS)}").text,
        ]
        return "\n".join(answers).replace(tiktok.url, "")


def test_the_same_seed_tells_the_same_story():
    assert script(7) == script(7)
    assert script(7) != script(8)


def test_followers_follow_the_stated_formula(client):
    client.control.freeze()
    ada, began_at, seed = client.tiktok.world.creators["ada"], client.tiktok.world.began_at, 1
    phase, purge = unit(seed, "week ada"), 9 + 11 * unit(seed, "purge ada")
    for days in (0, 3.5, 40, 400):
        client.control.set_clock(began_at + days * DAY)
        wave = 0.01 * (math.sin(2 * math.pi * (days / 7 + phase)) - math.sin(2 * math.pi * phase))
        purged = days // purge * 0.004 * purge / 4

        expected = int(18_412 * (1 + 0.004 * days + wave - purged))

        assert abs(client.control.creator("ada")["follower_count"] - expected) <= 1
    assert ada.daily_growth == 0.004


def test_a_posts_numbers_start_at_nothing_rise_and_sometimes_fall(client, ada):
    publish_id = ada.publish()
    client.control.advance(3)
    history = [client.control.live("ada")[0]]
    for _ in range(120):
        client.control.advance(DAY)
        history.append(client.control.live("ada")[0])

    for name in ("view_count", "like_count", "comment_count", "share_count"):
        values = [each[name] for each in history]
        assert values[0] == 0
        assert values[10] > 0
    views = [each["view_count"] for each in history]
    assert any(later < earlier for earlier, later in itertools.pairwise(views))
    assert history[0]["publish_id"] == publish_id
    assert all(each["like_count"] <= each["view_count"] for each in history)


def test_followers_sometimes_fall_and_likes_are_those_of_the_videos(client):
    before = client.control.creator("margaret")
    values = []
    for _ in range(60):
        client.control.advance(DAY)
        values.append(client.control.creator("margaret")["follower_count"])

    assert any(later < earlier for earlier, later in itertools.pairwise(values))
    assert values[-1] > before["follower_count"]
    likes = sum(video["like_count"] for video in client.control.videos(username="margaret"))
    assert client.control.creator("margaret")["likes_count"] == pytest.approx(2_804_551 + likes, rel=0.001)


def test_numbers_set_by_hand_hold_and_go_on_from_there(client):
    client.control.freeze()
    video = client.control.seed_videos("ada", view_count=1_000_000, like_count=5)[0]
    client.control.change_creator("ada", follower_count=77)
    held = client.control.creator("ada")["follower_count"]
    client.control.advance(30 * DAY)

    later = next(each for each in client.control.videos(username="ada") if each["id"] == video["id"])
    assert (video["view_count"], video["like_count"], held) == (1_000_000, 5, 77)
    assert later["view_count"] > 1_000_000
    assert client.control.creator("ada")["follower_count"] > 77


def test_growth_can_be_turned_off(client):
    client.control.knobs(growth=False)
    before = [client.control.creator("ada")[name] for name in COUNTERS]
    client.control.advance(100 * DAY)

    assert [client.control.creator("ada")[name] for name in COUNTERS] == before
    changed = client.control.change_creator("ada", follower_count=5)
    assert changed["follower_count"] == 5
