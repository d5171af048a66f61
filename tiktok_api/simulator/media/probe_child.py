"""A process of its own that opens media, so that hostile bytes can bring down nothing else.

It reads one JSON list of paths per line, the parts of one file in order, and answers one JSON object per line. It
is run by its path, in isolation, and therefore imports nothing of this package.
"""

import io
import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import av
import av.error
import av.logging
import av.stream

av.logging.set_level(None)

MOST_PACKETS = 1_000_000
FASTEST = 60
SHORTEST_SECONDS = 0.003
TAKEN = ("h264", "hevc", "vp8", "vp9", "vpx-vp8", "vpx-vp9")

EDITS: tuple[dict[str, str], ...] = (
    {},
    {"advanced_editlist": "0"},
    {"advanced_editlist": "0", "ignore_editlist": "1"},
)
"""All of an MP4's edit lists, only where they say that a track begins, nothing."""

Times = dict[int, list[tuple[float, float]]]


class JoinedFiles(io.RawIOBase):
    """Several files read as one."""

    def __init__(self, paths: list[Path]) -> None:
        self._files: list[BinaryIO] = [path.open("rb") for path in paths]
        self._sizes = [path.stat().st_size for path in paths]
        self._position = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where reading goes on."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go on reading elsewhere."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: sum(self._sizes)}[whence]
        self._position = max(0, start + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Some bytes, from one of the files."""
        begin = 0
        for file, length in zip(self._files, self._sizes, strict=True):
            if begin <= self._position < begin + length:
                file.seek(self._position - begin)
                piece = file.read(size if size >= 0 else -1)
                self._position += len(piece)
                return piece
            begin += length
        return b""

    def close(self) -> None:
        """Close all files."""
        for file in self._files:
            file.close()
        super().close()


def facts_of(paths: list[Path]) -> dict[str, Any]:
    """Container, codec, upright size, frame rate and duration of what is shown, and whether its first frame can be decoded."""
    with JoinedFiles(paths) as parts:
        head = parts.read(64)
        edits = obeyed_edits(parts)
        parts.seek(0)
        with av.open(parts, "r", metadata_errors="ignore", container_options=edits) as container:
            times = shown_times(container)
            stream, sound = chosen(container.streams.video, times), chosen(container.streams.audio, times)
            if stream is None:
                return {"error": "no video that can be decoded"}
            names, index = container.format.name, stream.index
            codec, aspect = stream.codec_context.name, stream.sample_aspect_ratio
            tracks = [times[track.index] for track in (stream, sound) if track is not None]
        width, height = upright_size(first_frame(parts, index, edits), aspect)
        return {
            "container": names,
            "is_webm": b"webm" in head,
            "codec": codec,
            "width": width,
            "height": height,
            "fps": frame_rate(times[index], has_exact_lengths="mp4" in names),
            "seconds": max(until(track) for track in tracks) - min(track[0][0] for track in tracks),
        }


def obeyed_edits(parts: JoinedFiles) -> dict[str, str]:
    """What is obeyed of edit lists, as a demuxer's options: less where they hide every frame, so that something is shown."""
    for options in EDITS[:-1]:
        parts.seek(0)
        with av.open(parts, "r", metadata_errors="ignore", container_options=options) as container:
            if any(not packet.is_discard for packet in film_packets(container)):
                return options
    return EDITS[-1]


def film_packets(container: Any) -> Iterator[Any]:
    """The packets of frames that are not before the beginning, up to what is damaged."""
    with suppress(av.error.InvalidDataError):
        for packet in container.demux(container.streams.video):
            if packet.pts is not None and packet.pts + (packet.duration or 0) > 0:
                yield packet


def first_frame(parts: JoinedFiles, index: int, edits: dict[str, str]) -> Any:
    """The first frame that is shown, or if what is shown cannot be decoded, the first one."""
    for options in (edits, EDITS[1]):
        parts.seek(0)
        with av.open(parts, "r", metadata_errors="ignore", container_options=options) as container:
            frame = next(container.decode(container.streams[index]), None)
            if frame is not None:
                return frame
    raise ValueError("not a single frame")


def chosen(streams: Any, times: Times) -> Any:
    """The track that is shown, or None: no cover, not switched off, of a known kind, no row of stills, and the largest."""
    most = max((len(times[stream.index]) for stream in streams), default=0)

    def rank(stream: Any) -> tuple[bool, bool, bool, bool, int, int]:
        is_cover = bool(stream.disposition & av.stream.Disposition.attached_pic)
        is_default = bool(stream.disposition & av.stream.Disposition.default)
        is_film = stream.type == "video"
        is_taken = not is_film or stream.codec_context.name.removeprefix("lib") in TAKEN
        area = stream.width * stream.height if is_film else 0
        return not is_cover, is_taken, is_default, len(times[stream.index]) * 10 > most, area, -stream.index

    known = [stream for stream in streams if stream.codec_context is not None and times[stream.index]]
    return max(known, key=rank, default=None)


def shown_times(container: Any) -> Times:
    """When each packet of each track is shown, and for how long, in seconds and in order; what an edit hides is left out."""
    shown: Times = {track.index: [] for track in container.streams}
    hidden: Times = {track.index: [] for track in container.streams}
    vp8 = {track.index for track in container.streams.video if "vp8" in str(getattr(track.codec_context, "name", ""))}
    try:
        for number, packet in enumerate(container.demux()):
            if number > MOST_PACKETS:
                break
            if packet.pts is None or packet.time_base is None:
                continue
            if packet.stream_index in vp8 and packet.size and not bytes(packet)[0] & 0x10:
                continue  # a frame that only helps to predict others
            start, length = float(packet.pts * packet.time_base), float((packet.duration or 0) * packet.time_base)
            is_hidden = packet.is_discard or (start < 0 and start + length <= 0)
            (hidden if is_hidden else shown)[packet.stream_index].append(
                (start if is_hidden else max(0.0, start), length)
            )
    except av.error.InvalidDataError:
        pass  # what is behind the damage is not shown
    return {index: sorted(track or hidden[index]) for index, track in shown.items()}


def usual_gap(track: list[tuple[float, float]]) -> float:
    """How far most of its frames are apart; of a single one, how long it lasts."""
    gaps = sorted(later[0] - earlier[0] for earlier, later in pairwise(track))
    return gaps[len(gaps) // 2] if gaps else track[0][1]


def until(track: list[tuple[float, float]]) -> float:
    """When the last of it has been shown. Live recordings say nonsense about how long a frame lasts."""
    last, length = track[-1]
    return last + (length if length > SHORTEST_SECONDS else usual_gap(track))


def frame_rate(track: list[tuple[float, float]], *, has_exact_lengths: bool) -> float:
    """Frames over the time for which they are shown; a film put together of pieces is no faster than most of it."""
    seconds = track[-1][0] - track[0][0] + usual_gap(track)
    if has_exact_lengths:
        seconds = min(
            seconds, sum(length for _, length in track)
        )  # cuts leave holes among frames that refer to each other
    if seconds <= 0:
        return 0.0
    rate = len({start for start, _ in track}) / seconds
    return min(rate, 1 / usual_gap(track)) if rate > FASTEST and usual_gap(track) > 0 else rate


def upright_size(frame: Any, aspect: Any) -> tuple[int, int]:
    """Width and height with square pixels, turned as the file asks for by quarters."""
    width = round(frame.width * aspect) if aspect and abs(aspect - 1) > 0.01 else frame.width
    return (frame.height, width) if abs(frame.rotation % 180 - 90) <= 1 else (width, frame.height)


def answer(line: str) -> dict[str, Any]:
    """The facts, or that there are none."""
    try:
        return facts_of([Path(name) for name in json.loads(line)])
    except (av.error.FFmpegError, OSError, ValueError, IndexError, StopIteration, ArithmeticError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    for request in sys.stdin:
        sys.stdout.write(json.dumps(answer(request)) + "\n")
        sys.stdout.flush()
