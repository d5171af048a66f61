"""Photos that are cheap to send and expensive to decode: the parts of a JPEG or PNG are counted before it is decoded.

Each scan of a JPEG (ITU-T T.81, B.2.3) lets a decoder visit the whole picture, and may have but a few bytes: 160 kB with a thousand
scans took half a minute. Cameras and encoders write one to about twenty; what counts is scans times pixels, of which a billion
take about 0.6 s. A decoder looks at each segment (JPEG) and chunk (PNG, 5.3) however small it is; three million take 3 to 6 s.
"""

import re
from typing import BinaryIO

from tiktok_api.media.inspection.child import boxes
from tiktok_api.media.inspection.child.refusal import Refused

MOST_SCANS = 100
MOST_SCANNED_PIXELS = 4_000_000_000
"""Scans times pixels: 200 million pixels, as the largest sensors of phones have, in twenty scans."""
MOST_SEGMENTS = 20_000
"""Profiles and previews in a JPEG fill some hundreds of segments of 64 KiB."""
MOST_CHUNKS = 200_000
"""Encoders write chunks of 8 KiB and more: a PNG of 50 million pixels has at most 40,000."""

_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]", re.DOTALL)  # in a scan; 00 and restarts belong to its data
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, b"\xff\xd9"
_STANDALONE = (0x01, *range(0xD0, 0xD9))
_PIECE_BYTES = 1024 * 1024
_TOO_MANY = "The file consists of absurdly many parts."


def count_scans(file: BinaryIO) -> int:
    """Returns how many scans the first picture of a JPEG has. Raises Refused if it has absurdly many parts."""
    scans, at, size = 0, 2, boxes.size_of(file)
    for _ in range(MOST_SEGMENTS):
        file.seek(at)
        header = file.read(4)
        if len(header) < 4 or header[:2] == _END_OF_IMAGE:
            return scans
        if header[0] != 0xFF:  # decoders look for the next marker
            at = _next_marker(file, at, size)
            continue
        kind = header[1]
        if kind == 0xFF or kind in _STANDALONE:  # a fill byte, or a marker without a length
            at += 1 if kind == 0xFF else 2
            continue
        at += 2 + int.from_bytes(header[2:], "big")
        if kind == _START_OF_SCAN:
            scans += 1
            if scans > MOST_SCANS:
                break
            at = _next_marker(file, at, size)
    raise Refused("file_too_complex", _TOO_MANY)


def refuse_many_scans(scans: int, pixels: int) -> None:
    """Raise Refused if decoding so many scans of a JPEG of so many pixels takes too long."""
    if scans * pixels > MOST_SCANNED_PIXELS:
        message = f"The photo has {scans} scans of {pixels // 1_000_000} million pixels; save it with fewer."
        raise Refused("file_too_complex", message)


def refuse_many_chunks(file: BinaryIO) -> None:
    """Raise Refused if a PNG has absurdly many chunks."""
    at, size = 8, boxes.size_of(file)
    for _ in range(MOST_CHUNKS):
        file.seek(at)
        header = file.read(8)
        if len(header) < 8 or header[4:] == b"IEND":
            return
        at += 12 + int.from_bytes(header[:4], "big")
        if at > size:
            return
    raise Refused("file_too_complex", _TOO_MANY)


def _next_marker(file: BinaryIO, at: int, size: int) -> int:
    """Returns where the next marker is that ends the data of a scan."""
    while at < size:
        file.seek(at)
        piece = file.read(_PIECE_BYTES)
        if found := _MARKER.search(piece):
            return at + found.start()
        at += max(1, len(piece) - 1)
    return size
