"""Photos with a missing end: a program that allocates the file before a download leaves zeros there."""

from typing import BinaryIO

from tiktok_api.media.inspection.child import boxes
from tiktok_api.media.inspection.child.refusal import Refused

_TAIL_BYTES = 512
_PIECE_BYTES = 1024 * 1024
_ENDS = {"JPEG": b"\xff\xd9", "PNG": b"IEND"}  # ITU-T T.81, B.2.1; PNG, 11.2.5
_RIFF_HEADER, _MOST_CHUNKS = 12, 100
_START_OF_SCAN, _SEGMENT_HEADER = 0xDA, 4


def refuse_unfilled(file: BinaryIO, decoder: str) -> None:
    """Raise Refused for a photo that ends in zeros and has no end marker; decoders show zeros as grey areas.

    Zeros after the end marker are no fault.
    """
    if _is_unfilled(file, decoder):
        raise Refused("file_truncated", "The end of the file is missing: there are only zeros.")


def _is_unfilled(file: BinaryIO, decoder: str) -> bool:
    size = boxes.size_of(file)
    if decoder == "WEBP":
        return _has_zeros_before(file, _end_of_webp(file, size))
    if decoder not in _ENDS or not _has_zeros_before(file, size):
        return False
    begin = _first_scan(file, size) if decoder == "JPEG" else 0
    return not _has(file, _ENDS[decoder], begin)


def _has_zeros_before(file: BinaryIO, end: int) -> bool:
    file.seek(max(0, end - _TAIL_BYTES))
    tail = file.read(min(end, _TAIL_BYTES))
    return len(tail) == _TAIL_BYTES and not any(tail)


def _end_of_webp(file: BinaryIO, size: int) -> int:
    """Returns the byte after the picture itself (RFC 9649, 2.5 and 2.6), which no encoder ends in many zeros; 0 without one."""
    at = _RIFF_HEADER
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        header = file.read(8)
        end = at + 8 + int.from_bytes(header[4:], "little")
        if header[:4] in (b"VP8 ", b"VP8L"):
            return min(end, size)
        if end >= size:
            break
        at = end + end % 2
    return 0


def _first_scan(file: BinaryIO, size: int) -> int:
    """Returns the byte at which the first scan of a JPEG begins; before it, previews may have end markers of their own."""
    at = 2
    while at + _SEGMENT_HEADER <= size:
        file.seek(at)
        header = file.read(_SEGMENT_HEADER)
        if header[0] != 0xFF or header[1] == _START_OF_SCAN:
            return at
        at += 1 if header[1] == 0xFF else 2 + int.from_bytes(header[2:], "big")
    return at


def _has(file: BinaryIO, wanted: bytes, begin: int) -> bool:
    file.seek(begin)
    overlap = b""
    while piece := file.read(_PIECE_BYTES):
        if wanted in overlap + piece:
            return True
        overlap = piece[1 - len(wanted) :]
    return False
