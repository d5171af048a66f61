"""Films that no muxer writes as they are, made by changing others byte by byte."""

import io
import struct
from functools import partial

import av

from tests.media.inspection.boxes import (
    boxes_of,
    changed,
    content_of,
    joined,
    patched,
    replaced,
    with_edits,
    with_flags,
    without_element,
)
from tests.media.inspection.films import Picture, Sound, film
from tests.media.sample_media import box

LONG_GOP = Picture(at=range(400), gop=400)
WEBM = partial(film, form="webm")
VP8, VP9 = Picture(codec="libvpx"), Picture(codec="libvpx-vp9")
FRAGMENTS = (("movflags", "frag_keyframe+empty_moov"),)
FASTSTART = (("movflags", "faststart"),)
SMALL = Picture(size=(160, 320))


def trimmed(*edits: tuple[float, float | None], version: int = 0) -> bytes:
    return with_edits(film(LONG_GOP), *edits, version=version)


def shifted_fragments(seconds: int) -> bytes:
    """Fragments cut out of a longer stream: the decode time of each (`tfdt`, 8.8.12) is that much later."""
    content = film(Picture(), options=FRAGMENTS)
    ticks = int.from_bytes(content_of(content, "moov/trak/mdia/mdhd")[12:16], "big") * seconds

    def later(moof: bytes) -> bytes:
        def add(old: bytes) -> bytes:
            width = 8 if old[0] else 4
            return old[:4] + (int.from_bytes(old[4:], "big") + ticks).to_bytes(width, "big")

        return changed(moof, "traf/tfdt", add)

    return joined(
        [(kind, later(body) if kind == b"moof" else body) for kind, body in boxes_of(content) if kind != b"mfra"]
    )


def unpaced(*tracks: Picture | Sound, options: tuple[tuple[str, str], ...] = ()) -> bytes:
    """A WebM that does not say how long a picture lasts: it has no DefaultDuration (RFC 9559, 5.1.4.1.13)."""
    content = WEBM(*tracks, options=options)
    default_duration = b"\x23\xe3\x83"
    at = content.find(default_duration)
    return without_element(content, default_duration, content[at + 3] & 0x7F) if at >= 0 else content


def recorded(picture: Picture = VP8, *sound: Sound) -> bytes:
    """What a browser's recorder writes: sizes unknown, no index, no duration, no default duration."""
    content = unpaced(picture, *sound, options=(("live", "1"),))
    assert b"\x44\x89\x88" not in content
    assert b"\x1c\x53\xbb\x6b" not in content  # Cues
    return content


def cut_among_b_frames() -> bytes:
    """Copied up to a picture that others before it refer to, which are left out."""
    buffer = io.BytesIO()
    with av.open(io.BytesIO(film(Picture(b_frames=3)))) as source, av.open(buffer, "w", format="mp4") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        packets = [packet for packet in source.demux(source.streams.video[0]) if packet.size]
        ahead = max(packet.pts - packet.dts for packet in packets[24:])
        end = next(at for at in range(len(packets) - 1, 0, -1) if packets[at].pts - packets[at].dts == ahead)
        for packet in packets[: end + 1]:
            packet.stream = stream
            target.mux(packet)
    return buffer.getvalue()


def large_media_data(content: bytes) -> bytes:
    """The size of the media data in 64 bits, in the place that QuickTime leaves for it."""
    boxes = boxes_of(content)
    whole = b""
    for kind, body in boxes:
        if kind == b"mdat":
            whole += struct.pack(">I4sQ", 1, kind, 16 + len(body)) + body
        elif kind not in (b"wide", b"free"):
            whole += box(kind, body)
    return whole


def media_data_to_the_end(content: bytes) -> bytes:
    """Index first, and then media data of size 0, which last to the end of the file."""
    at = content.index(b"mdat") - 4
    return content[:at] + bytes(4) + content[at + 4 :]


def odd_doctype() -> bytes:
    """A WebM whose header begins with a checksum and writes the size of each name in 8 bytes."""
    content = WEBM(VP8)
    at = content.index(b"\x42\x82\x84webm")
    header = content[5:at] + b"\x42\x82\x01" + (4).to_bytes(7, "big") + content[at + 3 : 5 + (content[4] & 0x7F)]
    header = b"\xbf\x84abcd" + header
    return content[:4] + bytes([0x80 | len(header)]) + header + content[5 + (content[4] & 0x7F) :]


def odd_quicktime() -> bytes:
    """User data that end in 32 zero bits (QTFF), `wide`, `free` and unknown boxes in between."""
    content = film(form="mov")
    content = changed(content, "moov/udta", lambda _: box(b"\xa9cmt", b"\0\5\x55\xc4hello") + bytes(4))
    content = changed(content, "moov/junk", lambda _: b"\1\2\3")
    return content + box(b"free", bytes(100)) + box(b"wide", b"") + box(b"GoPr", b"\xff" * 33)


def of_unknown_kind(content: bytes, new: bytes = b"xyz9") -> bytes:
    assert b"avc1" in content_of(content, "moov/trak/mdia/minf/stbl/stsd")
    return changed(
        content,
        "moov/trak/mdia/minf/stbl/stsd",
        lambda entries: entries.replace(b"avcC", b"zzzC").replace(b"avc1", new),
    )


def enabled(*tracks: Picture | Sound) -> bytes:
    """All tracks are enabled; the muxer does that for the first of each kind alone."""
    content = film(*tracks)
    for number in range(len(tracks)):
        content = with_flags(content, 3, track=number)
    return content


def serving(content: bytes, reference: bytes) -> bytes:
    """The first track refers to the second as what it is made for."""
    return changed(content, "moov/trak:0/tref", lambda _: box(reference, struct.pack(">I", 2)))


def chapters() -> bytes:
    content = enabled(Picture(size=(720, 1280), at=range(0, 48, 12)), Picture())
    return changed(content, "moov/trak:1/tref", lambda _: box(b"chap", struct.pack(">I", 1)))


def live_photo() -> bytes:
    """A MOV with a track of metadata (`mebx`) after film and sound, and a still picture's time in it."""
    content = film(Picture(), Sound(codec="pcm_s16le"), SMALL, form="mov")
    content = changed(content, "moov/trak:2/mdia/hdlr", patched(8, b"meta"))
    return changed(content, "moov/trak:2/mdia/minf/stbl/stsd", lambda old: old.replace(b"avc1", b"mebx"))


def with_late_sound() -> bytes:
    return with_edits(film(Picture(), Sound()), (1.0, None), (2.0, 0.0), track=1)


def cut(content: bytes, left: float) -> bytes:
    return content[: round(len(content) * left)]


def with_held_end() -> bytes:
    """Screen recorders and editors let the last picture stand for some seconds (`stts`, 8.6.1.2)."""
    content = changed(film(), "moov/trak/edts", lambda _: None)
    scale = int.from_bytes(content_of(content, "moov/trak/mdia/mdhd")[12:16], "big")
    lengths = struct.pack(">IIIIII", 0, 2, 47, scale // 24, 1, 5 * scale)
    return changed(content, "moov/trak/mdia/minf/stbl/stts", replaced(lengths))


def with_hole(content: bytes, begin: float, end: float) -> bytes:
    """As a program leaves it that makes room for a download in advance: zeros in that part of the media data, or of a WebM."""
    start, behind = 0, len(content)
    if content[4:8] == b"ftyp":
        start = content.index(b"mdat") + 4
        behind = start + len(content_of(content, "mdat"))
    first, last = (start + round((behind - start) * share) for share in (begin, end))
    return content[:first] + bytes(last - first) + content[last:]
