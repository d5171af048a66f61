"""What charts say: descriptions with the important numbers, and nothing about what is unknown but that it is."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analytics.charts.layout import SVG, boxes, root_of
from tests.analytics.charts.sample_charts import FIRST_DAY, GAP, SAMPLES, a_series
from tiktok_api.analytics.charts.drawing.bars import Bar, Bars
from tiktok_api.analytics.charts.drawing.comparison import ComparedLine, ComparisonChart, apart
from tiktok_api.analytics.charts.drawing.draw import draw
from tiktok_api.analytics.charts.drawing.heat_map import HeatCell, HeatMap
from tiktok_api.analytics.charts.drawing.life import Age, Life, age
from tiktok_api.analytics.charts.drawing.line_chart import Dot
from tiktok_api.analytics.charts.drawing.look import Look
from tiktok_api.analytics.charts.drawing.typesetting import one_line, shorten, width_of, wrap

HEAD = {"key": "k", "title": "Title", "subtitle": "Subtitle"}


def words_of(chart, width=960):
    return [box.words for box in boxes(draw(chart, Look(width=width)))]


def test_a_series_tells_its_ends_its_extremes_and_its_gaps():
    said = draw(a_series(), Look()).description

    assert "From 18,000 on 1 Sep 2026 to " in said
    assert f"{len(GAP)} of 90 points are unknown." in said
    assert "Went down: 1 of them." in said


def test_a_series_without_a_value_says_why_and_has_no_numbers():
    dots = [Dot(FIRST_DAY + timedelta(days=day), None) for day in range(5)]

    drawing = draw(a_series(dots=dots, empty="Nothing was read", headline="", note=""), Look())

    shown = [box.words for box in boxes(drawing)]
    assert "Nothing was read" in shown
    assert not [words for words in shown if words.replace(",", "").isdigit()]
    assert not list(root_of(drawing).iter(f"{SVG}polyline"))
    assert drawing.description.endswith("Nothing was read.")


def test_the_best_times_are_those_with_enough_posts_behind_them():
    cells = [HeatCell(0, 9, 900.0, 2), HeatCell(4, 18, 250.0, 5), HeatCell(5, 7, None, 4), HeatCell(6, 20, 120.5, 3)]

    drawing = draw(HeatMap(**HEAD, cells=cells), Look())

    best = "Best: Friday 18:00: 250 views per hour, 5 posts; Sunday 20:00: 120 views per hour, 3 posts."
    assert drawing.description == f"Subtitle. 14 posts in all. {best}"
    rings = [rect for rect in root_of(drawing).iter(f"{SVG}rect") if rect.get("class") == "stroke-ring"]
    assert len(rings) == 2 + 1  # and that of the legend
    titles = [title.text for title in root_of(drawing).iter(f"{SVG}title")]
    assert "Saturday 07:00: unknown, 4 posts" in titles
    assert "Monday 00:00: unknown, 0 posts" in titles


def test_too_few_posts_have_no_best_time_and_a_warning():
    chart = HeatMap(**HEAD, cells=[HeatCell(0, 9, 900.0, 2)], warning="Only 2 posts: too few to tell.")

    drawing = draw(chart, Look(width=360))

    assert "Only 2 posts: too few to tell." in [box.words for box in boxes(drawing)]
    assert "Only 2 posts: too few to tell. No hour has 3 posts or more" in drawing.description
    assert "stroke-ring" not in drawing.svg


@pytest.mark.parametrize("width", [360, 960])
def test_every_cell_shows_how_many_posts_are_behind_it(width):
    chart = HeatMap(**HEAD, cells=[HeatCell(day, 12, 5.0, 100 + day) for day in range(7)])

    assert {str(100 + day) for day in range(7)} <= set(words_of(chart, width))


@pytest.mark.parametrize("width", [360, 960])
def test_an_unknown_bar_is_unknown_and_not_0(width):
    chart = Bars(**HEAD, bars=[Bar("A", 12.0), Bar("B", None), Bar("C", 0.0)], unit="views")

    drawing = draw(chart, Look(width=width))

    words = [box.words for box in boxes(drawing)]
    assert (words.count("unknown"), words.count("0")) == (1, 1)
    assert len([rect for rect in root_of(drawing).iter(f"{SVG}rect") if rect.get("class") == "fill-line0"]) == 2
    assert drawing.description == "Subtitle. By views: 1. A: 12. 2. B: unknown. 3. C: 0."


def test_a_long_leaderboard_is_cut_and_described_by_its_first_places():
    chart = Bars(**HEAD, bars=[Bar(f"Post {place}", 100.0 - place) for place in range(30)], unit="views")

    assert draw(chart, Look()).description.endswith("5. Post 4: 96. And 20 more.")
    assert "Post 24" in words_of(chart)
    assert "Post 25" not in words_of(chart)


def test_an_empty_leaderboard_says_so():
    drawing = draw(Bars(**HEAD, bars=[], unit="views", empty="No posts in this window"), Look())

    assert "No posts in this window" in drawing.description


@pytest.mark.parametrize("width", [360, 960])
def test_each_of_the_compared_is_named_with_its_number(width):
    chart = SAMPLES["comparison"]

    words = words_of(chart, width)

    assert {"@ada", "@Привет", "@last", "-6.7 %", "+11.1 %"} <= set(words)
    assert "a break in a line: unknown" in words
    assert "10 compared. @ada: −6.68 %, -6.7 %. " in draw(chart, Look(width=width)).description.replace("\xa0", " ")


def test_compared_accounts_without_a_reading_are_unknown():
    dates = [FIRST_DAY + timedelta(days=day) for day in range(3)]
    lines = [ComparedLine("@a", [None, None, None]), ComparedLine("@b", [None, float("nan"), None])]

    drawing = draw(ComparisonChart(**HEAD, dates=dates, lines=lines, unit="views", empty="Nothing yet"), Look())

    assert drawing.description == "Subtitle. 2 compared. @a: unknown. @b: unknown."
    assert "Nothing yet" in [box.words for box in boxes(drawing)]


def test_a_life_tells_of_its_first_day_and_says_that_its_axis_is_uneven():
    ages = [Age(0, 0), Age(20, 9_000), Age(30, None), Age(240, 12_000)]

    drawing = draw(Life(**HEAD, ages=ages), Look())

    assert (
        "12,000 views after 10 days. In the first day: 9,000 views after 20 h. 1 of 4 points are" in drawing.description
    )
    assert "age of the post, its first days drawn wider" in [box.words for box in boxes(drawing)]
    assert "age of the post" in words_of(Life(**HEAD, ages=ages[:3]))


@pytest.mark.parametrize(
    ("hours", "said"), [(0, "0 h"), (1.5, "1.5 h"), (24, "1 day"), (36, "1.5 days"), (24 * 2000, "2,000 days")]
)
def test_ages_are_said_in_the_largest_unit(hours, said):
    assert age(hours) == said


@given(places=st.lists(st.floats(100, 368), min_size=1, max_size=10))
def test_labels_are_moved_apart_in_their_order_and_within_the_plane(places):
    found = apart(places, 17, 100, 368)

    order = sorted(range(len(places)), key=lambda number: places[number])
    heights = [found[number] for number in order]
    assert all(later - earlier >= 16.9 for earlier, later in pairwise(heights))
    assert 99.9 <= min(heights) <= max(heights) <= 368.1


@given(words=st.text(max_size=400), width=st.floats(60, 600), most=st.integers(1, 4))
def test_no_line_is_wider_than_it_may_be(words, width, most):
    lines = wrap(words, width, 13, most=most)

    assert len(lines) <= most
    assert all(width_of(line, 13) <= width + 0.01 for line in lines)
    assert width_of(shorten(words, width, 13), 13) <= width + 0.01


def test_texts_lose_what_is_not_printed():
    assert one_line("a\u202eb\u200bc\n\td  e") == "abc d e"
    assert one_line("e\u0301\u0302\u0303\u0304") == "e\u0301\u0302"
    assert one_line("\x00\ud800") == "\ufffd\ufffd"
    assert len(one_line("x" * 5000)) == 300
