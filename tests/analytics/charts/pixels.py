"""What a picture of the sample series must show, wherever its pixels come from."""

from typing import Any

from PIL import Image

from tests.analytics.charts.layout import SVG, root_of
from tests.analytics.charts.sample_charts import DATES, GAP
from tiktok_api.analytics.charts.drawing.look import PALETTES, Theme
from tiktok_api.analytics.charts.drawing.sheet import Drawing

Colour = tuple[int, ...]


def colour_of(name: str, theme: Theme) -> Colour:
    return tuple(bytes.fromhex(PALETTES[theme][name][1:]))


def is_near(one: Colour, other: Colour, *, by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one[:3], other[:3], strict=True))


def must_show_series(picture: Image.Image, drawing: Drawing, theme: Theme, *, scale: float) -> None:
    """The page is the theme's, the line stands where its points are, and nothing but shade is in the gap."""
    rgb = picture.convert("RGB")
    root = root_of(drawing)

    def at(x: float, y: float) -> Any:
        return rgb.getpixel((min(rgb.width - 1, round(x * scale)), min(rgb.height - 1, round(y * scale))))

    def around(x: float, y: float) -> list[Any]:
        return [at(x + dx / 2, y + dy / 2) for dx in range(-3, 4) for dy in range(-3, 4)]

    assert is_near(at(drawing.width / 2, 8), colour_of("page", theme)), at(drawing.width / 2, 8)
    lines = [line.get("points").split() for line in root.iter(f"{SVG}polyline")]
    assert len(lines) == 2
    line, ring = colour_of("line0", theme), colour_of("ring", theme)
    for points in lines:
        for x, y in (map(float, point.split(",")) for point in points[:: max(1, len(points) // 8)]):
            assert any(is_near(found, line) or is_near(found, ring) for found in around(x, y)), (x, y)
    before, after = (float(points.split(",")[0]) for points in (lines[0][-1], lines[1][0]))
    assert (after - before) / (float(lines[0][1].split(",")[0]) - float(lines[0][0].split(",")[0])) > len(GAP)
    middle = (before + after) / 2
    [shade] = [rect for rect in root.iter(f"{SVG}rect") if rect.find(f"{SVG}title") is not None]
    top, height = float(shade.get("y")), float(shade.get("height"))
    column = [at(middle, top + part * height / 97) for part in range(1, 97)]
    assert not any(is_near(found, line, by=40) for found in column)
    assert sum(is_near(found, colour_of("shade", theme)) for found in column) > 80
    assert len(DATES) == 90
