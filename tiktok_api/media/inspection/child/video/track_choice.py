"""The tracks that a player chooses."""

from collections.abc import Mapping
from typing import Any

from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from tiktok_api.media.inspection.child.refusal import Refused
from tiktok_api.media.inspection.child.video.timelines import Timeline
from tiktok_api.media.inspection.child.video.track_tables import Track

_OF_TODAY = {"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "prores", "mjpeg", "dnxhd"}
_OF_OLDER_DEVICES = {
    "mpeg1video",
    "mpeg2video",
    "h263",
    "flv1",
    "dvvideo",
    "msmpeg4v2",
    "msmpeg4v3",
    "wmv1",
    "wmv2",
    "wmv3",
    "vc1",
}
DECODABLE = frozenset(_OF_TODAY | _OF_OLDER_DEVICES)
"""What can be decoded here, and so be converted; TikTok takes less."""
_NO_FILM = Disposition.attached_pic | Disposition.timed_thumbnails
_SERVING = Disposition.still_image | Disposition.dependent | Disposition.metadata
_FOR_FEW = Disposition.comment | Disposition.hearing_impaired | Disposition.visual_impaired | Disposition.clean_effects
_SELDOM = 10  # a track with that many times fewer pictures than another is a slide show beside the film


def codec_of(stream: Any) -> str | None:
    """Returns the name of the format, not of its decoder; None if it is unknown."""
    context = stream.codec_context
    if context is None:
        return None
    return str(getattr(context.codec, "canonical_name", None) or context.name)


def films(container: InputContainer) -> list[VideoStream]:
    """Returns the tracks of pictures that are no covers."""
    return [stream for stream in container.streams.video if not stream.disposition & _NO_FILM]


def choose_picture(
    container: InputContainer, tracks: Mapping[int, Track], timelines: Mapping[int, Timeline]
) -> VideoStream:
    """Returns the film: a track that can be decoded, is shown, serves no other track, moves, and of those the largest.

    Raises Refused if no track may be decoded.
    """
    streams = films(container)
    if not streams:
        raise Refused("no_video", "There is no video in this file.")
    most = max(timelines[stream.index].count for stream in streams)

    def rank(stream: VideoStream) -> tuple[bool, bool, bool, bool, int, int]:
        track, count = tracks.get(stream.id), timelines[stream.index].count
        serves = bool(stream.disposition & _SERVING) or (track is not None and track.is_auxiliary)
        is_known = codec_of(stream) in DECODABLE and not _is_encrypted(track)
        area = stream.width * stream.height if is_known else 0
        return is_known and count > 0, _is_shown(stream, track), not serves, count * _SELDOM > most, area, -stream.index

    best = max(streams, key=rank)
    if _is_encrypted(tracks.get(best.id)):
        raise Refused("codec_unsupported", "The video is encrypted; only one without copy protection can be posted.")
    if codec_of(best) not in DECODABLE:
        name = codec_of(best) or "a method that is not known here"
        raise Refused("codec_unsupported", f"Video compressed with {name} is not supported.")
    return best


def choose_sound(container: InputContainer, tracks: Mapping[int, Track], timelines: Mapping[int, Timeline]) -> Any:
    """Returns the sound of the film, or None: not empty, of a known format, and preferably made for all listeners."""
    streams = [
        stream
        for stream in container.streams.audio
        if codec_of(stream) is not None and timelines[stream.index].count and not _is_encrypted(tracks.get(stream.id))
    ]

    def rank(stream: Any) -> tuple[bool, bool, int]:
        track = tracks.get(stream.id)
        serves = bool(stream.disposition & _FOR_FEW) or (track is not None and track.is_auxiliary)
        return _is_shown(stream, track), not serves, -stream.index

    return max(streams, key=rank, default=None)


def _is_shown(stream: Any, track: Track | None) -> bool:
    return track.is_shown if track is not None else bool(stream.disposition & Disposition.default)


def _is_encrypted(track: Track | None) -> bool:
    return track is not None and track.is_encrypted
