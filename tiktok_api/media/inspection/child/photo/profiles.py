"""ICC profiles for photos that say what their colours are by numbers (a HEIC's `colr` box of type nclx; ITU-T H.273)."""

import math
import struct
from typing import Any

_BT709, _UNSPECIFIED = 1, 2  # H.273, table 2
_PQ, _HLG = 16, 18  # H.273, table 3: high dynamic range
_CURVE_STEPS = 1024
_D50 = (0.9642, 1.0, 0.8249)  # ICC.1:2022, 7.2.16: what every profile is relative to
# Bradford's cone responses (ICC.1:2022, annex E), to see one white as another.
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_REFERENCE_WHITE_NITS = 203.0  # ITU-R BT.2408: where white is in HDR
_BRIGHTEST_NITS = 1000.0

Vector = tuple[float, ...]
Matrix = tuple[Vector, ...]


def profile_for(nclx: dict[str, Any] | None) -> bytes | None:
    """A profile for these primaries and this transfer, as libheif names them; None where they are those of sRGB."""
    if nclx is None:
        return None
    transfer = nclx["transfer_characteristics"]
    if nclx["color_primaries"] in (_BT709, _UNSPECIFIED) and transfer not in (_PQ, _HLG):
        return None
    corners = [(nclx[f"color_primary_{name}_x"], nclx[f"color_primary_{name}_y"]) for name in ("red", "green", "blue")]
    steps = [step / (_CURVE_STEPS - 1) for step in range(_CURVE_STEPS)]
    try:
        columns = _adapted(corners, _xyz(nclx["color_primary_white_x"], nclx["color_primary_white_y"]))
        return _profile(columns, [_linear(step, transfer) for step in steps])
    except (ArithmeticError, ValueError, struct.error):
        return None  # corners that span no colours


def _linear(value: float, transfer: int) -> float:
    """The light that a code value stands for, 1 being white; what is brighter than white is brought below it."""
    if transfer == _PQ:  # SMPTE ST 2084
        power = max(value, 0.0) ** (1 / 78.84375)
        nits = 10_000 * (max(power - 0.8359375, 0.0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
        return _tamed(nits)
    if transfer == _HLG:  # ITU-R BT.2100, with the system gamma of a display of 1,000 nits
        scene = value * value / 3 if value <= 0.5 else (math.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12
        return _tamed(_BRIGHTEST_NITS * scene**1.2)
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # IEC 61966-2-1


def _tamed(nits: float) -> float:
    """Reinhard's curve, by which the brightest becomes white and shadows stay as they are."""
    light, brightest = nits / _REFERENCE_WHITE_NITS, _BRIGHTEST_NITS / _REFERENCE_WHITE_NITS
    return min(1.0, light * (1 + light / brightest**2) / (1 + light))


def _adapted(corners: list[tuple[float, float]], white: Vector) -> Matrix:
    """The corners as XYZ columns that sum up to white, seen under D50."""
    primaries = _columns([_xyz(x, y) for x, y in corners])
    amounts = _times(_inverse(primaries), white)
    scaled = tuple(tuple(row[i] * amounts[i] for i in range(3)) for row in primaries)
    from_white, to_white = _times(_BRADFORD, white), _times(_BRADFORD, _D50)
    scaling = tuple(tuple(to_white[i] / from_white[i] if i == j else 0.0 for j in range(3)) for i in range(3))
    adaptation = _product(_inverse(_BRADFORD), _product(scaling, _BRADFORD))
    return _product(adaptation, scaled)


def _xyz(x: float, y: float) -> Vector:
    return x / y, 1.0, (1 - x - y) / y


def _columns(rows: list[Vector]) -> Matrix:
    return tuple(zip(*rows, strict=True))


def _times(matrix: Matrix, vector: Vector) -> Vector:
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)


def _product(left: Matrix, right: Matrix) -> Matrix:
    return _columns([_times(left, column) for column in zip(*right, strict=True)])


def _inverse(matrix: Matrix) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    whole = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    adjugate = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    return tuple(tuple(value / whole for value in row) for row in adjugate)


def _profile(columns: Matrix, curve: list[float]) -> bytes:
    """A display profile of three corners and a curve (ICC.1:2001-04, 6.3.2), version 2.1."""

    def fixed(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(values: Vector) -> bytes:
        return b"XYZ " + bytes(4) + b"".join(map(fixed, values))

    points = b"".join(struct.pack(">H", round(min(1.0, max(0.0, value)) * 65535)) for value in curve)
    tone = b"curv" + bytes(4) + struct.pack(">I", len(curve)) + points
    red, green, blue = zip(*columns, strict=True)
    name = b"desc" + bytes(4) + struct.pack(">I", 5) + b"nclx\0" + bytes(78)
    tags = {
        b"desc": name,
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": xyz(_D50),
        b"rXYZ": xyz(red),
        b"gXYZ": xyz(green),
        b"bXYZ": xyz(blue),
    }
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), tone)
    table, content, begin = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for kind, value in tags.items():
        table += kind + struct.pack(">II", begin + len(content), len(value))
        content += value + bytes(-len(value) % 4)
    size = begin + len(content)
    header = (
        struct.pack(">I4xI", size, 0x02100000) + b"mntrRGB XYZ " + struct.pack(">6H", 2027, 1, 1, 0, 0, 0) + b"acsp"
    )
    header += bytes(28) + b"".join(map(fixed, _D50)) + bytes(48)
    return header + table + content
