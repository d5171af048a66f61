"""Whatever is drawn, at whatever width: well-formed, within the page, no text on another, no number that is none."""

import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analytics.charts.layout import SVG, outside, root_of, touching
from tests.analytics.charts.sample_charts import FIRST_DAY, SAMPLES
from tiktok_api.analytics.charts.drawing.bars import Bar, Bars
from tiktok_api.analytics.charts.drawing.comparison import ComparedLine, ComparisonChart
from tiktok_api.analytics.charts.drawing.draw import draw
from tiktok_api.analytics.charts.drawing.heat_map import HeatCell, HeatMap
from tiktok_api.analytics.charts.drawing.life import Age, Life
from tiktok_api.analytics.charts.drawing.line_chart import Dot, LineChart
from tiktok_api.analytics.charts.drawing.look import Look, Theme

widths = st.integers(320, 1600)
looks = st.builds(Look, st.sampled_from(Theme), widths)
HOSTILE = (
    "",
    "</text></svg><script>alert(1)</script>",
    "]]>&amp;&lt;\"'",
    "\x00\x08\x1b\ud800\ufffe",
    "\u202eevil\u202c \u2066x\u2069",
    "Z\u0301\u0302\u0303\u0304\u0305\u0306algo" * 20,
    "W" * 400,
    "w w " * 100,
    "日本語のとても長い題名です" * 10,
    "👩‍👩‍👧‍👦" * 20,
    "line\nbreak\r\n\ttab\u2028",
    "@Привет Ωμέγα ﷽﷽﷽",
)
names = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40))
counts = st.one_of(
    st.none(),
    st.integers(-(10**15), 10**15).map(float),
    st.floats(0, 1e15),
    st.sampled_from([0.0, 1.0, 1e15, -1e15, float("nan"), float("inf")]),
)
rates = st.one_of(st.none(), st.floats(-5, 5))
heads = {"key": st.just("k"), "title": names, "subtitle": names, "headline": names, "note": names}
flags = st.booleans()
few = settings(max_examples=60, deadline=None)


def days(count):
    return [FIRST_DAY + timedelta(days=number) for number in range(count)]


@st.composite
def series(draw_one):
    is_rate = draw_one(flags)
    values = draw_one(st.lists(rates if is_rate else counts, min_size=1, max_size=60))
    values = values * (400 // len(values)) if draw_one(flags) else values
    marks = [draw_one(st.tuples(flags, flags)) for _ in range(len(values) if len(values) < 5 else 0)]
    dots = [
        Dot(day, value, *(marks[place] if marks else (place % 7 == 3, False)))
        for place, (day, value) in enumerate(zip(days(len(values)), values, strict=True))
    ]
    head = {name: draw_one(strategy) for name, strategy in heads.items()}
    return LineChart(**head, dots=dots, unit=draw_one(names), is_rate=is_rate, is_change=draw_one(flags))


@st.composite
def comparisons(draw_one):
    is_rate, count = draw_one(flags), draw_one(st.sampled_from([1, 2, 30, 400]))
    same = draw_one(names)
    lines = [
        ComparedLine(
            same if draw_one(flags) else draw_one(names),
            (draw_one(st.lists(rates if is_rate else counts, min_size=1, max_size=5)) * count)[:count],
            draw_one(names),
        )
        for _ in range(draw_one(st.integers(1, 12)))
    ]
    head = {name: draw_one(strategy) for name, strategy in heads.items()}
    return ComparisonChart(**head, dates=days(count), lines=lines, unit=draw_one(names), is_rate=is_rate)


heat_maps = st.builds(
    HeatMap,
    **heads,
    cells=st.lists(
        st.builds(HeatCell, st.integers(0, 6), st.integers(0, 23), counts, st.integers(0, 10**6)), max_size=20
    ),
    unit=names,
    warning=names,
)
bars = st.builds(
    Bars,
    **heads,
    bars=st.lists(st.builds(Bar, names, counts, names), max_size=30),
    unit=names,
    is_rate=st.just(False),
)
ages = st.lists(st.builds(Age, st.floats(0, 20_000), counts, flags), max_size=40).map(
    lambda found: sorted(found, key=lambda age: age.hours)
)
lives = st.builds(Life, **heads, ages=ages, usual=ages, unit=names, usual_name=names)


@pytest.mark.parametrize(
    "charts", [series(), comparisons(), heat_maps, bars, lives], ids=["series", "comparison", "heat", "bars", "life"]
)
def test_nothing_leaves_the_page_or_covers_another(charts):
    @few
    @given(chart=charts, look=looks)
    def check(chart, look):
        drawing = draw(chart, look)

        root = root_of(drawing)
        assert (drawing.width, int(root.get("width"))) == (look.width, look.width)
        assert drawing.height <= 2600
        assert not re.search(r'="[^"]*(nan|inf)[^"]*"', re.sub("<(title|desc).*?</(title|desc)>", "", drawing.svg))
        assert not list(root.iter(f"{SVG}script"))
        assert outside(drawing) == []
        assert touching(drawing) == []

    check()


@pytest.mark.parametrize(
    "chart",
    [
        Bars(key="k", title="", subtitle="", unit="", bars=[Bar("", 0.0), Bar("", -1.0)]),
        Bars(key="k", title="", subtitle="", unit="", bars=[Bar("", None), Bar("", -1.0)]),
        HeatMap(key="k", title="", subtitle="", cells=[], warning="W" * 100),
        HeatMap(key="k", title="", subtitle="", cells=[HeatCell(0, hour, None, 1000) for hour in range(24)]),
        Life(key="k", title="", subtitle="", ages=[Age(9842.0, 801.0)]),
    ],
)
@pytest.mark.parametrize("width", [320, 324, 720])
def test_what_once_was_out_of_place_is_in_it(chart, width):
    drawing = draw(chart, Look(width=width))

    assert (outside(drawing), touching(drawing)) == ([], [])


@pytest.mark.parametrize("width", [320, 360, 400, 599, 600, 719, 720, 759, 760, 960, 1600])
@pytest.mark.parametrize("name", SAMPLES)
def test_a_chart_fits_at_every_width(name, width):
    drawing = draw(SAMPLES[name], Look(Theme.AUTO, width))

    assert outside(drawing) == []
    assert touching(drawing) == []
    assert min(float(text.get("font-size")) for text in root_of(drawing).iter(f"{SVG}text")) >= 11


def test_what_is_no_chart_is_refused():
    with pytest.raises(TypeError, match="no drawing for str"):
        draw("chart", Look())
