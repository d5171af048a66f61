"""GET /analytics/accounts/{id}/chart.png, and every kind of chart in pixels."""

import io
import time
from dataclasses import replace

import pytest
from PIL import Image

from tests.analytics.charts.pixels import colour_of, is_near, must_show_series
from tests.analytics.charts.sample_charts import SAMPLES, a_series
from tiktok_api.analytics.charts.drawing.draw import draw
from tiktok_api.analytics.charts.drawing.look import Look, Theme
from tiktok_api.analytics.charts.drawing.sheet import Drawing
from tiktok_api.analytics.charts.png import MOST_PIXELS, NotDrawable, to_png

WEEK = "from=2026-03-01&to=2026-03-07&timezone=UTC"


@pytest.fixture
def account_id(owner, make_account, read_profile):
    account_id = make_account(owner, username="ada")
    for day, count in ((1, 18_412), (2, 18_460), (6, 18_500)):
        read_profile(account_id, f"2026-03-0{day}T12:00Z", follower_count=count)
    return account_id


def picture_of(content):
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize(("query", "size"), [("", 1920), ("width=360", 720), ("width=360&scale=3", 1080)])
def test_a_chart_is_as_wide_as_was_asked(owner, account_id, query, size):
    response = owner.get(f"/analytics/accounts/{account_id}/chart.png?{WEEK}&{query}")

    assert (response.status_code, response.content_type) == (200, "image/png")
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert picture_of(response.data).width == size


@pytest.mark.parametrize(("theme", "page"), [("light", Theme.LIGHT), ("auto", Theme.LIGHT), ("dark", Theme.DARK)])
def test_only_one_that_asks_for_it_is_dark(owner, account_id, theme, page):
    response = owner.get(f"/analytics/accounts/{account_id}/chart.png?theme={theme}&{WEEK}")

    picture = picture_of(response.data).convert("RGB")
    assert is_near(picture.getpixel((100, 20)), colour_of("page", page))


def test_one_that_the_client_has_is_not_sent_again(owner, account_id):
    path = f"/analytics/accounts/{account_id}/chart.png?{WEEK}"

    first = owner.get(path)
    again = owner.get(path, headers={"If-None-Match": first.headers["ETag"]})
    larger = owner.get(f"{path}&scale=3", headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    assert larger.status_code == 200
    assert "private" in first.headers["Cache-Control"]


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
@pytest.mark.parametrize("width", [360, 960])
def test_a_series_in_pixels_is_that_series(theme, width):
    drawing = draw(a_series(), Look(theme, width))

    must_show_series(picture_of(to_png(drawing, theme)), drawing, theme, scale=2)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_kind_becomes_pixels_with_its_colours(name):
    drawing = draw(SAMPLES[name], Look(Theme.DARK, 640))

    picture = picture_of(to_png(drawing, Theme.DARK)).convert("RGB")

    assert picture.size == (1280, drawing.height * 2)
    colours = {colour for _, colour in picture.getcolors(2**24)}
    wanted = ["page", "ink", "muted", "heat6" if name == "best times" else "line0"]
    assert {each for each in wanted if colour_of(each, Theme.DARK) not in colours} == set()


def test_letters_of_three_scripts_are_there_and_the_same_each_time():
    charts = [a_series(title=title) for title in ("Ada Lovelace", "Ωμέγα", "Привет", "Žluťoučký kůň", "")]

    pictures = [to_png(draw(chart, Look())) for chart in charts]

    assert len(set(pictures)) == len(charts)
    assert pictures == [to_png(draw(chart, Look())) for chart in charts]


def test_emoji_are_left_out():
    with_emoji, without = (draw(a_series(title=title), Look()) for title in ("Cake 🎂👩‍👩‍👧 day", "Cake day"))

    assert "🎂" in with_emoji.svg
    assert to_png(with_emoji) == to_png(without)


@pytest.mark.parametrize("title", ["href=x", "a href = 'file:///etc/passwd'", "<image href='x'/>", "<!-- <script"])
@pytest.mark.parametrize("name", SAMPLES)
def test_titles_that_look_like_links_are_words(name, title):
    drawing = draw(replace(SAMPLES[name], title=title), Look())

    assert picture_of(to_png(drawing)).width == 2 * drawing.width


def test_a_picture_has_a_bounded_number_of_pixels():
    tall = SAMPLES["leaderboard"]

    started = time.perf_counter()
    picture = picture_of(to_png(draw(tall, Look(Theme.LIGHT, 1600)), scale=3))

    assert time.perf_counter() - started < 10
    assert MOST_PIXELS * 0.99 < picture.width * picture.height <= MOST_PIXELS * 1.01 or picture.width == 4800


@pytest.mark.parametrize(
    "svg",
    [
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="/etc/passwd"/></svg>',
        '<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><a xlink:href="file:///etc/passwd"/></svg>',
        "<svg",
    ],
)
def test_what_we_have_not_drawn_is_not_rendered(svg):
    with pytest.raises(NotDrawable):
        to_png(Drawing(svg, 9, 9, "", "", ""))
