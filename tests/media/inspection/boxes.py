"""Changing MP4, MOV and Matroska files byte by byte, where no muxer writes what cameras and editors do."""

import struct
from collections.abc import Callable

from tests.media.sample_media import box

CONTAINERS = (
    b"moov",
    b"trak",
    b"mdia",
    b"minf",
    b"stbl",
    b"edts",
    b"dinf",
    b"moof",
    b"traf",
    b"mvex",
    b"udta",
    b"tref",
)

Box = tuple[bytes, bytes]


def boxes_of(content: bytes) -> list[Box]:
    """The boxes that follow each other in `content`, by kind and content; sizes of 64 bits and of "to the end" included."""
    found, at = [], 0
    while at < len(content):
        size, head = int.from_bytes(content[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(content[at + 8 : at + 16], "big"), 16
        size = size or len(content) - at
        found.append((content[at + 4 : at + 8], content[at + head : at + size]))
        at += size
    return found


def joined(boxes: list[Box]) -> bytes:
    """The other way round."""
    return b"".join(box(kind, content) for kind, content in boxes)


def changed(content: bytes, path: str, change: Callable[[bytes], bytes | None]) -> bytes:
    """`content` with the box at `path` changed, made (from b"") where it is missing, or removed where `change` returns None.

    A path is `moov/trak:1/tkhd`: the second track's header. Chunk offsets are left alone, so the index has to be behind the
    media data, or to keep its size.
    """
    step, _, rest = path.partition("/")
    name, _, number = step.partition(":")
    found = boxes_of(content)
    places = [at for at, (kind, _) in enumerate(found) if kind == name.encode()]
    if int(number or 0) >= len(places):
        found.append((name.encode(), b""))
        places = [len(found) - 1]
        number = "0"
    at = places[int(number or 0)]
    new = changed(found[at][1], rest, change) if rest else change(found[at][1])
    if new is None:
        del found[at]
    else:
        found[at] = (name.encode(), new)
    return joined(found)


def content_of(content: bytes, path: str) -> bytes:
    """What is in the box at `path`."""
    for step in path.split("/"):
        name, _, number = step.partition(":")
        content = [inner for kind, inner in boxes_of(content) if kind == name.encode()][int(number or 0)]
    return content


def patched(at: int, new: bytes) -> Callable[[bytes], bytes]:
    """A change of some bytes of a box."""
    return lambda old: old[:at] + new + old[at + len(new) :]


def replaced(new: bytes) -> Callable[[bytes], bytes]:
    """A change of all bytes of a box."""
    return lambda _: new


def with_edits(content: bytes, *edits: tuple[float, float | None], track: int = 0, version: int = 0) -> bytes:
    """A track of an MP4 with the index at its end, shown as an edit list says: (seconds, from which second of the track on).

    None: nothing is shown for so long. The lengths of track and movie follow.
    """
    ticks = int.from_bytes(content_of(content, "moov/mvhd")[12:16], "big")
    scale = int.from_bytes(content_of(content, f"moov/trak:{track}/mdia/mdhd")[12:16], "big")
    form = ">qqhh" if version else ">iihh"
    entries = b"".join(
        struct.pack(form, round(length * ticks), -1 if begin is None else round(begin * scale), 1, 0)
        for length, begin in edits
    )
    table = struct.pack(">BxxxI", version, len(edits)) + entries
    whole = struct.pack(">I", round(sum(length for length, _ in edits) * ticks))
    content = changed(content, f"moov/trak:{track}/edts/elst", replaced(table))
    content = changed(content, f"moov/trak:{track}/tkhd", patched(20, whole))
    return changed(content, "moov/mvhd", patched(16, whole))


def with_matrix(content: bytes, matrix: tuple[float, float, float, float]) -> bytes:
    """The first track shown by the matrix that takes (x, y) to (ax + cy, bx + dy); both headers keep their size."""
    a, b, c, d = (round(value * 65536) for value in matrix)
    return changed(content, "moov/trak/tkhd", patched(40, struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)))


def with_flags(content: bytes, flags: int, *, track: int = 0) -> bytes:
    """A track that is enabled (1), in the movie (2), in the preview (4), or none of it (8.3.2)."""
    return changed(content, f"moov/trak:{track}/tkhd", patched(1, flags.to_bytes(3, "big")))


def without_element(content: bytes, identifier: bytes, size: int) -> bytes:
    """Matroska without an element of so many bytes of content: it becomes a Void element (RFC 8794, 11.3.2)."""
    at = content.index(identifier + bytes([0x80 | size]))
    whole = len(identifier) + 1 + size
    return content[:at] + b"\xec" + bytes([0x80 | (whole - 2)]) + bytes(whole - 2) + content[at + whole :]
