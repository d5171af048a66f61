"""From a chart's data to its drawing, whatever its kind."""

from functools import singledispatch

from tiktok_api.analytics.charts.drawing.bars import Bars, draw_bars
from tiktok_api.analytics.charts.drawing.comparison import ComparisonChart, draw_comparison
from tiktok_api.analytics.charts.drawing.heat_map import HeatMap, draw_heat_map
from tiktok_api.analytics.charts.drawing.life import Life, draw_life
from tiktok_api.analytics.charts.drawing.line_chart import LineChart, draw_line_chart
from tiktok_api.analytics.charts.drawing.look import Look
from tiktok_api.analytics.charts.drawing.sheet import Drawing, Headed


@singledispatch
def draw(chart: Headed, look: Look) -> Drawing:
    """Returns the drawing of a LineChart, ComparisonChart, HeatMap, Bars or Life. Raises TypeError for anything else."""
    raise TypeError(f"no drawing for {type(chart).__name__}")


draw.register(LineChart, draw_line_chart)
draw.register(ComparisonChart, draw_comparison)
draw.register(HeatMap, draw_heat_map)
draw.register(Bars, draw_bars)
draw.register(Life, draw_life)
