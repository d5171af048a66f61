"""Texts in a drawing: made safe, measured, shortened and broken into lines.

Texts from TikTok are hostile: markup, characters that XML forbids, characters that turn the direction of writing, towers of
accents, and any length.
"""

import math
import re
import unicodedata
from functools import lru_cache
from xml.sax.saxutils import escape

MOST_CHARACTERS, LONGEST_DESCRIPTION = 300, 2000
ELLIPSIS = "…"
SMALLEST = 11.0
"""Pixels of the smallest text that is read without effort."""
_NOT_XML = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # compiled when a chart is drawn, for it takes 5 ms
_UNPRINTED = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufff9-\ufffb]"
_MOST_ACCENTS = 2

# Advances in em, a little above those of Inter and DejaVu Sans, the widest of the usual fonts.
_NARROW = dict.fromkeys("ijlI.,:;'|!\u00a0 ", 0.34)
_MIDDLE = dict.fromkeys('ftr()[]{}-/\\"`·', 0.44)
_WIDE = dict.fromkeys("mwMW@%…—", 1.0)
_DIGITS = dict.fromkeys("0123456789", 0.64)
_SMALL = dict.fromkeys("abcdeghknopqsuvxyz", 0.62)
_ADVANCES = _NARROW | _MIDDLE | _WIDE | _DIGITS | _SMALL
_USUAL, _FULL_WIDTH = 0.78, 1.1


def one_line(words: str, *, most: int = MOST_CHARACTERS) -> str:
    """The text as one line of bounded length: what XML forbids becomes U+FFFD, what is not printed is left out."""
    cut = words[: 4 * most]
    if not cut.isascii() or not cut.isprintable():
        cut = re.sub(_NOT_XML, "\ufffd", cut)
        cut = re.sub(_UNPRINTED, "", cut)
        cut = _without_towers(cut)
    line = " ".join(cut.split(" ")) if cut.isprintable() else " ".join(cut.split())
    return line if len(line) <= most else line[: most - 1] + ELLIPSIS


def _without_towers(words: str) -> str:
    kept, accents = [], 0
    for character in words:
        accents = accents + 1 if unicodedata.combining(character) else 0
        if accents <= _MOST_ACCENTS:
            kept.append(character)
    return "".join(kept)


def safe(words: str) -> str:
    """A text between tags: one line, escaped."""
    return escape(one_line(words))


def width_of(words: str, size: float, *, is_bold: bool = False) -> float:
    """About how wide a text is in pixels, rather too wide than too narrow."""
    return sum(map(_advance, words)) * size * (1.06 if is_bold else 1.0)


@lru_cache(maxsize=4096)
def _advance(character: str) -> float:
    if (known := _ADVANCES.get(character)) is not None:
        return known
    if unicodedata.combining(character):
        return 0.0
    is_wide = unicodedata.east_asian_width(character) in "WF" or unicodedata.category(character) == "So"
    return _FULL_WIDTH if is_wide or ord(character) >= 0x10000 else _USUAL


def shorten(words: str, width: float, size: float, *, is_bold: bool = False) -> str:
    """The text in one line, as much of it as fits into `width`, with an ellipsis if that is not all."""
    line = one_line(words)
    if width_of(line, size, is_bold=is_bold) <= width:
        return line
    room = width - width_of(ELLIPSIS, size, is_bold=is_bold)
    kept = ""
    for character in line:
        room -= width_of(character, size, is_bold=is_bold)
        if room < 0:
            break
        kept += character
    return kept.rstrip() + ELLIPSIS


def wrap(words: str, width: float, size: float, *, most: int, is_bold: bool = False) -> list[str]:
    """The text in at most `most` lines, none wider than `width`; what is too long ends in an ellipsis."""
    left = one_line(words).split(" ")
    lines: list[str] = []
    while left and len(lines) < most - 1:
        taken = _fitting(left, width, size, is_bold)
        lines.append(shorten(" ".join(left[:taken]), width, size, is_bold=is_bold))
        left = left[taken:]
    return [*lines, shorten(" ".join(left), width, size, is_bold=is_bold)] if left else lines


def _fitting(words: list[str], width: float, size: float, is_bold: bool) -> int:
    """How many of the words fit into a line, at least one."""
    for count in range(2, len(words) + 1):
        if width_of(" ".join(words[:count]), size, is_bold=is_bold) > width:
            return count - 1
    return len(words)


def fitted(words: str, width: float, size: float, *, is_bold: bool = False) -> float:
    """The size at which a text fits into `width`, at most `size` and at least SMALLEST, where it has to be shortened."""
    wide = width_of(one_line(words), size, is_bold=is_bold)
    return size if wide <= width else max(SMALLEST, math.floor(size * width / wide * 10) / 10)
