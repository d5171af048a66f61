"""Real media made on the spot, and broken on purpose."""

import io
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import av.stream
import pillow_heif
from PIL import Image

from tiktok_api.cli.sample_video import make_sample_video

pillow_heif.register_heif_opener()


@cache
def video(suffix: str = ".mp4", **what_matters: Any) -> bytes:
    """The bytes of a short real video; see `make_sample_video` for what can matter."""
    wanted = {"seconds": 1, "fps": 24, "width": 360, "height": 640, "sound": False} | what_matters
    with TemporaryDirectory() as folder:
        return make_sample_video(Path(folder) / f"video{suffix}", **wanted).read_bytes()


BIG_BYTES = 64_000_001
"""One byte more than goes out in a single chunk: six chunks."""


def big_video() -> bytes:
    """A video that goes out in six chunks."""
    return video(pad_to_bytes=BIG_BYTES)


@cache
def photo(
    kind: str = "JPEG", *, width: int = 720, height: int = 1080, orientation: int = 1, mode: str = "RGB"
) -> bytes:
    """The bytes of a real photo: a gradient with some grain, so that it has a size."""
    picture = Image.merge(
        "RGB",
        (
            Image.linear_gradient("L").resize((width, height)),
            Image.radial_gradient("L").resize((width, height)),
            Image.effect_noise((width, height), 20),
        ),
    ).convert(mode)
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    picture.save(buffer, kind, **({"exif": exif.tobytes()} if orientation != 1 else {}))
    return buffer.getvalue()


def shot(
    suffix: str = ".mp4",
    *,
    at: Iterable[int] = range(48),
    time_base: Fraction = Fraction(1, 24),
    codec: str = "libx264",
    pixels: str = "yuv420p",
    b_frames: int = 2,
    sound_seconds: float = 0,
    cover: bool = False,
    **options: str,
) -> bytes:
    """The bytes of a video whose pictures come exactly `at` these times; `options` are the container's."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"video{suffix}"
        with av.open(str(path), "w", options=options) as container:
            video = container.add_stream(codec, rate=1 / time_base if time_base.numerator == 1 else 30)
            video.width, video.height, video.pix_fmt = 360, 640, pixels
            video.codec_context.gop_size, video.codec_context.max_b_frames = 12, b_frames
            video.time_base = video.codec_context.time_base = time_base
            if cover:
                _add_cover(container)
            audio = container.add_stream("aac", rate=48_000) if sound_seconds else None
            for number in at:
                frame = av.VideoFrame.from_image(Image.new("RGB", (360, 640), (number % 256, 90, 60)))
                frame.pts, frame.time_base = number, time_base
                container.mux(video.encode(frame))
            container.mux(video.encode())
            if audio is not None:
                _keep_silent(container, audio, sound_seconds)
        return path.read_bytes()


def _add_cover(container: Any) -> None:
    cover = container.add_stream("mjpeg")
    cover.width, cover.height, cover.pix_fmt = 100, 100, "yuvj420p"
    cover.disposition = av.stream.Disposition.attached_pic
    frame = av.VideoFrame.from_image(Image.new("RGB", (100, 100), "red")).reformat(format="yuvj420p")
    frame.pts = 0
    container.mux(cover.encode(frame))
    container.mux(cover.encode())


def _keep_silent(container: Any, audio: Any, seconds: float) -> None:
    for start in range(0, round(48_000 * seconds), 960):
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(bytes(1920))
        frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
        container.mux(audio.encode(frame))
    container.mux(audio.encode())


def fragmented(**what_matters: Any) -> bytes:
    """An MP4 in pieces that each have an index of their own, as streaming servers and some recorders make it."""
    return shot(movflags="frag_keyframe+empty_moov", **what_matters)


_BOUNDARY = "----------boundary"
MULTIPART = f"multipart/form-data; boundary={_BOUNDARY}"


def part(name: str, content: bytes, *, filename: str | None = "a.mp4") -> bytes:
    """One part of a multipart body."""
    shown = f'; filename="{filename}"' if filename else ""
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n'
    return head.encode() + b"Content-Type: video/mp4\r\n\r\n" + content + b"\r\n"


def multipart(*parts: bytes) -> bytes:
    """A body of content type MULTIPART."""
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()


def box(kind: bytes, content: bytes) -> bytes:
    """An ISO box (ISO/IEC 14496-12, 4.2)."""
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def with_box(content: bytes, path: tuple[bytes, ...], replacement: bytes) -> bytes:
    """`content` with what is in the first box at `path` replaced, lengths and chunk offsets put right."""
    delta = 0

    def walk(inside: bytes, path: tuple[bytes, ...]) -> bytes:
        nonlocal delta
        parts, at, left = [], 0, path
        while at < len(inside):
            size = int.from_bytes(inside[at : at + 4], "big")
            kind, body = inside[at + 4 : at + 8], inside[at + 8 : at + size]
            if left and kind == left[0]:
                new = walk(body, left[1:]) if left[1:] else replacement
                delta += len(new) - len(body) if not left[1:] else 0
                left, body = (), new
            parts.append(box(kind, body))
            at += size
        return b"".join(parts)

    grown = walk(content, path)
    at = grown.index(b"stco")
    count = int.from_bytes(grown[at + 8 : at + 12], "big")
    places = range(at + 12, at + 12 + 4 * count, 4)
    moved = b"".join((int.from_bytes(grown[p : p + 4], "big") + delta).to_bytes(4, "big") for p in places)
    return grown[: at + 12] + moved + grown[at + 12 + 4 * count :]
