"""How players show the pictures of a video: rotated and mirrored by the display matrix, with pixels that need not be square."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from av.sidedata.sidedata import Type
from PIL import Image

_NEARLY_DEGREES = 1.0  # players rotate by quarters; a matrix that is so close to one means it
_MOST_STRETCHED = 8  # longer pixels are a mistake of the file
_SQUARE_SHARE = 0.01  # encoders round: 1080 × 1918 scaled to 360 × 640 has pixels of 959:960
_TURNS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}


@dataclass(frozen=True, slots=True)
class Upright:
    """The steps from a stored picture to the shown one: square pixels, clockwise by `degrees`, then mirrored left to right.

    As in browsers, pictures are rotated by quarters only; `degrees` still tells the angle in the file.
    """

    degrees: int
    is_mirrored: bool
    pixel_aspect: Fraction

    def square(self, width: int, height: int) -> tuple[int, int]:
        """Returns width and height in square pixels, before rotation."""
        return max(1, round(width * self.pixel_aspect)), height

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Returns width and height as seen."""
        wide, high = self.square(width, height)
        return (high, wide) if self.degrees in (90, 270) else (wide, high)

    def apply(self, picture: Image.Image) -> Image.Image:
        """Returns `picture`, whose pixels are already square, the right way up."""
        if self.degrees in _TURNS:
            picture = picture.transpose(_TURNS[self.degrees])
        return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if self.is_mirrored else picture


def upright(frame: Any, pixel_aspect: Fraction | None) -> Upright:
    """Returns how `frame` is shown."""
    side_data = frame.side_data.get(Type.DISPLAYMATRIX) if frame is not None else None
    matrix = memoryview(bytes(side_data)).cast("i").tolist() if side_data is not None else [1, 0, 0, 0, 1]
    degrees, is_mirrored = _turning(matrix[0], matrix[1], matrix[3], matrix[4])
    return Upright(degrees, is_mirrored, _plausible(pixel_aspect))


def _turning(a: int, b: int, c: int, d: int) -> tuple[int, bool]:
    """Returns clockwise degrees, and whether it is mirrored; the matrix takes (x, y) to (ax + cy, bx + dy), y downwards."""
    area = a * d - b * c
    if area == 0:
        return 0, False
    is_mirrored = area < 0
    degrees = math.degrees(math.atan2(b, -a if is_mirrored else a)) % 360
    quarter = round(degrees / 90) * 90
    if abs(degrees - quarter) <= _NEARLY_DEGREES:
        return quarter % 360, is_mirrored
    return round(degrees) % 360, False


def _plausible(pixel_aspect: Fraction | None) -> Fraction:
    if not pixel_aspect or not 1 / _MOST_STRETCHED <= pixel_aspect <= _MOST_STRETCHED:
        return Fraction(1)
    return pixel_aspect if abs(pixel_aspect - 1) >= _SQUARE_SHARE else Fraction(1)
