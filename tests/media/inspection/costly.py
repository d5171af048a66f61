"""Files that are cheap to send and were expensive to decode."""

import struct
import zlib
from collections.abc import Callable

from tests.media import sample_media
from tests.media.inspection.boxes import changed, replaced

_QUANTIZATION = b"\xff\xdb" + struct.pack(">HB", 67, 0) + bytes([1] * 64)
_TABLES = b"".join(
    b"\xff\xc4" + struct.pack(">HB", 20, kind) + bytes([1] + [0] * 15) + bytes([symbol])
    for kind, symbol in ((0x00, 0x00), (0x10, 0xE0))  # one code each: no difference, and a run of empty blocks
)


def jpeg(width: int, height: int, scans: int, *, before: bytes = b"", between: bytes = b"") -> bytes:
    """A grey progressive JPEG whose scans say that nothing changes, 32,767 blocks at a time."""
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 11, 8, height, width, 1) + bytes([1, 0x11, 0])
    blocks = -(-width // 8) * -(-height // 8)
    first = _scan(0, 0, 0, 0) + bytes(blocks // 8) + b"\x00"
    run = _bits("0" + "1" * 14, -(-blocks // 32_767))
    rest = [_scan(1, 63, 0, 13) + run]
    rest += [_scan(1, 63, 13 - number % 13, 12 - number % 13) + run for number in range(scans - 2)]
    return (
        b"\xff\xd8" + before + _QUANTIZATION + frame + _TABLES + first + between.join(rest[: scans - 1]) + b"\xff\xd9"
    )


def _scan(first: int, last: int, high: int, low: int) -> bytes:
    return b"\xff\xda" + struct.pack(">HB", 8, 1) + bytes([1, 0x00, first, last, high << 4 | low])


def _bits(code: str, times: int) -> bytes:
    bits = code * times
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")


def png(*, before: bytes = b"", after: bytes = b"") -> bytes:
    """A small PNG with more chunks before or after its picture."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0))
    picture = png_chunk(b"IDAT", zlib.compress(bytes(64 * (1 + 3 * 64))))
    return b"\x89PNG\r\n\x1a\n" + header + before + picture + after + png_chunk(b"IEND", b"")


def exif(entries: int) -> bytes:
    """A photo whose EXIF has so many entries, each of which points behind its end, in as many segments as it takes."""
    table = b"".join(struct.pack("<HHII", number, 7, 1 << 30, 8) for number in range(1, entries + 1))
    content = b"II*\0\x08\0\0\0" + struct.pack("<H", entries) + table + bytes(4)
    pieces = (b"Exif\0\0" + content[at : at + 65_000] for at in range(0, len(content), 65_000))
    segments = b"".join(b"\xff\xe1" + struct.pack(">H", 2 + len(piece)) + piece for piece in pieces)
    photo = sample_media.photo()
    return photo[:2] + segments + photo[2:]


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def mp4(samples: int, edits: int) -> bytes:
    """A film that says that it has so many samples of a byte, and so many entries in its edit list."""
    table = "moov/trak/mdia/minf/stbl"
    entries = bytes(4) + struct.pack(">I", edits) + struct.pack(">IIHH", 1000, 0, 1, 0) * edits
    content = sample_media.video()
    for path, new in {
        f"{table}/stsz": bytes(4) + struct.pack(">II", 1, samples),
        f"{table}/stts": bytes(4) + struct.pack(">III", 1, samples, 1),
        f"{table}/stsc": bytes(4) + struct.pack(">IIII", 1, 1, samples, 1),
        "moov/trak/edts/elst": entries,
    }.items():
        content = changed(content, path, replaced(new))
    return content


COSTLY: dict[str, Callable[[], bytes]] = {  # made where they are needed
    "a jpeg of a thousand scans": lambda: jpeg(4000, 3000, 1000),
    "a jpeg of 60 scans of 196 million pixels": lambda: jpeg(14_000, 14_000, 60),
    "a jpeg with rubbish between its scans": lambda: jpeg(4000, 3000, 150, between=b"rubbish"),
    "a jpeg with fill bytes between its scans": lambda: jpeg(4000, 3000, 150, between=b"\xff\xff\xff"),
    "a jpeg of a million comments": lambda: jpeg(64, 64, 2, before=b"\xff\xfe\x00\x02" * 1_000_000),
    "a jpeg of a million restart intervals": lambda: jpeg(64, 64, 4, between=b"\xff\xdd\x00\x04\x00\x00" * 500_000),
    "a png of many empty chunks": lambda: png(before=png_chunk(b"prVt", b"") * 300_000),
    "a png of many empty chunks after its picture": lambda: png(after=png_chunk(b"prVt", b"") * 300_000),
    "a png of many empty pictures": lambda: png(before=png_chunk(b"IDAT", b"") * 300_000),
    "a png of many texts": lambda: png(before=png_chunk(b"tEXt", b"a\0b") * 300_000),
    "a film joined of many pieces": lambda: mp4(24, 100_000),
    "a film joined of pieces of many samples": lambda: mp4(1_000_000, 100),
}
CHEAP: dict[str, Callable[[], bytes]] = {
    "a jpeg of one scan": sample_media.photo,
    "a jpeg of twenty scans": lambda: jpeg(4000, 3000, 20),
    "a large jpeg of ten scans": lambda: jpeg(9000, 6000, 10),
    "a png of some texts": lambda: png(before=png_chunk(b"tEXt", b"a\0b") * 500),
    "a jpeg about whose entries a decoder warns at length": lambda: exif(65_000),
}
