"""ICC profiles for photos that name their colours by numbers (the `colr` box of type nclx in a HEIC; ITU-T H.273).

`icc/` holds the profiles: a matrix relative to D50 and a curve (ICC.1:2001-04). HLG is read like SDR, which it resembles: flat
colours differ by ΔE 0 to 4. PQ read like SDR has grey whites (ΔE 16 to 47), so it has profiles of its own, whose curve (SMPTE
ST 2084) brings 203 nits, the reference white of ITU-R BT.2408, and everything brighter below white.
"""

from pathlib import Path
from typing import Any

_DISPLAY_P3, _BT2020 = 12, 9  # H.273, table 2: colour primaries
_PQ = 16  # H.273, table 3: transfer characteristics

_FOLDER = Path(__file__).parent / "icc"
# Read on import, because the process may open no file later. The key: primaries, and whether the transfer is PQ.
_PROFILES = {
    (_DISPLAY_P3, False): (_FOLDER / "display_p3.icc").read_bytes(),
    (_DISPLAY_P3, True): (_FOLDER / "display_p3_pq.icc").read_bytes(),
    (_BT2020, False): (_FOLDER / "bt2020.icc").read_bytes(),
    (_BT2020, True): (_FOLDER / "bt2020_pq.icc").read_bytes(),
}


def profile_for(nclx: dict[str, Any] | None) -> bytes | None:
    """Returns the profile for libheif's nclx values; None for sRGB and for the primaries close to it (BT.709, BT.601)."""
    if nclx is None:
        return None
    return _PROFILES.get((nclx["color_primaries"], nclx["transfer_characteristics"] == _PQ))
