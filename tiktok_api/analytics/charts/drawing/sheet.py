"""The page of a chart: its heading, its description, its frame, and what is drawn on it."""

import base64
import hashlib
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from tiktok_api.analytics.charts.drawing.look import Look, style_for
from tiktok_api.analytics.charts.drawing.typesetting import (
    LONGEST_DESCRIPTION,
    fitted,
    one_line,
    safe,
    shorten,
    width_of,
    wrap,
)

FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
LABEL = 12.5
"""The size of the texts at axes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headed:
    """What every chart says above itself. `headline` is the number in the corner, `note` the line below it.

    `key` makes the ids of the drawing unique on a page.
    """

    key: str
    title: str
    subtitle: str
    headline: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A finished chart: an SVG document, its size in CSS pixels, its style sheet, and its contents in words."""

    svg: str
    width: int
    height: int
    style: str
    title: str
    description: str

    @property
    def style_hash(self) -> str:
        """What a Content-Security-Policy calls the one style sheet."""
        return "sha256-" + base64.b64encode(hashlib.sha256(self.style.encode()).digest()).decode()


class Sheet:
    """A page that is being drawn on. `top` is where the room below the heading begins."""

    def __init__(self, chart: Headed, look: Look) -> None:
        self.look = look
        self.width = look.width
        self.margin = 16 if look.is_narrow else 32
        self.right = self.width - self.margin
        self._chart = chart
        self._parts: list[str] = []
        self.top = self._heading()

    @property
    def is_narrow(self) -> bool:
        return self.look.is_narrow

    def add(self, part: str) -> None:
        """Draw an element."""
        self._parts.append(part)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = LABEL,
        colour: str = "muted",
        anchor: str = "",
        is_bold: bool = False,
    ) -> None:
        """Write one line; `anchor` is `middle` or `end`."""
        more = f' text-anchor="{anchor}"' if anchor else ""
        more += ' font-weight="600"' if is_bold else ""
        self.add(f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" class="fill-{colour}"{more}>{safe(words)}</text>')

    def middle_of(self, x: float, words: str) -> float:
        """Where the middle of a label under `x` is: there, or as near to it as the page allows."""
        half = width_of(words, LABEL) / 2
        return round(min(max(x, half + 4), self.width - half - 4), 2)

    def label_below(self, x: float, y: float, words: str) -> None:
        """Write a label in the middle under `x`, or as near to it as the page allows."""
        self.text(self.middle_of(x, words), y, words, anchor="middle")

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str) -> None:
        """Draw a hairline."""
        self.add(f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" class="stroke-{colour}"/>')

    def rows(self, entries: list[tuple[str, str]], y: float) -> float:
        """Draw a legend of signs (drawn around 0,0) and words, in rows as wide as the page. Returns where it ends."""
        if not entries:
            return y
        x, y = float(self.margin), y + 20
        for sign, words in entries:
            shown = shorten(words, self.right - self.margin - 24, LABEL)
            wide = 24 + width_of(shown, LABEL)
            if x > self.margin and x + wide > self.right:
                x, y = float(self.margin), y + 20
            self.add(f'<g transform="translate({x + 8:g} {y - 4.5:g})">{sign}</g>')
            self.text(round(x + 22, 2), y, shown)
            x = round(x + wide + 20, 2)
        return y

    def finish(self, bottom: float, description: str) -> Drawing:
        """Close the page below `bottom`, the last line of text or the last edge."""
        height = round(bottom + (14 if self.is_narrow else 22))
        body = "".join(self._parts)
        frame = (
            f'<rect x="0.5" y="0.5" width="{self.width - 1}" height="{height - 1}" rx="12" '
            'class="fill-page stroke-frame"/>'
        )
        style = style_for(frame + body, self.look.theme)
        title, said = one_line(self._chart.title), one_line(description, most=LONGEST_DESCRIPTION)
        title_id, desc_id = f"{self._chart.key}-title", f"{self._chart.key}-desc"
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {height}" width="{self.width}" '
            f'height="{height}" role="img" aria-labelledby={quoteattr(f"{title_id} {desc_id}")} '
            f"font-family={quoteattr(FONT)}><title id={quoteattr(title_id)}>{escape(title)}</title>"
            f"<desc id={quoteattr(desc_id)}>{escape(said)}</desc><style>{style}</style>{frame}{body}</svg>"
        )
        return Drawing(svg, self.width, height, style, title, said)

    def _heading(self) -> float:
        return self._narrow_heading() if self.is_narrow else self._wide_heading()

    def _wide_heading(self) -> float:
        chart, room = self._chart, self.right - self.margin
        corner = 0.0
        if chart.headline:
            size = fitted(chart.headline, room * 0.4, 24, is_bold=True)
            headline = shorten(chart.headline, room * 0.4, size, is_bold=True)
            note = shorten(chart.note, room * 0.4, 14)
            corner = 24 + max(width_of(headline, size, is_bold=True), width_of(note, 14))
            self.text(self.right, 46, headline, size=size, colour="ink", anchor="end", is_bold=True)
            self.text(self.right, 68, note, size=14, anchor="end")
        y = self._lines(44, chart.title, 20, room - corner, most=2, leading=26)
        return self._lines(y + 24, chart.subtitle, 14, room - corner, most=2, leading=20) + 14

    def _narrow_heading(self) -> float:
        chart, room = self._chart, self.right - self.margin
        y = self._lines(32, chart.title, 17, room, most=3, leading=22)
        y = self._lines(y + 20, chart.subtitle, 12.5, room, most=3, leading=17)
        if chart.headline:
            size = fitted(chart.headline, room, 24, is_bold=True)
            headline, note = shorten(chart.headline, room, size, is_bold=True), shorten(chart.note, room, 13)
            y += 32
            self.text(self.margin, y, headline, size=size, colour="ink", is_bold=True)
            beside = width_of(headline, size, is_bold=True) + 12
            if beside + width_of(note, 13) <= room:
                self.text(self.margin + round(beside), y, note, size=13)
            else:
                y += 20
                self.text(self.margin, y, note, size=13)
        return y + 12

    def _lines(self, y: float, words: str, size: float, room: float, *, most: int, leading: float) -> float:
        """Write a text in lines. Returns where the last one stands."""
        is_title = size > 16
        for number, line in enumerate(wrap(words, room, size, most=most, is_bold=is_title)):
            y += leading if number else 0
            self.text(self.margin, y, line, size=size, colour="ink" if is_title else "muted", is_bold=is_title)
        return y
