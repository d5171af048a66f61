"""The facts about a video as a player shows it: chosen tracks, duration, size and rate, and whether the file is complete."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tiktok_api.media.checks import VIDEO_SIDE_PIXELS
from tiktok_api.media.inspection.child import boxes, thumbnails
from tiktok_api.media.inspection.child.refusal import Refused, end_is_missing
from tiktok_api.media.inspection.child.video import stills
from tiktok_api.media.inspection.child.video.orientation import Upright, upright
from tiktok_api.media.inspection.child.video.timelines import Timeline, read_timelines
from tiktok_api.media.inspection.child.video.track_choice import choose_picture, choose_sound, codec_of, films
from tiktok_api.media.inspection.child.video.track_tables import Movie, read_movie

MAX_PIXELS = 8192 * 4320
_MISSING_END_SECONDS = 1.0  # the announced duration may be that of a track that is neither seen nor heard
_MISSING_END_SHARE = 0.005  # and it is rounded
_MOST_EMPTY_SHARE = 0.02  # players skip a picture or two that are damaged
_OVERHANG = Fraction(1, 10)  # seconds: the last packet of sound may be longer than what is played of it
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Shown:
    """What a player shows of a file. `is_whole`: the timelines reach its end; otherwise only a part was read."""

    container: InputContainer
    picture: VideoStream
    sound: Any
    timelines: dict[int, Timeline]
    movie: Movie
    is_whole: bool

    @property
    def streams(self) -> Iterable[Any]:
        return [stream for stream in (self.picture, self.sound) if stream is not None]

    def end_of(self, stream: Any) -> Fraction:
        """Returns when a track ends; its edit list may end in the middle of a picture."""
        end, track = self.timelines[stream.index].end_second, self.movie.tracks.get(stream.id)
        return end if track is None or track.ends_at is None or end < track.ends_at - _OVERHANG else track.ends_at

    def begin_of(self, stream: Any) -> Fraction:
        """Returns when a track begins; a cut may lie in the middle of a picture."""
        track = self.movie.tracks.get(stream.id)
        return (
            self.timelines[stream.index].first_second if track is None or track.begins_at is None else track.begins_at
        )

    @property
    def begin_second(self) -> Fraction:
        return min(self.begin_of(stream) for stream in self.streams)

    @property
    def end_second(self) -> Fraction:
        return max(self.end_of(stream) for stream in self.streams)

    @property
    def _unshown_second(self) -> Fraction:
        """Returns how much of the announced time passes before anything is shown: none unless an edit list begins with a pause.

        Composition offsets (8.6.1.3) do not make a movie longer.
        """
        is_timed = self.container.format.name == "matroska,webm" or self.movie.has_edits
        return self.begin_second if is_timed else Fraction(0)

    @property
    def duration(self) -> float:
        """Returns the seconds from the first picture or sound to the last."""
        announced = self.movie.seconds
        if not self.is_whole:
            return float(announced or Fraction(self.container.duration or 0, _MICROSECONDS))
        reached = self.end_second - self.begin_second
        overhang = reached - (announced - self._unshown_second) if announced else Fraction(0)
        return float(reached - overhang if 0 < overhang <= _OVERHANG else reached)

    @property
    def rate(self) -> Fraction | None:
        """Returns the pictures a second."""
        announced, track = (
            (self.picture.guessed_rate, self.picture.average_rate),
            self.movie.tracks.get(self.picture.id),
        )
        if not self.is_whole:
            return announced[1] or announced[0]
        return self.timelines[self.picture.index].rate(announced, is_spliced=track is not None and track.splices > 0)


def inspect(demuxer: str, file: BinaryIO, thumbnail: BinaryIO) -> dict[str, Any]:
    """Returns the facts about a video, and writes its thumbnail to `thumbnail`. Raises Refused."""
    with open_film(demuxer, file) as (shown, source):
        return facts_of(shown, source, file, thumbnail)


@contextmanager
def open_film(demuxer: str, file: BinaryIO) -> Iterator[tuple[Shown, stills.DemuxedFile]]:
    """Open a video with its tracks chosen, by so much of its edit lists as players obey. Raises Refused, also in the block."""
    boxes.refuse_archive(file)
    if demuxer == "mov":
        end = boxes.end_of_boxes(file, index=b"moov")
        movie = read_movie(file)
    else:
        end, movie = boxes.size_of(file), Movie(may_be_cut=_may_be_cut(demuxer, file))
    source = stills.DemuxedFile(boxes.TruncatedFile(file, end), demuxer)
    try:
        with _shown_by_edits(source, movie) as shown:
            yield shown, source
    except av.error.MemoryError as error:
        raise MemoryError from error
    except av.error.FFmpegError as error:
        raise Refused("undecodable", f"The video cannot be decoded: {error.strerror}.") from error


def _may_be_cut(demuxer: str, file: BinaryIO) -> bool:
    """Returns True if only the announced duration tells whether the end is there; of a stream for broadcasts nothing does.

    Raises Refused if the file ends before it says that it does.
    """
    if demuxer == "avi":
        boxes.refuse_cut_riff(file, may_be_streamed=True)
    elif demuxer == "asf":
        boxes.refuse_cut_asf(file)
    return demuxer == "flv" or (demuxer == "matroska" and boxes.refuse_cut_segment(file))


@contextmanager
def _shown_by_edits(source: stills.DemuxedFile, movie: Movie) -> Iterator[Shown]:
    *ways, last_way = stills.EDITS if movie.has_edits else stills.EDITS[:1]
    for edits in ways:
        source.use_edits(edits)
        with source.open() as container:
            timelines, is_whole = read_timelines(container)
            if _has_pictures(container, timelines):
                yield _chosen(container, timelines, movie, is_whole)
                return
        # Edit lists that hide every picture are a mistake, and players ignore them.
        movie.forget_edits()
    source.use_edits(last_way)
    with source.open() as container:
        timelines, is_whole = read_timelines(container)
        yield _chosen(container, timelines, movie, is_whole)


def _has_pictures(container: InputContainer, timelines: dict[int, Timeline]) -> bool:
    return any(timelines[stream.index].count for stream in films(container))


def _chosen(container: InputContainer, timelines: dict[int, Timeline], movie: Movie, is_whole: bool) -> Shown:
    picture = choose_picture(container, movie.tracks, timelines)
    sound = choose_sound(container, movie.tracks, timelines)
    return Shown(container, picture, sound, timelines, movie, is_whole)


def facts_of(shown: Shown, source: stills.DemuxedFile, file: BinaryIO, thumbnail: BinaryIO) -> dict[str, Any]:
    picture, sound = shown.picture, shown.sound
    if source.demuxer == "flv" or (source.demuxer == "matroska" and boxes.has_segment_duration(file)):
        shown.movie.seconds = Fraction(shown.container.duration or 0, _MICROSECONDS) or None
    _refuse_oversized(picture)
    way, (width, height) = _draw(picture, source, thumbnail)
    _refuse_missing_end(shown, source, file)
    duration, rate, size_bytes = shown.duration, shown.rate, boxes.size_of(file)
    return {
        "kind": "video",
        "duration_seconds": round(duration, 3),
        "width": width,
        "height": height,
        "orientation": way.degrees,
        "fps": round(float(rate), 3) if rate else None,
        "video_codec": codec_of(picture),
        "audio_codec": codec_of(sound) if sound is not None else None,
        "has_audio": sound is not None,
        "bitrate": round(size_bytes * 8 / duration) if duration > 0 else None,
    }


def _refuse_oversized(picture: VideoStream) -> None:
    """Raise Refused, before anything is decoded, for sizes that do not fit into the memory."""
    if picture.width * picture.height > MAX_PIXELS:
        message = f"The video is {picture.width} × {picture.height} pixels; TikTok takes at most {VIDEO_SIDE_PIXELS[1]} a side."
        raise Refused("video_too_large", message)


def _draw(picture: VideoStream, source: stills.DemuxedFile, thumbnail: BinaryIO) -> tuple[Upright, tuple[int, int]]:
    """Write the thumbnail of the first shown picture. Returns how it is shown, and its size.

    Not even one picture beyond TikTok's limits may fit into the memory; then the size is the container's. Raises Refused if there
    is no picture.
    """
    aspect = picture.sample_aspect_ratio
    try:
        first = source.first_picture(picture.index)
        if first is None:
            raise Refused("undecodable", "Not a single picture of the video can be decoded.")
        way = upright(first, aspect)
        keep_thumbnail(first, way, thumbnail)
    except av.error.MemoryError:
        if not _is_beyond_tiktok(picture):
            raise
        way = upright(None, aspect)
        return way, way.size(picture.width, picture.height)
    return way, way.size(first.width, first.height)


def _is_beyond_tiktok(picture: VideoStream) -> bool:
    return bool(max(picture.width, picture.height) > VIDEO_SIDE_PIXELS[1])


def _refuse_missing_end(shown: Shown, source: stills.DemuxedFile, file: BinaryIO) -> None:
    """Raise Refused if the index points beyond the end of the file, the video ends too early, or its end cannot be decoded."""
    indexed = shown.streams if source.demuxer == "mov" else []
    missing = max((entry.pos + entry.size for stream in indexed for entry in stream.index_entries), default=0)
    missing -= boxes.size_of(file)
    if missing > 0:
        raise end_is_missing(missing)
    _refuse_holes(shown.timelines[shown.picture.index])
    if not shown.is_whole:
        return
    promised, end = shown.movie.seconds, _last_end(shown)
    is_cut = shown.movie.may_be_cut and promised and shown.begin_second < _MISSING_END_SECONDS
    if is_cut and promised and end < promised - max(_MISSING_END_SECONDS, float(promised) * _MISSING_END_SHARE):
        message = f"The video announces {float(promised):.1f} s, but ends after {float(end):.1f} s."
        raise Refused("file_truncated", message)
    if _is_beyond_tiktok(shown.picture):
        return  # it may not fit into the memory twice, and cannot be posted anyway
    if not source.has_picture_near(shown.picture.index, shown.end_of(shown.picture) - 1):
        raise Refused("file_truncated", "The end of the video cannot be decoded.")


def _refuse_holes(pictures: Timeline) -> None:
    """Raise Refused if bytes never arrived: a program that allocates the file in advance leaves zeros there."""
    if pictures.ends_empty or pictures.empty > _MOST_EMPTY_SHARE * pictures.count:
        message = (
            f"A part of the file is missing: there are only zeros where {pictures.empty} of its pictures should be."
        )
        raise Refused("file_truncated", message)


def _last_end(shown: Shown) -> Fraction:
    return max((line.end_second for line in shown.timelines.values() if line.count), default=Fraction(0))


def keep_thumbnail(frame: VideoFrame, way: Upright, target: BinaryIO) -> None:
    wide, high = way.square(frame.width, frame.height)
    scale = min(1.0, thumbnails.PIXELS / max(wide, high))
    small = frame.reformat(max(1, round(wide * scale)), max(1, round(high * scale)), "rgb24", threads=1)
    thumbnails.save(way.apply(small.to_image()), target)  # type: ignore[no-untyped-call]
