"""Makes photos, which are plain JPEGs by now, and the sound of a video into a film."""

import os
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, BinaryIO

import av
from PIL import Image

from tiktok_api.media.inspection.child.photo.pictures import translate_errors
from tiktok_api.media.inspection.child.progress import Progress
from tiktok_api.media.inspection.child.refusal import Refused
from tiktok_api.media.inspection.child.video import encoding, stills
from tiktok_api.media.inspection.child.video.encoding import FilmWriter
from tiktok_api.media.inspection.child.video.videos import open_film

_RATE = Fraction(30)


def make(
    demuxer: str | None, wish: dict[str, Any], progress: Progress, file: BinaryIO, target: BinaryIO
) -> dict[str, Any]:
    """Write the slideshow to `target`. With a `demuxer` the sound is that of the video in `file`. Raises Refused.

    `wish` has pictures (their descriptors), seconds_each, width, height, is_filled and bits, the most a second.
    """
    each, size = Fraction(wish["seconds_each"]), (wish["width"], wish["height"])
    whole = each * len(wish["pictures"])
    heard = _sound_in(file, demuxer, whole) if demuxer is not None else None
    with encoding.open_mp4(target, seconds=float(whole) + 1, rate=_RATE) as container:
        writer = FilmWriter(container, size=size, rate=_RATE, bits=wish["bits"], has_sound=heard is not None)
        for number, descriptor in enumerate(wish["pictures"], start=1):
            frame = _picture(descriptor, size, is_filled=wish["is_filled"])
            while writer.ticks < number * each * _RATE - Fraction(1, 2):
                writer.show(frame)
                _play_until(writer, heard, writer.seconds)
                progress.tell(float(writer.seconds / whole))
        _play_until(writer, heard, whole)
        writer.finish()
    return {"duration_seconds": float(writer.seconds), "fps": float(_RATE)}


def _picture(descriptor: int, size: tuple[int, int], *, is_filled: bool) -> Any:
    with translate_errors(), os.fdopen(descriptor, "rb", closefd=False) as file:
        photo = Image.open(file, formats=["JPEG"]).convert("RGB")
    scale = (max if is_filled else min)(size[0] / photo.width, size[1] / photo.height)
    fitted = photo.resize(
        (max(1, round(photo.width * scale)), max(1, round(photo.height * scale))), Image.Resampling.LANCZOS
    )
    whole = Image.new("RGB", size)
    whole.paste(fitted, ((size[0] - fitted.width) // 2, (size[1] - fitted.height) // 2))
    frame: Any = av.VideoFrame.from_image(whole)  # type: ignore[no-untyped-call]
    return frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG", threads=1)


def _play_until(writer: FilmWriter, heard: Iterator[tuple[Any, Fraction]] | None, seconds: Fraction) -> None:
    while heard is not None and writer.sound_seconds < seconds:
        found = next(heard, None)
        if found is None:
            return
        writer.play(found[0], at=found[1])


def _sound_in(file: BinaryIO, demuxer: str, seconds: Fraction) -> Iterator[tuple[Any, Fraction]]:
    with open_film(demuxer, file) as (shown, source):
        sound = shown.sound.index if shown.sound is not None else None
    if sound is None:
        raise Refused("no_sound", "The video that the sound is to come from has none.")
    return _sound_of(source, sound, seconds)


def _sound_of(source: stills.DemuxedFile, index: int, seconds: Fraction) -> Iterator[tuple[Any, Fraction]]:
    """Yields the frames of sound with their times, from the first one on; it is not repeated."""
    first: Fraction | None = None
    with source.open() as container:
        for packet in stills.packets(container, *stills.only_streams(container, index)):
            for frame in stills.decoded(packet):
                if frame.pts is None or frame.time_base is None:
                    continue
                at = frame.pts * frame.time_base
                first = at if first is None else first
                if at - first >= seconds:
                    return
                yield frame, at - first
