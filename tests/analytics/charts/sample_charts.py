"""A chart of each kind with every feature in it: gaps, what went down, long names, other scripts, negative numbers."""

import math
from datetime import date, timedelta

from tiktok_api.analytics.charts.drawing.bars import Bar, Bars
from tiktok_api.analytics.charts.drawing.comparison import ComparedLine, ComparisonChart
from tiktok_api.analytics.charts.drawing.heat_map import HeatCell, HeatMap
from tiktok_api.analytics.charts.drawing.life import Age, Life
from tiktok_api.analytics.charts.drawing.line_chart import Dot, LineChart
from tiktok_api.analytics.charts.drawing.sheet import Headed

FIRST_DAY = date(2026, 9, 1)
DATES = [FIRST_DAY + timedelta(days=number) for number in range(90)]
GAP = range(30, 37)
RESTATED, FUTURE = 62, 86
NAMES = ("@ada", "@grace", "@a_rather_long_user_name", "@Привет", "@Ωmega", "@linus", "@b", "@c.d", "@zoe", "@last")


def a_series(**changed: object) -> LineChart:
    """Ninety days with a gap of a week, a day that went down, and four days to come."""
    dots = [
        Dot(
            day,
            None if number in GAP or number >= FUTURE else 18_000 + 20 * number + 40 * math.sin(number),
            is_restated=number == RESTATED,
            is_future=number >= FUTURE,
        )
        for number, day in enumerate(DATES)
    ]
    said = {"title": "Followers of @ada", "subtitle": "1 Sep 2026 – 29 Nov 2026, by day, Europe/Berlin"}
    head = {"headline": "19,680", "note": "+1,680 since 1 Sep 2026"}
    return LineChart(**({"key": "a", "dots": dots, "unit": "followers"} | said | head | changed))


def a_comparison() -> ComparisonChart:
    """Ten accounts, one of them with a gap."""
    lines = [
        ComparedLine(
            name,
            [None if place == 3 and day in GAP else (place - 3) * day / 4000 for day in range(90)],
            note=f"{(place - 3) * 2.225:+.1f} %",
        )
        for place, name in enumerate(NAMES)
    ]
    return ComparisonChart(
        key="b",
        title="Growth of followers, 10 accounts",
        subtitle="1 Sep 2026 – 29 Nov 2026, by day, Europe/Berlin",
        dates=DATES,
        lines=lines,
        unit="change since the first day",
        is_rate=True,
        is_change=True,
    )


def best_times() -> HeatMap:
    """Every hour of the evening, fewer in the morning; nights are unknown."""
    cells = [
        HeatCell(day, hour, 10.0 * hour + day, 1 + (hour + day) % 7 if hour >= 12 else 2)
        for day in range(7)
        for hour in range(7, 24)
    ]
    return HeatMap(
        key="c",
        title="Best times to post for @ada",
        subtitle="Views per hour in a post's first day, 1 Jun – 27 Nov 2026, Europe/Berlin",
        headline="Sun 23:00",
        note="236 views per hour, 7 posts",
        cells=cells,
        unit="views per hour (median)",
    )


def a_leaderboard() -> Bars:
    """Twelve posts, one of them unknown, one below zero."""
    titles = [f"Post number {place} with a title that goes on and on and on" for place in range(10)]
    bars = [
        Bar(name, 1_200_000 * 0.6**place, note=f"@ada, {place + 1} Nov 2026")
        for place, name in enumerate(("День рождения", *titles))
    ]
    bars += [Bar("Unknown", None, note="@grace, 12 Nov 2026"), Bar("Less", -120_000, note="@ada, 13 Nov 2026")]
    return Bars(
        key="d",
        title="Top posts by views",
        subtitle="1 – 27 Nov 2026, Europe/Berlin",
        bars=bars,
        unit="views gained in the window",
    )


def a_life() -> Life:
    """Four weeks, read by the hour in the first two days, with a gap of some hours."""
    hours = [*range(48), *range(48, 28 * 24, 24)]
    ages = [
        Age(hour, None if 20 <= hour <= 24 else 40_000 * (1 - math.exp(-hour / 60)), is_restated=hour == 240)
        for hour in hours
    ]
    usual = [Age(hour, 20_000 * (1 - math.exp(-hour / 60))) for hour in hours]
    return Life(
        key="e",
        title="Morning light over the harbour",
        subtitle="@ada, posted 29 Oct 2026 18:02, Europe/Berlin",
        headline="40,000",
        note="views after 27 days",
        ages=ages,
        usual=usual,
    )


SAMPLES: dict[str, Headed] = {
    "series": a_series(),
    "comparison": a_comparison(),
    "best times": best_times(),
    "leaderboard": a_leaderboard(),
    "life": a_life(),
}
