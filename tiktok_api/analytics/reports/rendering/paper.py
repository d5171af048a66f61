"""A report as PDF, set by Typst with Inter; what is written reaches the template as data, never as markup.

Inter has Latin, Greek and Cyrillic. Emoji are left out and other scripts shown as …, and the page says so.
"""

import re
from dataclasses import asdict, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
import typst

from tiktok_api.analytics.charts.drawing.draw import draw
from tiktok_api.analytics.charts.drawing.look import Look
from tiktok_api.analytics.charts.drawing.sheet import Headed
from tiktok_api.analytics.reports.content import ReportContent
from tiktok_api.analytics.reports.rendering import wording
from tiktok_api.analytics.reports.rendering.wording import PostLine, Words

_TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
_EMOJI = re.compile("[\u200d\u2600-\u27bf\u2b00-\u2bff\ufe0e\ufe0f\U0001f000-\U0001faff\U000e0020-\U000e007f]+ ?")
_NOT_IN_FONT = re.compile(
    "[^\n\t -\u052f\u1c80-\u1c8f\u1d00-\u1dbf\u1e00-\u1fff\u2010-\u2027\u2030-\u205e\u20a0-\u20c0\u2100-\u218b\u2190-\u2199\u2200-\u22ff]+"
)
_LONG_WORD = re.compile(r"(\S{24})(?=\S)")
_MISSING = "…"
REPLACED = (
    "This file has no letters for some of the scripts in which posts or names are written, nor for emoji: the former are shown as "
    "“…”, the latter are left out. The report as HTML has them."
)


def write(content: ReportContent) -> bytes:
    """The PDF."""
    words = _in_font(wording.in_words(content))
    heat_map = content.posts.heat_map
    charts = [_drawn(chart) for chart in content.charts]
    data = asdict(words) | {"charts": charts, "times": [] if heat_map is None else [_drawn(heat_map)]}
    inputs = {"words": orjson.dumps(data).decode()}
    moment = int(content.made_at.timestamp())
    found: bytes = typst.compile(
        str(_TEMPLATE),
        root=str(_TEMPLATE.parent),
        font_paths=[_fonts()],
        ignore_system_fonts=True,
        sys_inputs=inputs,
        timestamp=moment,
    )
    return found


def _drawn(chart: Headed) -> dict[str, str]:
    drawing = draw(chart, Look())
    return {"svg": shown(drawing.svg), "alt": shown(drawing.description)}


def _in_font(words: Words) -> Words:
    """The words without characters that the font lacks, and a note where there were any."""
    posts = [_post_in_font(post) for post in words.posts]
    title = shown(words.title)
    tags = [replace(tag, hashtag=_breakable(shown(tag.hashtag))) for tag in words.tags]
    told = [words.title, *(post.title for post in words.posts), *(post.account for post in words.posts)]
    is_replaced = any(shown(each) != each for each in (*told, *(tag.hashtag for tag in words.tags)))
    fine_print = [*words.fine_print, REPLACED] if is_replaced else words.fine_print
    return replace(words, title=title, posts=posts, tags=tags, fine_print=fine_print)


def _post_in_font(post: PostLine) -> PostLine:
    return replace(post, title=_breakable(shown(post.title) or _MISSING), account=shown(post.account))


def _breakable(text: str) -> str:
    """`text` with places at which a very long word may end a line: it would cover the numbers beside it."""
    return _LONG_WORD.sub("\\1\u200b", text)


def shown(text: str) -> str:
    """`text` as the font can show it."""
    return _NOT_IN_FONT.sub(_MISSING, _EMOJI.sub("", text)).strip()


@cache
def _fonts() -> Any:
    """The folder of fontpkg-inter's files; the package is not imported."""
    spec = find_spec("fontpkg_inter")
    if spec is None or spec.origin is None:
        raise RuntimeError("fontpkg-inter is not installed")
    return str(Path(spec.origin).parent / "files")
