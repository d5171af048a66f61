"""Accounts side by side, the hours of the week, rankings and a post's life as pictures, by route and by link."""

import io
import re
from xml.etree import ElementTree

import pytest
from PIL import Image

HOST = "http://127.0.0.1:8080"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def world(owner, connect_account, run_jobs, pass_time, simulator):
    """Two accounts with a history of some days; returns their ids and that of a post."""
    accounts = [connect_account(owner, creator) for creator in ("katherine", "ada")]
    run_jobs()
    simulator.control.seed_videos("katherine", title="Harbour <at> night #sea")
    for _ in range(3):
        pass_time(hours=26)
    [video] = [
        each
        for each in owner.get(f"/accounts/{accounts[0]}/videos").json["data"]
        if each["title"] == "Harbour <at> night #sea"
    ]
    return accounts, video["id"]


def charts_of(accounts, post_id):
    """Path, parameters, the same for a link, and a word that each picture says."""
    return {
        "comparison": ("/compare", {"account_ids": accounts, "metric": "views"}, {}, "Views of 2 accounts"),
        "best_times": ("/best-times", {}, {}, "Best times to post of 2 accounts"),
        "leaderboard": (
            "/posts",
            {"metric": "likes", "limit": 3, "account_id": accounts[:1], "by": "total"},
            {"account_ids": accounts[:1]},
            "Top posts of @katherine by likes",
        ),
        "post": (f"/posts/{post_id}", {}, {"post_id": post_id}, "Harbour <at> night #sea"),
    }


@pytest.mark.parametrize("kind", ["comparison", "best_times", "leaderboard", "post"])
def test_a_chart_is_the_same_by_its_route_and_by_its_link(owner, client, world, kind):
    path, asked, of_link, said = charts_of(*world)[kind]
    look = {"theme": "light", "width": 480}

    shown = owner.get(f"/analytics{path}/chart.svg", query_string=asked | look)
    pixels = owner.get(f"/analytics{path}/chart.png", query_string=asked | look)
    wish = {name: value for name, value in asked.items() if name != "account_id"} | of_link
    link = owner.post("/analytics/chart-links", json={"chart": {"kind": kind} | wish, "format": "svg"} | look)

    assert (shown.status_code, pixels.status_code, link.status_code) == (200, 200, 201), (shown.json, link.json)
    drawing = ElementTree.fromstring(shown.data)  # noqa: S314  # our own
    assert said in drawing.find(f"{SVG}title").text
    assert re.search(r"\d", drawing.find(f"{SVG}desc").text)
    assert Image.open(io.BytesIO(pixels.data)).width == 960
    followed = client.get(link.json["url"].removeprefix(HOST))
    assert followed.data == shown.data


@pytest.mark.usefixtures("world")
def test_a_ranking_draws_as_many_posts_as_asked_and_those_of_the_list(owner):
    ranked = owner.get("/analytics/posts?metric=views&limit=2&by=total").json["data"]

    drawn = owner.get("/analytics/posts/chart.svg?metric=views&limit=2&by=total").get_data(as_text=True)

    assert len(ranked) == 2
    assert all(f"{int(row['value']):,}" in drawn for row in ranked)
    assert [word in drawn for word in ("1. ", "2. ", "3. ")] == [True, True, False]


@pytest.mark.parametrize("width", [320, 960])
@pytest.mark.parametrize("about", ["compare", "best-times", "posts"])
def test_without_an_account_there_is_an_empty_chart(owner, about, width):
    answer = owner.get(f"/analytics/{about}/chart.svg?width={width}")

    assert answer.status_code == 200
    said = ElementTree.fromstring(answer.data).find(f"{SVG}title").text  # noqa: S314  # our own
    assert "0 accounts" in said


def test_a_comparison_of_the_only_account_says_so(owner, make_account):
    make_account(owner)

    assert "Followers of 1 account<" in owner.get("/analytics/compare/chart.svg").get_data(as_text=True)


@pytest.mark.parametrize("kind", ["comparison", "best_times", "leaderboard", "post"])
def test_a_stranger_sees_none_of_them(stranger, world, kind):
    accounts, post_id = world
    path, asked, of_link, _ = charts_of(accounts, post_id)[kind]
    asked = asked | ({"account_id": accounts} if kind in ("best_times", "leaderboard") else {})

    answers = [stranger.get(f"/analytics{path}/chart.{each}", query_string=asked) for each in ("svg", "png")]
    wish = {name: value for name, value in asked.items() if name != "account_id"} | of_link
    wish |= {"account_ids": accounts} if "account_id" in asked else {}
    link = stranger.post("/analytics/chart-links", json={"chart": {"kind": kind} | wish})

    assert [answer.status_code for answer in (*answers, link)] == [404, 404, 404]


def test_the_day_after_a_missed_one_is_a_gap_in_the_life_of_a_post(owner, world, pass_time, simulator):
    _, post_id = world
    simulator.control.mischief("video_list", "status", status=500, every=True)
    pass_time(hours=49)
    simulator.control.clear_mischief()
    pass_time(hours=26)

    drawn = owner.get(f"/analytics/posts/{post_id}/chart.svg").get_data(as_text=True)

    assert "unknown" in drawn
