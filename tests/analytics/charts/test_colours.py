"""Contrast by WCAG 2.2, AA: 4.5 for texts, 3 for lines; and lines that are told apart without their hues."""

from itertools import combinations, pairwise

import pytest

from tiktok_api.analytics.charts.drawing.comparison import DASHES
from tiktok_api.analytics.charts.drawing.look import HEATS, LINES, PALETTES


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.fixture(params=PALETTES.values(), ids=list(PALETTES))
def palette(request):
    return request.param


def test_texts_stand_out_from_what_is_behind_them(palette):
    on_page = {name: contrast(palette[name], palette["page"]) for name in ("ink", "muted", "ring")}
    in_cells = {f"on{step}": contrast(palette[f"on{step}"], palette[f"heat{step}"]) for step in range(HEATS)}

    assert {name: found for name, found in (on_page | in_cells).items() if found < 4.5} == {}


def test_lines_and_signs_stand_out_from_the_page(palette):
    drawn = ["zero", "ring", "muted", *(f"line{number}" for number in range(LINES))]

    assert LINES == 10
    assert {name for name in drawn if contrast(palette[name], palette["page"]) < 3} == set()


def test_cells_grow_steadily_away_from_the_page(palette):
    steps = [contrast(palette[f"heat{step}"], palette["page"]) for step in range(HEATS)]

    assert steps == sorted(steps)
    assert all(later / earlier > 1.15 for earlier, later in pairwise(steps))


def as_seen(colour, weights):
    return tuple(
        sum(weight * int(colour[1 + 2 * n : 3 + 2 * n], 16) for n, weight in enumerate(row)) for row in weights
    )


COLOUR_BLIND = {
    "protanopia": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "deuteranopia": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
}
"""Machado, Oliveira and Fernandes (2009), severity 1."""


@pytest.mark.parametrize("kind", COLOUR_BLIND)
def test_of_four_lines_no_two_look_alike_to_colour_blind_people(palette, kind):
    seen = [as_seen(palette[f"line{number}"], COLOUR_BLIND[kind]) for number in range(4)]

    distances = [
        sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 for one, other in combinations(seen, 2)
    ]

    assert min(distances) > 40


def test_each_line_has_dashes_of_its_own():
    assert len(set(DASHES)) == LINES
