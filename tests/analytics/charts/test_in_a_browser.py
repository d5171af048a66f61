"""Charts as Chromium shows them in an `<img>`: at phone width and on a desk, light and dark, as the reader's system asks."""

import io
import shutil
import subprocess

import pytest
from PIL import Image

from tests.analytics.charts.pixels import colour_of, is_near, must_show_series
from tests.analytics.charts.sample_charts import SAMPLES, a_series
from tiktok_api.analytics.charts.drawing.draw import draw
from tiktok_api.analytics.charts.drawing.look import Look, Theme

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
)
_SCHEMES = {Theme.DARK: "0", Theme.LIGHT: "1"}

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture
def look_at(tmp_path):
    """A screenshot of a chart in a page, by a reader whose system prefers a theme."""

    def take(drawing, preferred):
        (tmp_path / "chart.svg").write_text(drawing.svg)
        page = tmp_path / "page.html"
        page.write_text(
            '<meta charset="utf-8"><meta name="color-scheme" content="light dark">'
            '<body style="margin:0"><img src="chart.svg" style="display:block">'
        )
        subprocess.run(
            [
                str(CHROMIUM),
                *FLAGS,
                f"--user-data-dir={tmp_path / 'profile'}",
                f"--blink-settings=preferredColorScheme={_SCHEMES[preferred]}",
                f"--window-size={max(drawing.width, 500)},{drawing.height + 200}",
                f"--screenshot={tmp_path / 'shot.png'}",
                page.as_uri(),
            ],
            capture_output=True,
            timeout=120,
            check=True,
        )
        return Image.open(io.BytesIO((tmp_path / "shot.png").read_bytes()))

    return take


@pytest.mark.parametrize("width", [360, 960])
@pytest.mark.parametrize("preferred", [Theme.LIGHT, Theme.DARK])
def test_an_automatic_chart_is_as_the_reader_prefers(look_at, width, preferred):
    drawing = draw(a_series(), Look(Theme.AUTO, width))

    must_show_series(look_at(drawing, preferred), drawing, preferred, scale=1)


def test_a_light_chart_stays_light_to_those_who_prefer_dark(look_at):
    drawing = draw(a_series(), Look(Theme.LIGHT, 360))

    must_show_series(look_at(drawing, Theme.DARK), drawing, Theme.LIGHT, scale=1)


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "series"])
def test_every_kind_is_shown_with_its_colours(look_at, name):
    drawing = draw(SAMPLES[name], Look(Theme.AUTO, 360))

    shot = look_at(drawing, Theme.DARK).convert("RGB")

    assert is_near(shot.getpixel((180, 8)), colour_of("page", Theme.DARK))
    colours = {colour for _, colour in shot.crop((0, 0, 360, drawing.height)).getcolors(2**24)}
    assert colour_of("heat6" if name == "best times" else "line0", Theme.DARK) in colours
