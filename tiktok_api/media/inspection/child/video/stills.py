"""Single pictures of a video. As little as possible is decoded: a key frame is asked for before others fill the memory."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer
from av.stream import Discard
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

MAX_STREAMS = 32
_MICROSECONDS = 1_000_000
_HEAD_CPU_SECONDS = 10.0  # of the 15 that the process has: hidden pictures before a cut are decoded too
_MOST_PACKETS = 20_000
_MOST_PACKETS_WITHOUT_PICTURE = 250
# Other files named inside (QuickTime references) are never opened, and no protocol but the file at hand is known.
_OPENING = {"enable_drefs": "0", "protocol_whitelist": "none", "max_streams": str(MAX_STREAMS)}
_WITHOUT_EDITS = {"advanced_editlist": "0"}  # of an MP4 or MOV: edit lists hide nothing then
_AS_STORED = {"ignore_editlist": "1"}  # nor do they move the beginning of a track
EDITS: tuple[dict[str, str], ...] = ({}, _WITHOUT_EDITS, _WITHOUT_EDITS | _AS_STORED)
"""Options of the demuxer that obey less and less of the edit lists of an MP4 or MOV."""


class DemuxedFile:
    """A file that is opened from its beginning, as often as needed, by one demuxer and no other."""

    def __init__(self, file: Any, demuxer: str) -> None:
        self.demuxer = demuxer
        self._file = file
        self._options = dict(_OPENING)

    def use_edits(self, edits: dict[str, str]) -> None:
        """From now on obey only so much of the edit lists: one of EDITS."""
        self._options = _OPENING | edits

    @contextmanager
    def open(self, **options: str) -> Iterator[InputContainer]:
        """Open the file."""
        self._file.seek(0)
        known = self._options | options
        with av.open(
            self._file,
            "r",
            format=self.demuxer,
            container_options=known,
            metadata_errors="replace",  # titles in the encodings of old programs
            buffer_size=1 << 20,
        ) as container:
            yield container

    def first_picture(self, index: int) -> VideoFrame | None:
        """Returns the first shown picture of the track at `index`; None if none can be decoded.

        A lossless cut hides the pictures between a key frame and the cut. If they are too many or too large, the key frame is
        returned.
        """
        try:
            with self.open() as container:
                found = _next_picture(container, *only_streams(container, index))
        except av.error.MemoryError:
            found = None
        if found is not None or self.demuxer != "mov":
            return found
        with self.open(**_WITHOUT_EDITS) as container:
            return _next_picture(container, *only_streams(container, index))

    def has_picture_near(self, index: int, second: Fraction | float) -> bool:
        """True if a picture can be decoded from the last key frame before `second` on, also if a cut hides it."""
        with self.open(**(_WITHOUT_EDITS if self.demuxer == "mov" else {})) as container:
            [stream] = only_streams(container, index)
            seek(container, second)
            return _next_picture(container, stream) is not None


def only_streams(container: InputContainer, *indexes: int) -> list[Any]:
    """Returns these streams. They are decoded without threads, which cannot be started here, and all others are left out."""
    for stream in container.streams:
        if stream.index not in indexes:
            stream.discard = Discard.all
    wanted: list[Any] = [container.streams[index] for index in indexes]
    for stream in wanted:
        stream.codec_context.thread_count = 1
    return wanted


def packets(container: InputContainer, *streams: Any) -> Iterator[Any]:
    """The packets of these tracks, or of all that the file had when it was opened.

    In FLV and MPEG a track may appear later. At the end of the file PyAV looks for it among those that it knows.
    """
    with suppress(IndexError):
        yield from container.demux(*streams)


def seek(container: InputContainer, second: Fraction | float) -> None:
    """Go to the last key frame before `second`."""
    container.seek(max(0, int(second * _MICROSECONDS)))


def _next_picture(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    shown, may_drain = 0, True
    for number, packet in enumerate(packets(container, stream)):
        if shown > _MOST_PACKETS_WITHOUT_PICTURE or number > _MOST_PACKETS or time.process_time() > _HEAD_CPU_SECONDS:
            return None
        first: VideoFrame | None = next(iter(decoded(packet)), None)
        if first is not None:
            return first
        shown += not packet.is_discard
        if may_drain and not packet.is_discard and packet.size and (packet.is_keyframe or number):
            may_drain = False
            for frame in _drained(stream):
                return frame
    return None


def decoded(packet: Any) -> list[Any]:
    """Returns the pictures or sound of a packet; none if it is broken: that is no broken video, so try the next."""
    try:
        return list(packet.decode())
    except (av.error.InvalidDataError, av.error.EOFError):
        return []


def _drained(stream: VideoStream) -> Iterator[VideoFrame]:
    """The pictures that the decoder still holds back for reordering; it starts afresh afterwards."""
    with suppress(av.error.InvalidDataError, av.error.EOFError):
        yield from stream.codec_context.decode(None)
    stream.codec_context.flush_buffers()
