"""How a chart looks: its width and its colours, light, dark, or as the reader's system asks."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

NARROWEST, WIDEST, USUAL_WIDTH = 320, 1600, 960
_NARROW_BELOW = 600


class Theme(StrEnum):
    """The colours of a chart; `auto` is light or dark as the reader's system asks."""

    LIGHT = "light"
    DARK = "dark"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Look:
    """The theme, and the width in CSS pixels for which a chart is laid out."""

    theme: Theme = Theme.LIGHT
    width: int = USUAL_WIDTH

    @property
    def is_narrow(self) -> bool:
        """Laid out for a phone: labels in rows of their own, fewer ticks."""
        return self.width < _NARROW_BELOW


# Texts have a contrast of 4.5 and more to what they stand on, lines one of 3 and more (WCAG 2.2, AA): tests compute it.
# The ten lines: in both themes neighbours differ in lightness too, and each has its dashes and its label.
_LIGHT = {
    "page": "#ffffff",
    "frame": "#e4e4ea",
    "ink": "#18181b",
    "muted": "#5f5f6b",
    "grid": "#e8e8ee",
    "zero": "#8a8a96",
    "shade": "#e9e9f0",
    "ring": "#b45309",
    "line0": "#5b3df5",
    "line1": "#c2410c",
    "line2": "#007a5a",
    "line3": "#27272f",
    "line4": "#a8328f",
    "line5": "#0072b2",
    "line6": "#8a6d00",
    "line7": "#7f1d1d",
    "line8": "#0e8a9c",
    "line9": "#5b7f1c",
    "heat0": "#f3f1fe",
    "heat1": "#dcd6fc",
    "heat2": "#b9adf8",
    "heat3": "#8d78f2",
    "heat4": "#6344e8",
    "heat5": "#4522b8",
    "heat6": "#2a1178",
    "on0": "#18181b",
    "on1": "#18181b",
    "on2": "#18181b",
    "on3": "#000000",
    "on4": "#ffffff",
    "on5": "#ffffff",
    "on6": "#ffffff",
}
_DARK = {
    "page": "#16161d",
    "frame": "#34343f",
    "ink": "#f4f4f6",
    "muted": "#a9a9b6",
    "grid": "#2a2a34",
    "zero": "#747482",
    "shade": "#2b2b37",
    "ring": "#fbbf24",
    "line0": "#a594ff",
    "line1": "#ff9d5c",
    "line2": "#2fd19b",
    "line3": "#e4e4ea",
    "line4": "#f08ad8",
    "line5": "#5ab4f0",
    "line6": "#e8c547",
    "line7": "#ff8a80",
    "line8": "#4fd3e6",
    "line9": "#b5d96a",
    "heat0": "#23213a",
    "heat1": "#332c63",
    "heat2": "#483b93",
    "heat3": "#6350c4",
    "heat4": "#9080f2",
    "heat5": "#b9adff",
    "heat6": "#e4dfff",
    "on0": "#f4f4f6",
    "on1": "#f4f4f6",
    "on2": "#ffffff",
    "on3": "#ffffff",
    "on4": "#0e0e14",
    "on5": "#0e0e14",
    "on6": "#0e0e14",
}
PALETTES = {Theme.LIGHT: _LIGHT, Theme.DARK: _DARK}
LINES = sum(name.startswith("line") for name in _LIGHT)
HEATS = sum(name.startswith("heat") for name in _LIGHT)

_CLASSES = re.compile(r' class="([a-z0-9 -]+)"')


def style_for(body: str, theme: Theme) -> str:
    """The style sheet with the rules of the classes in `body`. Printed, a chart has its light colours."""
    classes = frozenset(name for names in _CLASSES.findall(body) for name in names.split())
    return _style(classes, theme)


@lru_cache(maxsize=64)
def _style(classes: frozenset[str], theme: Theme) -> str:
    light, dark = (_rules(classes, PALETTES[one]) for one in (Theme.LIGHT, Theme.DARK))
    if theme is Theme.LIGHT:
        return light
    print_light = f"@media print{{{light}}}"
    if theme is Theme.DARK:
        return dark + print_light
    return f"{light}@media (prefers-color-scheme:dark){{{dark}}}{print_light}"


def _rules(classes: frozenset[str], palette: dict[str, str]) -> str:
    """`fill-ink` and `stroke-ink` are the properties and colours that their names say."""
    found = []
    for name in sorted(classes):
        prop, _, colour = name.partition("-")
        found.append(f".{name}{{{prop}:{palette[colour]}}}")
    return "".join(found)
