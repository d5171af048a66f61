"""GET /analytics/accounts/{id}/chart.svg"""

import base64
import hashlib
import re

import pytest
from defusedxml import ElementTree

from tests.web.problems import assert_problem

SVG = "{http://www.w3.org/2000/svg}"
WEEK = "from=2026-03-01&to=2026-03-07&timezone=UTC"


@pytest.fixture
def account_id(owner, make_account, read_profile):
    account_id = make_account(owner, username="ada")
    for day, count in ((1, 18_412), (2, 18_460), (3, 18_390), (6, 18_500), (7, 18_530)):
        read_profile(account_id, f"2026-03-0{day}T12:00Z", follower_count=count)
    return account_id


def test_a_chart_is_self_contained(owner, account_id):
    response = owner.get(f"/analytics/accounts/{account_id}/chart.svg?{WEEK}")

    assert response.content_type == "image/svg+xml; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    root = ElementTree.fromstring(response.get_data())
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        *("svg", "title", "desc", "style", "g", "rect", "text", "line", "polyline", "polygon", "circle")
    }
    without_namespace = response.text.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|//|href|url\(|@import|data:|\bon\w+=| style=|<script", without_namespace)


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_its_policy_allows_the_one_style_sheet_that_it_has(owner, account_id, theme):
    response = owner.get(f"/analytics/accounts/{account_id}/chart.svg?theme={theme}&{WEEK}")

    [style] = ElementTree.fromstring(response.get_data()).iter(f"{SVG}style")
    expected = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
    policy = response.headers["Content-Security-Policy"]
    assert policy == f"default-src 'none'; style-src 'sha256-{expected}'; frame-ancestors 'none'; sandbox"


def test_a_chart_says_its_unit(owner, account_id):
    shown = {"": "followers", "show=change": "new followers per day", "metric=views&interval=week": "views"}

    for query, unit in shown.items():
        response = owner.get(f"/analytics/accounts/{account_id}/chart.svg?{WEEK}&{query}")

        assert unit in [text.text for text in ElementTree.fromstring(response.get_data()).iter(f"{SVG}text")]


@pytest.mark.parametrize(("query", "faults"), [("width=319", {"width"}), ("width=1601&theme=blue", {"width", "theme"})])
def test_a_look_that_there_is_not_is_refused(owner, account_id, query, faults):
    for picture in ("svg", "png"):
        response = owner.get(f"/analytics/accounts/{account_id}/chart.{picture}?{query}")

        assert {fault["parameter"] for fault in assert_problem(response, 422)["errors"]} == faults


def test_a_chart_has_a_description_for_screen_readers(owner, account_id):
    response = owner.get(f"/analytics/accounts/{account_id}/chart.svg?{WEEK}")

    root = ElementTree.fromstring(response.get_data())
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert title.text == "Followers of @ada"
    assert "From 18,412 on 1 Mar 2026 to 18,530 on 7 Mar 2026." in desc.text
    assert "2 of 7 points are unknown. Went down: 1 of them." in desc.text


def test_the_line_is_broken_where_nothing_was_read(owner, account_id):
    response = owner.get(f"/analytics/accounts/{account_id}/chart.svg?{WEEK}")

    root = ElementTree.fromstring(response.get_data())
    lines = [line.get("points").split() for line in root.iter(f"{SVG}polyline")]
    assert [len(line) for line in lines] == [3, 2]
    assert "unknown" in [title.text for title in root.iter(f"{SVG}title")]
    assert "18,390 on 3 Mar 2026, went down" in [title.text for title in root.iter(f"{SVG}title")]


def test_a_chart_can_show_the_change_of_each_day(owner, account_id):
    response = owner.get(f"/analytics/accounts/{account_id}/chart.svg?show=change&{WEEK}")

    root = ElementTree.fromstring(response.get_data())
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert "New followers of @ada" in words
    assert "+118" in words


def test_a_name_cannot_inject_markup(owner, make_account):
    hostile = '"><script>alert(1)</script>&amp;\x01\ud83d\x0b'.encode("utf-8", "replace").decode()
    account_id = make_account(owner, username=hostile)

    response = owner.get(f"/analytics/accounts/{account_id}/chart.svg")

    root = ElementTree.fromstring(response.get_data())
    assert root.find(f"{SVG}title").text == 'Followers of @"><script>alert(1)</script>&amp;\ufffd?\ufffd'
    assert not list(root.iter(f"{SVG}script"))


def test_an_empty_chart_says_why(owner, make_account):
    everything, no_videos, no_stats = (
        make_account(owner, scopes=scopes)
        for scopes in (["user.info.stats", "video.list"], ["user.info.stats"], ["video.list"])
    )
    expected = {
        f"{everything}/chart.svg?metric=views": "Nothing has been read yet",
        f"{no_videos}/chart.svg?metric=views": "The person did not grant video.list",
        f"{no_stats}/chart.svg?metric=followers": "The person did not grant user.info.stats",
        f"{everything}/chart.svg?from=2090-01-01&to=2090-01-02": "This is still to come",
    }

    for path, words in expected.items():
        root = ElementTree.fromstring(owner.get(f"/analytics/accounts/{path}").get_data())
        assert words in [text.text for text in root.iter(f"{SVG}text")]


def test_an_unchanged_response_is_304(owner, account_id):
    path = f"/analytics/accounts/{account_id}/chart.svg?{WEEK}"

    first = owner.get(path)
    again = owner.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
    assert "private" in first.headers["Cache-Control"]
    assert not again.data


def test_every_shape_of_window_is_well_formed(owner, account_id):
    for query in ("interval=month&from=2020-01-01", "metric=engagement_rate", "from=2026-03-01&to=2026-03-01"):
        response = owner.get(f"/analytics/accounts/{account_id}/chart.svg?{query}")

        assert response.status_code == 200
        ElementTree.fromstring(response.get_data())
