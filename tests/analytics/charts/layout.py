"""Where texts stand in a drawing, measured with the font that PNGs have: an oracle of its own, not the product's estimate."""

import re
from functools import lru_cache
from itertools import combinations
from typing import Any, NamedTuple

from defusedxml import ElementTree
from PIL import ImageFont

from tiktok_api.analytics.charts import png
from tiktok_api.analytics.charts.drawing.sheet import Drawing

SVG = "{http://www.w3.org/2000/svg}"
_BOLDER = 1.08
"""How much wider than regular text semi-bold text is, at most."""


class Box(NamedTuple):
    """A text and the rectangle that it covers."""

    words: str
    left: float
    top: float
    right: float
    bottom: float


def root_of(drawing: Drawing) -> Any:
    """The drawing as a tree. Raises ParseError unless it is well-formed, and refuses entities."""
    return ElementTree.fromstring(drawing.svg.encode())


@lru_cache(maxsize=1)
def _font() -> Any:
    return ImageFont.truetype(png._font_file(), 100)


@lru_cache(maxsize=4096)
def _length(words: str) -> float:
    return float(_font().getlength(words)) / 100


def boxes(drawing: Drawing) -> list[Box]:
    """The boxes of all texts."""
    return list(_boxes(root_of(drawing), 0, 0))


def _boxes(element: Any, x: float, y: float) -> Any:
    for child in element:
        if child.tag == f"{SVG}g":
            [(dx, dy)] = re.findall(r"translate\(([\d.-]+) ([\d.-]+)\)", child.get("transform"))
            yield from _boxes(child, x + float(dx), y + float(dy))
        if child.tag == f"{SVG}text" and child.text:
            size = float(child.get("font-size"))
            wide = _length(child.text) * size * (_BOLDER if child.get("font-weight") else 1)
            left = x + float(child.get("x")) - {"middle": wide / 2, "end": wide}.get(child.get("text-anchor"), 0)
            base = y + float(child.get("y"))
            yield Box(child.text, left, base - 0.75 * size, left + wide, base + 0.2 * size)


def outside(drawing: Drawing) -> list[Box]:
    """The texts that leave the page."""
    return [
        box
        for box in boxes(drawing)
        if box.left < 0 or box.top < 0 or box.right > drawing.width or box.bottom > drawing.height
    ]


def touching(drawing: Drawing) -> list[tuple[str, str]]:
    """The pairs of texts that cover each other."""
    return [
        (one.words, other.words)
        for one, other in combinations(boxes(drawing), 2)
        if one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom
    ]
