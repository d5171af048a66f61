"""Photos that were never filled: a program that makes room for a download in advance leaves zeros where its end should be."""

from typing import BinaryIO

from tiktok_api.media.probing import boxes
from tiktok_api.media.probing.refusal import Refused

_TAIL_BYTES = 512
_PIECE_BYTES = 1024 * 1024
_ENDS = {"JPEG": b"\xff\xd9", "PNG": b"IEND"}  # ITU-T T.81, B.2.1; PNG, 11.2.5
_START_OF_SCAN, _SEGMENT_HEADER = 0xDA, 4


def refuse_unfilled(file: BinaryIO, decoder: str) -> None:
    """Raise Refused for a photo that ends in zeros and whose own end is nowhere; decoders take zeros for grey areas.

    Zeros behind its end are none of its business.
    """
    size = boxes.size_of(file)
    file.seek(max(0, size - _TAIL_BYTES))
    if decoder not in _ENDS or any(file.read(_TAIL_BYTES)):
        return
    begin = _first_scan(file, size) if decoder == "JPEG" else 0
    if not _has(file, _ENDS[decoder], begin):
        raise Refused("file_truncated", "The end of the file is missing: there are only zeros.")


def _first_scan(file: BinaryIO, size: int) -> int:
    """The byte at which the first scan of a JPEG begins; what stands before it may have previews with ends of their own."""
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
