"""A small H.264 video, encoded on the spot, for the demo, tests and first steps."""

import math
from array import array
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from PIL import Image, ImageDraw

_TONE_HERTZ = 440
_BOX_HEADER_BYTES = 8


def make_sample_video(
    path: str | Path,
    *,
    seconds: float = 3,
    fps: int = 30,
    width: int = 720,
    height: int = 1280,
    codec: str = "libx264",
    sound: bool = True,
    rotation: int = 0,
    pad_to_bytes: int | None = None,
) -> Path:
    """Encode a moving picture with a counter, and a tone, to `path`. Returns `path`.

    The container follows the suffix: `.mp4` and `.mov` with AAC, `.webm` with Opus (name `libvpx` or `libvpx-vp9` then).
    `pad_to_bytes` brings an MP4 or MOV to exactly that size with a `free` box, which players skip (ISO/IEC 14496-12, 8.1.2).
    Raises ValueError where the video is larger already.
    """
    path = Path(path)
    is_webm = path.suffix == ".webm"
    options = {} if is_webm else {"movflags": "faststart"}
    with av.open(str(path), "w", options=options) as container:
        video = cast(VideoStream, container.add_stream(codec, rate=fps, options=_fast(codec)))
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.time_base = Fraction(1, fps)
        if rotation:
            video.set_display_rotation(rotation)
        sound_codec, sound_rate = ("libopus", 48_000) if is_webm else ("aac", 44_100)
        audio = cast(AudioStream, container.add_stream(sound_codec, rate=sound_rate)) if sound else None
        for number in range(round(seconds * fps)):
            frame = av.VideoFrame.from_image(_picture(number, fps, width, height))  # type: ignore[no-untyped-call]
            frame.pts = number
            frame.time_base = Fraction(1, fps)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if audio is not None:
            _hum(container, audio, seconds)
    if pad_to_bytes is not None:
        pad(path, pad_to_bytes)
    return path


def pad(path: Path, size_bytes: int) -> None:
    """Bring an MP4 to exactly `size_bytes` with a `free` box whose content is a hole in the file.

    Raises ValueError where there is no room for the box's own 8 bytes.
    """
    missing = size_bytes - path.stat().st_size
    if missing == 0:
        return
    if missing < _BOX_HEADER_BYTES or missing >= 2**32:
        raise ValueError(f"cannot be padded to {size_bytes} bytes")
    with path.open("ab") as file:
        file.write(missing.to_bytes(4, "big") + b"free")
        file.truncate(size_bytes)


def _fast(codec: str) -> dict[str, str]:
    if codec.startswith("libvpx"):
        return {"deadline": "realtime", "cpu-used": "8"}
    return {"preset": "ultrafast", "crf": "28"} | ({"x265-params": "log-level=none"} if codec == "libx265" else {})


def _picture(number: int, fps: int, width: int, height: int) -> Image.Image:
    """A field whose colour drifts, a ball that circles once a second, and the time."""
    turn = 2 * math.pi * number / fps
    picture = Image.new("RGB", (width, height), (24, 28 + number % 60, 60 + number % 120))
    draw = ImageDraw.Draw(picture)
    radius = min(width, height) // 8
    x, y = width / 2 + math.cos(turn) * width / 4, height / 2 + math.sin(turn) * height / 4
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(254, 44, 85))
    draw.text(
        (width // 20, height // 20), f"{number / fps:06.2f} s", fill=(255, 255, 255), font_size=max(12, width // 12)
    )
    return picture


def _hum(container: OutputContainer, stream: AudioStream, seconds: float) -> None:
    rate = stream.rate
    size = 960
    for start in range(0, round(seconds * rate), size):
        samples = array(
            "h", (round(6000 * math.sin(2 * math.pi * _TONE_HERTZ * (start + n) / rate)) for n in range(size))
        )
        frame = av.AudioFrame(format="s16", layout="mono", samples=size)
        frame.planes[0].update(samples.tobytes())
        frame.sample_rate = rate
        frame.pts = start
        frame.time_base = Fraction(1, rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())
