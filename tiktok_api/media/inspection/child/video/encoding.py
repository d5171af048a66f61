"""Writes an MP4 with H.264 and AAC, whose index precedes its content, in one pass over one descriptor."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, BinaryIO

import av
from av.video.frame import PictureType, VideoFrame

from tiktok_api.media.conversion.rates import SOUND_BITS

SOUND_RATE = 48_000
_SOUND_SAMPLES = 1024  # of one AAC packet
_DRIFT_SAMPLES = SOUND_RATE // 10  # sound may be so much early or late before silence is added or sound left out
_KEY_SECONDS = 2
_CONSTANT_QUALITY = "21"
# Bytes of an MP4's index: of each picture its size, place, time, order and key; of each packet of sound its size and place.
_INDEX_BYTES, _BYTES_OF_PICTURE, _BYTES_OF_SOUND = 16 * 1024, 44, 32


class FilmWriter:
    """A film in the making: pictures at even ticks, and sound without holes."""

    def __init__(
        self, container: Any, *, size: tuple[int, int], rate: Fraction, bits: int, has_sound: bool, colours: Any = None
    ) -> None:
        options = {"preset": "veryfast", "crf": _CONSTANT_QUALITY, "maxrate": str(bits), "bufsize": str(2 * bits)}
        self._container = container
        self.rate = rate
        self._picture = container.add_stream("libx264", rate=rate, options=options)
        self._picture.width, self._picture.height = size
        self._picture.pix_fmt = "yuv420p"
        context = self._picture.codec_context
        context.thread_count, context.gop_size = 1, round(_KEY_SECONDS * rate)
        context.time_base = self._picture.time_base = 1 / rate
        context.color_range, context.color_primaries, context.color_trc, context.colorspace = colours or (1, 1, 1, 1)
        self._sound = container.add_stream("aac", rate=SOUND_RATE, layout="stereo") if has_sound else None
        if self._sound is not None:
            self._sound.codec_context.bit_rate = SOUND_BITS
            self._sound.codec_context.thread_count = 1
        self._resampler: Any = None
        self.ticks = 0
        self._samples = 0

    @property
    def seconds(self) -> Fraction:
        """Returns how long the pictures are that were written."""
        return self.ticks / self.rate

    @property
    def sound_seconds(self) -> Fraction:
        """Returns how long the sound is that was written."""
        return Fraction(self._samples, SOUND_RATE)

    def show(self, frame: VideoFrame) -> None:
        """Write `frame` as the next picture."""
        frame.pts, frame.time_base, frame.pict_type = self.ticks, 1 / self.rate, PictureType.NONE
        self._container.mux(self._picture.encode(frame))
        self.ticks += 1

    def play(self, frame: Any, *, at: Fraction) -> None:
        """Write sound that is to be heard `at` these seconds; a frame in between is cut into packets."""
        frame.pts, frame.time_base = round(at * SOUND_RATE), Fraction(1, SOUND_RATE)
        for piece in self._resampled(frame):
            self._place(piece)

    def finish(self) -> None:
        """Write what the encoders still hold."""
        if self._sound is not None:
            for piece in self._resampled(None) if self._resampler else ():
                self._place(piece)
            if self._samples == 0:
                self._write_silence()
            self._container.mux(self._sound.encode())
        self._container.mux(self._picture.encode())

    def _resampled(self, frame: Any) -> Any:
        if self._resampler is None:
            self._resampler = self._new_resampler()
        try:
            return self._resampler.resample(frame)
        except ValueError:  # from here on the sound has another rate or other channels
            self._resampler = self._new_resampler()
            return self._resampler.resample(frame)

    @staticmethod
    def _new_resampler() -> Any:
        return av.AudioResampler(format="fltp", layout="stereo", rate=SOUND_RATE, frame_size=_SOUND_SAMPLES)

    def _place(self, piece: Any) -> None:
        begin = round(piece.pts * piece.time_base * SOUND_RATE) if piece.pts is not None else self._samples
        if begin + piece.samples <= 0 or begin < self._samples - _DRIFT_SAMPLES:
            return
        while begin > self._samples + _DRIFT_SAMPLES:
            self._write_silence()
        self._write(piece)

    def _write_silence(self) -> None:
        silence = av.AudioFrame(format="fltp", layout="stereo", samples=_SOUND_SAMPLES)
        for plane in silence.planes:
            plane.update(bytes(plane.buffer_size))
        self._write(silence)

    def _write(self, piece: Any) -> None:
        if self._sound is None:
            return
        piece.sample_rate, piece.pts, piece.time_base = SOUND_RATE, self._samples, Fraction(1, SOUND_RATE)
        self._container.mux(self._sound.encode(piece))
        self._samples += piece.samples


@contextmanager
def open_mp4(target: BinaryIO, *, seconds: float, rate: Fraction) -> Iterator[Any]:
    """Open `target` for a film of at most so many seconds; room is kept at its beginning for the index."""
    pictures, packets = math.ceil(seconds * rate) + 2, math.ceil(seconds * SOUND_RATE / _SOUND_SAMPLES) + 2
    room = _INDEX_BYTES + _BYTES_OF_PICTURE * pictures + _BYTES_OF_SOUND * packets
    with av.open(target, "w", format="mp4", options={"moov_size": str(room)}, buffer_size=1 << 20) as container:
        yield container
