"""Short films of every kind that muxers can write, each with a red bar at the top of its stored pictures."""

import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
from av.stream import Disposition
from PIL import Image, ImageDraw

PORTRAIT = (360, 640)
RED, BLUE = (230, 20, 20), (20, 40, 200)
_QUICK = {
    "libx264": {"preset": "ultrafast", "crf": "40"},
    "libx265": {"preset": "ultrafast", "crf": "40", "x265-params": "log-level=none"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
    "libsvtav1": {"preset": "13"},
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A track of moving pictures, which come `at` these ticks of `time_base`."""

    at: Sequence[int] = range(48)
    time_base: Fraction = Fraction(1, 24)
    codec: str = "libx264"
    size: tuple[int, int] = PORTRAIT
    pixels: str = "yuv420p"
    gop: int = 12
    b_frames: int = 0
    pixel_aspect: Fraction | None = None
    transfer: int | None = None
    is_announced: bool = True
    disposition: Disposition | None = None
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Sound:
    """A track of silence."""

    seconds: float = 2
    codec: str = "aac"
    layout: str = "mono"
    rate: int = 48_000
    begin_seconds: float = 0
    disposition: Disposition | None = None


@cache
def film(
    *tracks: Picture | Sound, form: str = "mp4", options: tuple[tuple[str, str], ...] = (), tags: Any = ()
) -> bytes:
    """The bytes of a file of this form; without tracks it has one of pictures. `options` and `tags` are the container's."""
    with TemporaryDirectory() as folder:
        path, urgency = Path(folder) / "film", _urgency()
        with av.open(str(path), "w", format=form, options=dict(options)) as container:
            container.metadata.update(dict(tags))
            made = [(track, _stream(container, track)) for track in tracks or (Picture(),)]
            for track, stream in made:
                for packet in _packets(track, stream):
                    container.mux(packet)
        if (
            urgency is not None
        ):  # SVT-AV1 makes who calls it real-time where it may (as root): the machine would stand still
            os.sched_setscheduler(0, *urgency)
        return path.read_bytes()


def _urgency() -> Any:
    """How urgent this thread is to the system, where a program can tell."""
    return (os.sched_getscheduler(0), os.sched_getparam(0)) if hasattr(os, "sched_getscheduler") else None


def _stream(container: Any, track: Picture | Sound) -> Any:
    if isinstance(track, Sound):
        stream = container.add_stream(track.codec, rate=track.rate, layout=track.layout)
    else:
        rate = 1 / track.time_base if track.time_base.numerator == 1 and track.is_announced else None
        stream = container.add_stream(track.codec, rate=rate, options=_QUICK.get(track.codec, {}) | dict(track.options))
        stream.width, stream.height = track.size
        stream.pix_fmt = track.pixels
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = track.gop, track.b_frames
        stream.time_base = stream.codec_context.time_base = track.time_base
        if track.pixel_aspect is not None:
            stream.codec_context.sample_aspect_ratio = track.pixel_aspect
        if track.transfer is not None:
            stream.codec_context.color_primaries, stream.codec_context.colorspace = 9, 9
            stream.codec_context.color_trc = track.transfer
    if track.disposition is not None:
        stream.disposition = track.disposition
    return stream


def _packets(track: Picture | Sound, stream: Any) -> Iterable[Any]:
    if isinstance(track, Sound):
        size = stream.codec_context.frame_size or 1024
        begin = round(track.begin_seconds * track.rate)
        for start in range(begin, begin + round(track.seconds * track.rate), size):
            frame = av.AudioFrame(format="s16", layout=track.layout, samples=size)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.sample_rate, frame.pts, frame.time_base = track.rate, start, Fraction(1, track.rate)
            yield from stream.encode(frame)
    else:
        for number, tick in enumerate(track.at):
            frame = av.VideoFrame.from_image(drawn(track.size, number)).reformat(format=track.pixels)
            frame.pts, frame.time_base = tick, track.time_base
            if track.transfer is not None:
                frame.color_primaries, frame.color_trc, frame.colorspace = 9, track.transfer, 9
            yield from stream.encode(frame)
    yield from stream.encode()


def drawn(size: tuple[int, int], number: int = 0) -> Image.Image:
    """A blue field with a red bar at the top, and a spot that moves."""
    width, height = size
    picture = Image.new("RGB", size, BLUE)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width, height // 4), fill=RED)
    at = width // 2 + (number * 7) % max(1, width // 4)
    draw.rectangle((at, height // 2, at + 8, height // 2 + 8), fill=(200, 200, 40))
    return picture


def bar_side(thumbnail: bytes) -> str | None:
    """On which side of a thumbnail the red bar is."""
    picture = Image.open(io.BytesIO(thumbnail)).convert("RGB")
    width, height = picture.size
    middle_x, middle_y, near_x, near_y = width // 2, height // 2, max(1, width // 12), max(1, height // 12)
    places = {
        "top": (middle_x, near_y),
        "bottom": (middle_x, height - 1 - near_y),
        "left": (near_x, middle_y),
        "right": (width - 1 - near_x, middle_y),
    }
    red = [side for side, place in places.items() if _is_red(picture.getpixel(place))]
    return red[0] if len(red) == 1 else None


def _is_red(pixel: Any) -> bool:
    red, green, blue = pixel
    return bool(red > 130 and green < 90 and blue < 90)
