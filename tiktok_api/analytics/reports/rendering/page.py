"""A report as one HTML file: styles and charts inside, no script, nothing fetched from anywhere."""

from dataclasses import replace
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from tiktok_api.analytics.charts.drawing.draw import draw
from tiktok_api.analytics.charts.drawing.look import USUAL_WIDTH, Look, Theme
from tiktok_api.analytics.charts.drawing.sheet import Headed
from tiktok_api.analytics.reports.content import ReportContent
from tiktok_api.analytics.reports.rendering import wording

_PHONE_WIDTH = 360


@cache
def _template() -> Template:
    loader = PackageLoader("tiktok_api.analytics.reports.rendering")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return made.get_template("report.html")


def write(content: ReportContent) -> bytes:
    """The page in UTF-8."""
    words = wording.in_words(content)
    charts = [_on_both(chart) for chart in content.charts]
    heat_map = content.posts.heat_map
    times = [] if heat_map is None else [_on_both(heat_map)]
    return _template().render(words=words, charts=charts, times=times).encode()


def _on_both(chart: Headed) -> tuple[Markup, Markup]:
    """The chart for a desk and for a phone."""
    return _draw(chart, USUAL_WIDTH), _draw(replace(chart, key=f"{chart.key}-n"), _PHONE_WIDTH)


def _draw(chart: Headed, width: int) -> Markup:
    return Markup(draw(chart, Look(Theme.AUTO, width)).svg)  # noqa: S704  # nosec B704  # drawn by us, with texts escaped
