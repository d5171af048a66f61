"""A report as one HTML file: styles and charts inside, no script, nothing fetched from anywhere."""

from dataclasses import replace
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from tiktok_api.analytics.charts.drawing.draw import draw
from tiktok_api.analytics.charts.drawing.line_chart import LineChart
from tiktok_api.analytics.charts.drawing.look import USUAL_WIDTH, Look, Theme
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
    charts = [
        (_draw(chart, USUAL_WIDTH), _draw(replace(chart, key=f"{chart.key}-n"), _PHONE_WIDTH))
        for chart in content.charts
    ]
    return _template().render(words=words, charts=charts).encode()


def _draw(chart: LineChart, width: int) -> Markup:
    return Markup(draw(chart, Look(Theme.AUTO, width)).svg)  # noqa: S704  # nosec B704  # drawn by us, with texts escaped
