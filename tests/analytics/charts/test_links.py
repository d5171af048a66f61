"""Links that show a chart without a token: made, followed, altered, expired, and ended with what they stand on."""

import io
import random
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.auth.keys import make_key
from tests.databases import execute
from tests.web.problems import assert_problem
from tiktok_api.analytics.charts import links
from tiktok_api.analytics.charts.drawing.look import Look, Theme
from tiktok_api.analytics.charts.kinds import READERS, ChartKind, PictureFormat
from tiktok_api.analytics.charts.links import ChartLink
from tiktok_api.analytics.charts.schemas import ARGUMENTS
from tiktok_api.clock import now
from tiktok_api.redaction import HIDDEN, redact
from tiktok_api.web.signed_links import LinkSignatureInvalid

HOST = "http://127.0.0.1:8080"


@pytest.fixture
def account_id(owner, make_account, read_profile):
    account_id = make_account(owner, username="ada")
    read_profile(account_id, "2026-03-01T12:00Z", follower_count=18_412)
    return account_id


@pytest.fixture
def make_link(owner, account_id):
    """Makes a link to the series of an account; returns the answer."""

    def make(person=owner, chart=None, **wish):
        about = {"kind": "series", "account_id": account_id} | (chart or {})
        return person.post("/analytics/chart-links", json={"chart": about} | wish)

    return make


@pytest.fixture
def follow(client):
    """Follows a link as an `<img>` does: without a token."""

    def fetch(answer, **headers):
        assert answer.status_code == 201, answer.json
        return client.get(answer.json["url"].removeprefix(HOST), headers=headers)

    return fetch


def test_a_link_shows_the_chart_without_a_token(owner, account_id, make_link, follow):
    look = {"theme": "dark", "width": 400}
    about = {"from": "2026-03-01", "to": "2026-03-07", "metric": "followers", "timezone": "Europe/Berlin"}

    answer = make_link(chart=about, format="svg", **look)
    shown = follow(answer)

    assert re.fullmatch(rf"{HOST}/api/v1/charts/[\w-]+\.svg", answer.json["url"])
    assert (shown.status_code, shown.content_type) == (200, "image/svg+xml; charset=utf-8")
    with_token = owner.get(f"/analytics/accounts/{account_id}/chart.svg", query_string=about | look)
    assert shown.data == with_token.data
    assert shown.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert shown.headers["Cache-Control"] == "public, max-age=300"


def test_by_default_it_is_a_png_for_seven_days(make_link, follow):
    answer = make_link()
    shown = follow(answer)

    assert answer.json["url"].endswith(".png")
    left = datetime.fromisoformat(answer.json["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=7) - timedelta(minutes=1) < left <= timedelta(days=7)
    assert shown.content_type == "image/png"
    assert Image.open(io.BytesIO(shown.data)).width == 1920
    again = follow(answer, **{"If-None-Match": shown.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_its_element_has_the_title_as_text_and_cannot_be_broken_out_of(owner, make_account, make_link, follow):
    hostile = make_account(owner, username='x" onerror="alert(1)><script>')

    answer = make_link(chart={"account_id": hostile}, width=720)

    found = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.append((tag, dict(attributes)))
    parser.feed(answer.json["html"])
    [(tag, attributes)] = found
    assert (tag, set(attributes)) == ("img", {"src", "alt", "width", "style"})
    assert attributes["src"] == answer.json["url"]
    assert attributes["alt"].startswith('Followers of @x" onerror="alert(1)><script>. ')
    assert attributes["width"] == "720"


def test_a_window_without_an_end_moves_on_with_the_days(make_link, follow, read_profile, account_id, pass_time):
    answer = make_link(format="svg", expires_in_seconds=30 * 86_400)
    before = follow(answer)

    later = pass_time(days=20)
    read_profile(account_id, later.isoformat(), follower_count=99_123)
    after = follow(answer)

    assert "99,123" not in before.text
    assert "99,123" in after.text


def test_it_ends_when_it_said(make_link, follow, pass_time):
    answer = make_link(expires_in_seconds=90)
    now_shown = follow(answer)

    pass_time(seconds=91)

    assert now_shown.headers["Cache-Control"] in ("public, max-age=89", "public, max-age=90")
    assert_problem(follow(answer), 403, "link_expired")


@pytest.mark.parametrize(
    "alter",
    [
        lambda token: token[:-1] + ("A" if token[-2] != "A" else "B") + token[-1],
        lambda token: ("A" if token[0] != "A" else "B") + token[1:],
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token[-22:],
        lambda token: "x" * 30,
        lambda token: "x",
        lambda token: "é" * 40,
        lambda token: "A" * 5000,
    ],
)
def test_an_altered_one_is_refused(make_link, client, alter):
    url = make_link().json["url"].removeprefix(HOST)
    token = url.removeprefix("/api/v1/charts/").removesuffix(".png")

    answer = client.get(f"/api/v1/charts/{alter(token)}.png")

    assert_problem(answer, 403, "link_signature_invalid")


def test_one_for_a_png_shows_no_svg(make_link, client):
    url = make_link(format="png").json["url"].removeprefix(HOST)

    assert_problem(client.get(url.removesuffix("png") + "svg"), 403, "link_signature_invalid")


def test_a_link_to_a_deleted_account_shows_nothing(make_link, follow, database_url):
    answer = make_link()

    execute(database_url, "delete from accounts")

    assert_problem(follow(answer), 404, "not_found")


def test_a_link_of_a_disabled_user_shows_nothing(owner, make_link, follow, database_url):
    answers = [make_link(), make_link(make_key(owner))]

    execute(database_url, "update users set disabled_at = '2026-01-01 00:00:00'")

    for answer in answers:
        assert_problem(follow(answer), 404, "not_found")


def test_a_link_of_a_key_ends_with_the_key(owner, make_link, follow):
    key = make_key(owner)
    answer = make_link(key)
    before = follow(answer)

    owner.delete(f"/auth/api-keys/{key.id}")

    assert before.status_code == 200
    assert_problem(follow(answer), 404, "not_found")


def test_a_link_of_a_key_ends_when_the_key_expires(owner, make_link, follow, database_url):
    key = make_key(owner)
    answer = make_link(key)

    execute(database_url, "update api_keys set expires_at = '2026-01-01 00:00:00'")

    assert_problem(follow(answer), 404, "not_found")


def test_a_confined_key_makes_links_to_its_accounts_only(owner, make_account, account_id, make_link, follow):
    inside = make_key(owner, account_ids=[account_id])
    other = make_account(owner, username="grace")

    mine = make_link(inside)
    foreign = [make_link(inside, {"account_id": each}) for each in (other, str(uuid4()))]

    assert follow(mine).status_code == 200
    for answer in foreign:
        assert_problem(answer, 404, "not_found")


def test_a_key_that_may_not_read_makes_no_link(owner, make_link):
    assert_problem(make_link(make_key(owner, scopes=["write"])), 403, "scope_too_narrow")


def test_a_stranger_makes_no_link_to_an_account(stranger, make_link):
    assert_problem(make_link(stranger), 404, "not_found")


@pytest.mark.parametrize(
    ("chart", "code", "pointer"),
    [
        ({"kind": "pie"}, "invalid", "/chart/kind"),
        ({"metric": "luck"}, "invalid", "/chart/metric"),
        ({"colour": "red"}, "unknown_field", "/chart/colour"),
        ({"from": "2026-03-09", "to": "2026-03-01"}, "window_backwards", None),
    ],
)
def test_what_the_route_would_refuse_makes_no_link(make_link, chart, code, pointer):
    problem = assert_problem(make_link(chart=chart), 422)

    if pointer:
        assert {(fault["code"], fault["pointer"]) for fault in problem["errors"]} == {(code, pointer)}
    else:
        assert problem["code"] == code


def test_what_the_kind_needs_must_be_there(owner):
    problem = assert_problem(owner.post("/analytics/chart-links", json={"chart": {"kind": "series"}}), 422)

    [fault] = problem["errors"]
    assert (problem["code"], fault["code"], fault["pointer"]) == (*["chart_not_possible"] * 2, "/chart/account_id")


@pytest.mark.parametrize("seconds", [59, 90 * 86_400 + 1])
def test_a_link_lasts_from_a_minute_to_ninety_days(make_link, seconds):
    problem = assert_problem(make_link(expires_in_seconds=seconds), 422)

    assert [fault["pointer"] for fault in problem["errors"]] == ["/expires_in_seconds"]


def test_making_a_link_is_in_the_audit_trail(owner, make_link, account_id):
    answer = make_link()

    [entry] = owner.get("/audit?action=chart_link").json["data"]
    assert (entry["action"], entry["subject_id"]) == ("chart_link.created", account_id)
    assert entry["detail"]["kind"] == "series"
    assert answer.json["url"] not in str(entry)


def test_each_kind_has_a_reader_and_arguments():
    assert set(READERS) == set(ARGUMENTS) == set(ChartKind)


values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.uuids().map(str), st.just("~"), st.just("~~a")
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(
    selection=st.dictionaries(st.text(max_size=8), values, max_size=5),
    owner_id=st.uuids(),
    key_id=st.none() | st.uuids(),
    picture=st.sampled_from(PictureFormat),
    look=st.builds(Look, st.sampled_from(Theme), st.integers(320, 1600)),
)
def test_a_link_says_after_reading_what_was_written(selection, owner_id, key_id, picture, look):
    link = ChartLink(owner_id, key_id, int(now().timestamp()) + 60, picture, look, selection)

    token = links.write_token(link, b"key")

    assert links.read_token(token, picture, b"key") == link
    with pytest.raises(LinkSignatureInvalid):
        links.read_token(token, picture, b"another key")


@pytest.mark.parametrize("count", [1, 10, 20])
def test_a_link_that_was_made_can_be_followed_however_long_its_labels_are(count, owner, follow):
    chance = random.Random(1)
    labels = ["".join(chr(chance.randrange(0x20000, 0x2A6D0)) for _ in range(50)) for _ in range(count)]

    answer = owner.post(
        "/analytics/chart-links", json={"chart": {"kind": "best_times", "label": labels, "tag": labels}}
    )

    if count == 20:
        problem = assert_problem(answer, 422, "link_too_long")
        assert problem["errors"][0]["pointer"] == "/chart"
    else:
        assert len(answer.json["url"]) < 4060
        assert follow(answer).status_code == 200


def test_a_link_to_ten_accounts_fits_into_500_characters():
    about = {
        "kind": "comparison",
        "account_ids": [str(uuid4()) for _ in range(10)],
        "metric": "engagement_rate",
        "interval": "week",
        "from": "2026-03-01",
        "to": "2026-11-30",
        "timezone": "America/Argentina/Buenos_Aires",
    }
    link = ChartLink(uuid4(), uuid4(), 1_900_000_000, PictureFormat.PNG, Look(Theme.DARK, 1600), about)

    assert len(links.write_token(link, b"key")) < 500


def test_the_log_tells_of_a_link_without_what_opens_it(make_link):
    url = make_link().json["url"]

    assert redact(f"refused: {url}") == f"refused: {HOST}/api/v1/charts/{HIDDEN}.png"
