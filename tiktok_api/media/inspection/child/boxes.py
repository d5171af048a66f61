"""The boxes and chunks of a file, read without trusting any length in it."""

import io
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

from tiktok_api.media.inspection.child.refusal import Refused, end_is_missing

MAX_TOP_LEVEL_BOXES = 20_000  # a fragment a second for hours; a million is an attack
_LARGEST_CONTENT_BYTES = 4 * 1024 * 1024
_PADDING = (b"free", b"skip")
# A file is incomplete if one of these boxes is cut.
_ESSENTIAL = (b"ftyp", b"moov", b"moof", b"mfra", b"mdat", b"meta", b"sidx", b"styp")
_ZIP_END = b"PK\x05\x06"
_ZIP_TAIL_BYTES = 65_535 + 22  # APPNOTE 4.3.16: the end record and the longest comment
_TAIL_BYTES = 512
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_SEGMENT = b"\x18\x53\x80\x67"
_UNKNOWN_SIZE = 0xFFFF_FFFF


class _Malformed(Refused):
    """There is no box at this byte."""

    def __init__(self, at: int) -> None:
        super().__init__(
            "file_damaged", f"The file is damaged at byte {at}: a part there is shorter than its own header."
        )


def size_of(file: BinaryIO) -> int:
    """Returns the number of bytes in `file`, which stays where it is.

    C libraries ask about a descriptor by the same system call as about a name, which the filter does not allow.
    """
    at = file.tell()
    size = file.seek(0, os.SEEK_END)
    file.seek(at)
    return size


def refuse_archive(file: BinaryIO) -> None:
    """Raise Refused for a file that is also a ZIP archive, which is read from its end."""
    size = size_of(file)
    start = max(0, size - _ZIP_TAIL_BYTES)
    file.seek(start)
    tail = file.read(_ZIP_TAIL_BYTES)
    at = tail.rfind(_ZIP_END)
    if at >= 0 and at + 22 <= len(tail):
        comment = int.from_bytes(tail[at + 20 : at + 22], "little")
        if at + 22 + comment == len(tail):
            raise Refused("file_ambiguous", "This file is a ZIP archive as well; send the picture or video alone.")


def iter_boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, first byte of the content, byte after it) of each ISO box between `start` and `end` (ISO/IEC 14496-12, 4.2).

    A box that reaches beyond `end` is yielded with its claimed end.
    """
    at = start
    while at + 8 <= end:
        file.seek(at)
        header = file.read(16)
        size, kind, content = int.from_bytes(header[:4], "big"), header[4:8], at + 8
        if size == 1:
            size, content = int.from_bytes(header[8:16], "big"), at + 16
        elif size == 0:
            size = end - at
        if size < content - at:
            raise _Malformed(at)
        yield kind, content, at + size
        at += size


def lenient_boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes between `start` and `end`, up to the first impossible one, and not more than MAX_TOP_LEVEL_BOXES."""
    try:
        for number, (kind, content, box_end) in enumerate(iter_boxes(file, start, end)):
            if number > MAX_TOP_LEVEL_BOXES or box_end > end:
                return
            yield kind, content, box_end
    except Refused:
        return


def content_of(file: BinaryIO, start: int, end: int) -> bytes:
    """Returns the bytes from `start` to `end`, at most 4 MiB of them."""
    file.seek(start)
    return file.read(min(end - start, _LARGEST_CONTENT_BYTES))


def end_of_boxes(file: BinaryIO, *, index: bytes) -> int:
    """Returns the byte after the last box of an MP4, MOV or HEIC.

    Data after the `index` that is no box, or another file, is ignored: cameras and tools append data of their own, and players
    skip it. Media data may end early after a `moov`, which tells how much of them is needed. Raises Refused if the file ends
    before its boxes do, has absurdly many, or lacks its index.
    """
    size, kinds, at = size_of(file), set[bytes](), 0
    try:
        for number, (kind, _, box_end) in enumerate(iter_boxes(file, 0, size)):
            if number > MAX_TOP_LEVEL_BOXES:
                raise Refused("file_too_complex", "The file consists of absurdly many parts.")
            if kind == b"ftyp" and {index, b"mdat"} <= kinds:
                return at
            if box_end > size and kind not in _PADDING:
                if index not in kinds or (kind in _ESSENTIAL and (kind, index) != (b"mdat", b"moov")):
                    raise end_is_missing(box_end - size)
                return size if kind == b"mdat" else at
            kinds.add(kind)
            at = min(box_end, size)
    except _Malformed:
        if index not in kinds:
            raise
    if index not in kinds:
        name = index.decode()
        message = f"The index of the file (its {name} part) is missing: the recording was not finished."
        raise Refused("file_truncated", message)
    return at


class TruncatedFile(io.RawIOBase):
    """The beginning of a file, up to a byte, as a file of its own."""

    def __init__(self, file: BinaryIO, end: int) -> None:
        self._file, self._end = file, end
        file.seek(0)

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Returns the position."""
        return self._file.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Change the position."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._file.tell(), io.SEEK_END: self._end}[whence]
        return self._file.seek(max(0, start + offset))

    def readinto(self, buffer: Any) -> int:
        """Read at most what is left before the end."""
        left = max(0, self._end - self._file.tell())
        piece = self._file.read(min(left, len(buffer)))
        buffer[: len(piece)] = piece
        return len(piece)


def refuse_cut_segment(file: BinaryIO) -> bool:
    """Returns True if a WebM or Matroska file may lack its end although its size fits.

    Either it was recorded live, with an unknown segment size (RFC 9559, 5.1), or the segment ends in zeros. Raises Refused if
    the file ends before its segment does.
    """
    file.seek(0)
    head = file.read(4096)
    at = head.find(_SEGMENT)
    if at < 0:
        raise Refused("file_damaged", "The file has no segment: there is nothing to play.")
    first = head[at + 4]
    width = 9 - first.bit_length()
    value = int.from_bytes(head[at + 4 : at + 4 + width], "big") & ((1 << (7 * width)) - 1)
    if value == (1 << (7 * width)) - 1:
        return True
    end = at + 4 + width + value
    _refuse_missing(end, file)
    file.seek(max(0, end - _TAIL_BYTES))
    return not any(file.read(_TAIL_BYTES))


def has_segment_duration(file: BinaryIO) -> bool:
    """True if a WebM or Matroska file announces its duration at its beginning (RFC 9559, 5.1.2.10)."""
    file.seek(0)
    head = file.read(4096)
    return b"\x44\x89\x84" in head or b"\x44\x89\x88" in head


def refuse_cut_riff(file: BinaryIO, *, may_be_streamed: bool = False) -> None:
    """Raise Refused if a WebP or an AVI ends before its RIFF container does (RFC 9649, 2.3).

    `may_be_streamed`: a recorder that cannot go back to the beginning leaves a size of which every bit is set.
    """
    file.seek(4)
    said = int.from_bytes(file.read(4), "little")
    if not (may_be_streamed and said == _UNKNOWN_SIZE):
        _refuse_missing(8 + said, file)


def refuse_cut_asf(file: BinaryIO) -> None:
    """Raise Refused if a Windows Media file ends before its File Properties Object says so (ASF specification, 3.2)."""
    file.seek(0)
    head = file.read(4096)
    at = head.find(_ASF_PROPERTIES)
    is_broadcast = head[at + 88 : at + 89] in (b"\1", b"\3")
    if at >= 0 and not is_broadcast:
        _refuse_missing(int.from_bytes(head[at + 40 : at + 48], "little"), file)


def _refuse_missing(end: int, file: BinaryIO) -> None:
    missing = end - size_of(file)
    if missing > 0:
        raise end_is_missing(missing)


def heic_size(file: BinaryIO) -> tuple[int, int]:
    """Returns width and height of the largest picture in a HEIC file, by its `ispe` boxes (ISO/IEC 23008-12, 6.5.3)."""
    best = (0, 0)
    for kind, content, box_end in lenient_boxes(file, 0, size_of(file)):
        if kind == b"meta":
            for size in _ispe(file, content + 4, box_end):
                best = max(best, size, key=lambda pair: pair[0] * pair[1])
    if best == (0, 0):
        raise Refused("file_damaged", "The file does not say how large its picture is.")
    return best


def _ispe(file: BinaryIO, start: int, end: int, depth: int = 0) -> Iterator[tuple[int, int]]:
    for number, (kind, content, box_end) in enumerate(iter_boxes(file, start, min(end, size_of(file)))):
        if number > MAX_TOP_LEVEL_BOXES:
            raise Refused("file_too_complex", "The file consists of absurdly many parts.")
        if kind in (b"iprp", b"ipco") and depth < 3:
            yield from _ispe(file, content, box_end, depth + 1)
        elif kind == b"ispe":
            file.seek(content + 4)
            pair = file.read(8)
            yield int.from_bytes(pair[:4], "big"), int.from_bytes(pair[4:], "big")
