"""From SVG to PNG by resvg, with a font of our own, so that a picture is the same on a server without fonts."""

import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from resvg import render, usvg

from tiktok_api.analytics.charts.drawing.look import PALETTES, Theme
from tiktok_api.analytics.charts.drawing.sheet import Drawing

USUAL_SCALE, LARGEST_SCALE = 2, 3
MOST_PIXELS = 8_000_000
"""Of one picture: 32 MB while it is made, and a quarter of a second."""
FONT_FAMILY = "Inter"
# What Inter has: Latin, Greek, Cyrillic, Vietnamese, punctuation, currencies, arrows and signs.
_NOT_IN_FONT = (
    "[^\t\n\r -\u052f\u1c80-\u1c8f\u1d00-\u1dbf\u1e00-\u1fff\u2000-\u218b\u2190-\u2199\u2200-\u22ff\u25cf\ufffd]"
)
_EMOJI = "[\u200d\u2600-\u27bf\u2b00-\u2bff\ufe0e\ufe0f\U0001f000-\U0001faff\U000e0020-\U000e007f]+ ?"
_FOREIGN = (
    r"<!|<image|<use|<script|<foreignObject|<[^<>]*\shref\s*="  # in tags alone: between them it is a word of a title
)


class NotDrawable(RuntimeError):
    """A bug: resvg refuses an SVG of ours."""


def to_png(drawing: Drawing, theme: Theme = Theme.LIGHT, scale: int = USUAL_SCALE) -> bytes:
    """Returns the drawing as PNG, `scale` pixels for each of its own, or as many as MOST_PIXELS allows.

    Emoji are left out: hardly a server has a font for them. Other characters that Inter lacks are taken from the system's fonts.
    Raises NotDrawable for what is not drawn here: resvg opens files that an SVG names.
    """
    if re.search(_FOREIGN, drawing.svg):
        raise NotDrawable("it names something outside of itself")
    svg = drawing.svg if drawing.svg.isascii() else re.sub(_EMOJI, "", drawing.svg)
    zoom = min(float(scale), (MOST_PIXELS / (drawing.width * drawing.height)) ** 0.5)
    page = PALETTES[Theme.DARK if theme is Theme.DARK else Theme.LIGHT]["page"]
    size = (round(drawing.width * zoom), round(drawing.height * zoom))
    try:
        tree = usvg.Tree.from_str(svg, _options(has_all=not re.search(_NOT_IN_FONT, svg)))
        # An opaque ground: without one, the pixels take three times as long to be written.
        return bytes(render(tree, (zoom, 0, 0, 0, zoom, 0), bg_size=size, bg_color=(*bytes.fromhex(page[1:]), 255)))
    except BaseException as error:  # resvg panics where others raise, and a panic is no Exception
        if type(error).__name__ == "PanicException":
            raise NotDrawable(str(error)) from None
        raise


def _options(*, has_all: bool) -> usvg.Options:
    """Of this call alone: resvg's options may not leave their thread."""
    options = usvg.Options.default()
    options.font_family = FONT_FAMILY
    options.load_font_file(_font_file())
    if not has_all:
        options.load_system_fonts()
    return options


@lru_cache(maxsize=1)
def _font_file() -> str:
    """The variable font of fontpkg-inter; its package is not imported, for nothing in it is needed but the file."""
    spec = find_spec("fontpkg_inter")
    if spec is None or spec.origin is None:
        raise RuntimeError("fontpkg-inter is not installed")
    return str(Path(spec.origin).parent / "files" / "Inter[opsz,wght].ttf")
