"""Makes any video that can be opened into an MP4 that TikTok takes."""

import io
import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO

import av

from tiktok_api.media.checks import FPS
from tiktok_api.media.inspection.child.progress import Progress
from tiktok_api.media.inspection.child.refusal import Refused
from tiktok_api.media.inspection.child.video import encoding, stills
from tiktok_api.media.inspection.child.video.encoding import FilmWriter
from tiktok_api.media.inspection.child.video.geometry import Canvas, Straightener, colours_of
from tiktok_api.media.inspection.child.video.videos import facts_of, open_film

_USUAL_RATE, _FASTEST_RATE = Fraction(30), Fraction(60)
_STILL_SECONDS = Fraction(1)  # what lasts no time at all is shown for so long
_MOST_DENOMINATOR = 1001  # 30000/1001 is the finest usual rate


def convert(demuxer: str, wish: dict[str, Any], progress: Progress, file: BinaryIO, target: BinaryIO) -> dict[str, Any]:
    """Write the wished part of the video in `file` to `target`. Returns its size, rate and duration. Raises Refused.

    `wish` has start, most_seconds, end (or None) and bits, the most a second.
    """
    with open_film(demuxer, file) as (shown, source):
        facts = facts_of(shown, source, file, io.BytesIO())
        start = shown.begin_second + Fraction(wish["start"])
        picture, sound = shown.picture.index, shown.sound.index if shown.sound is not None else None
        aspect = shown.picture.sample_aspect_ratio
        seconds = _wished_seconds(Fraction(facts["duration_seconds"]), wish)
        clip = _Clip(source, picture, sound, start, seconds)
        rate = _allowed_rate(facts["fps"])
        with encoding.open_mp4(target, seconds=float(seconds) + 1, rate=rate) as container:
            writer = _transcode(clip, container, aspect, rate, wish["bits"], progress)
    return {"duration_seconds": float(writer.seconds), "fps": float(rate)}


def _wished_seconds(duration: Fraction, wish: dict[str, Any]) -> Fraction:
    end = min(duration, Fraction(wish["end"])) if wish["end"] is not None else duration
    seconds = min(end - Fraction(wish["start"]), Fraction(wish["most_seconds"]))
    if seconds <= 0 < duration:
        raise Refused("trim_beyond_end", f"The video ends after {float(duration):.3f} s; nothing is left of it.")
    return seconds if seconds > 0 else _STILL_SECONDS


def _allowed_rate(fps: float | None) -> Fraction:
    """Returns the rate of the film: that of the source if TikTok takes it; slow ones get the usual rate, fast ones 60."""
    if fps is None or fps < FPS[0]:
        return _USUAL_RATE
    return min(_FASTEST_RATE, Fraction(fps).limit_denominator(_MOST_DENOMINATOR))


@dataclass(frozen=True, slots=True)
class _Clip:
    """The wished part of a source: its pictures and sound with their times, counted from the beginning of the part."""

    source: stills.DemuxedFile
    picture: int
    sound: int | None
    start: Fraction
    seconds: Fraction

    def frames(self) -> Iterator[tuple[Any, Fraction, bool]]:
        """Yields each decoded frame, when it is shown or heard, and whether it is a picture; some precede the part."""
        wanted = sorted(index for index in (self.picture, self.sound) if index is not None)
        with self.source.open() as container:
            streams = stills.only_streams(container, *wanted)
            if self.start > 0:
                with suppress(av.error.FFmpegError):
                    stills.seek(container, self.start - 1)
            yield from self._until_end(stills.packets(container, *streams), open_ends=set(wanted))

    def _until_end(self, packets: Iterator[Any], *, open_ends: set[int]) -> Iterator[tuple[Any, Fraction, bool]]:
        for packet in packets:
            for frame in stills.decoded(packet):
                if frame.pts is None or frame.time_base is None:
                    continue
                at = frame.pts * frame.time_base - self.start
                if at >= self.seconds:
                    open_ends.discard(packet.stream_index)
                else:
                    yield frame, at, packet.stream_index == self.picture
            if not open_ends:
                return


def _transcode(
    clip: _Clip, container: Any, aspect: Fraction | None, rate: Fraction, bits: int, progress: Progress
) -> FilmWriter:
    last_tick = max(1, _tick(clip.seconds, rate))
    pictures: _HeldPicture | None = None
    waiting: list[tuple[Any, Fraction]] = []  # sound that precedes the first picture
    for frame, at, is_picture in clip.frames():
        if is_picture and pictures is None:
            straightener = Straightener(frame, aspect)
            pictures = _HeldPicture(_writer(clip, container, straightener.canvas, frame, rate, bits), straightener)
        if pictures is None:
            waiting.append((frame, at))
            continue
        for early, early_at in waiting:
            pictures.writer.play(early, at=early_at)
        waiting.clear()
        if is_picture:
            pictures.replace(frame, tick=min(last_tick, _tick(at, rate)))
        else:
            pictures.writer.play(frame, at=at)
        progress.tell(float(max(pictures.writer.seconds, pictures.writer.sound_seconds) / clip.seconds))
    if pictures is None:
        raise Refused("undecodable", "Not a single picture of the wished part can be decoded.")
    pictures.show_until(last_tick)
    pictures.writer.finish()
    return pictures.writer


def _tick(at: Fraction, rate: Fraction) -> int:
    """Returns the tick of the film that is nearest to these seconds."""
    return math.ceil(at * rate - Fraction(1, 2))


def _writer(clip: _Clip, container: Any, canvas: Canvas, first: Any, rate: Fraction, bits: int) -> FilmWriter:
    size, has_sound = (canvas.width, canvas.height), clip.sound is not None
    return FilmWriter(container, size=size, rate=rate, bits=bits, has_sound=has_sound, colours=colours_of(first))


class _HeldPicture:
    """The picture that is shown until the next one comes: each tick of the film shows the last that was there."""

    def __init__(self, writer: FilmWriter, straightener: Straightener) -> None:
        self.writer = writer
        self._straightener = straightener
        self._stored: Any = None
        self._shown: Any = None

    def replace(self, frame: Any, *, tick: int) -> None:
        """Show the held picture until `tick`, and hold `frame` from then on."""
        if self._stored is not None:
            self.show_until(tick)
        self._stored, self._shown = frame, None

    def show_until(self, tick: int) -> None:
        """Show the held picture until `tick`. It is scaled only if it is shown at all."""
        while self.writer.ticks < tick:
            if self._shown is None:
                self._shown = self._straightener.apply(self._stored)
            self.writer.show(self._shown)
