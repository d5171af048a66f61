"""What a video is: its streams, its first picture, and whether its end is really there."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, BinaryIO

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tiktok_api.media.probing import boxes, thumbnails
from tiktok_api.media.probing.refusal import Refused

MAX_STREAMS = 32
MAX_PIXELS = 8192 * 4320
DECODABLE = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "prores", "mjpeg"})
_MISSING_END_SECONDS = 1.0  # what is announced may be that of a track that is neither seen nor heard
_MISSING_END_SHARE = 0.005  # and is rounded
_NOMINAL_SHARE = 0.03  # how far a measured rate may be from the nominal one: sound that ends later spoils the measuring
_OVERHANG_SECONDS = 0.1  # the last piece of sound may be longer than what is shown of it
_FIRST_PICTURE_PACKETS = 250
_MICROSECONDS = 1_000_000
# Other files named inside (QuickTime references) are never opened, and no protocol but the file at hand is known.
_OPENING = {"enable_drefs": "0", "protocol_whitelist": "none", "max_streams": str(MAX_STREAMS)}


def probe(demuxer: str, file: BinaryIO, thumbnail: BinaryIO) -> dict[str, Any]:
    """Facts about a video; its thumbnail goes to `thumbnail`. Raises Refused."""
    boxes.refuse_double_natured(file)
    if demuxer == "mov":
        boxes.refuse_cut_or_endless_boxes(file)
    else:
        boxes.refuse_cut_segment(file)
    file.seek(0)
    try:
        with av.open(file, "r", format=demuxer, container_options=dict(_OPENING), buffer_size=1 << 20) as container:
            return _facts(container, boxes.size_of(file), thumbnail)
    except av.error.MemoryError as error:
        raise MemoryError from error
    except av.error.FFmpegError as error:
        raise Refused("undecodable", f"The video cannot be decoded: {error.strerror}.") from error


def _facts(container: InputContainer, size_bytes: int, thumbnail: BinaryIO) -> dict[str, Any]:
    stream = _picture_stream(container)
    first = _first_frame(container, stream)
    turned = first.rotation % 180 != 0
    width, height = (first.height, first.width) if turned else (first.width, first.height)
    _keep_thumbnail(first, thumbnail)
    duration = _checked_duration(container, stream)
    _refuse_missing_samples(container, size_bytes)
    rate = _rate(stream)
    sound = container.streams.audio[0] if container.streams.audio else None
    return {
        "kind": "video",
        "duration_seconds": round(duration, 3),
        "width": width,
        "height": height,
        "orientation": -first.rotation % 360,
        "fps": round(float(rate), 3) if rate else None,
        "video_codec": _codec(stream),
        "audio_codec": _codec(sound) if sound is not None else None,
        "has_audio": sound is not None,
        "bitrate": round(size_bytes * 8 / duration) if duration > 0 else None,
    }


def _picture_stream(container: InputContainer) -> VideoStream:
    """The moving pictures, not a cover. Raises Refused where there are none that may be decoded."""
    streams = [
        stream for stream in container.streams.video if not stream.disposition & av.stream.Disposition.attached_pic
    ]
    if not streams:
        raise Refused("no_video", "There is no video in this file.")
    stream = streams[0]
    if _codec(stream) not in DECODABLE:
        raise Refused("codec_unsupported", f"Video compressed with {_codec(stream)} is not supported.")
    if stream.width * stream.height > MAX_PIXELS:
        raise Refused("video_too_large", f"The video claims {stream.width} × {stream.height} pixels.")
    stream.thread_count = 1
    return stream


def _codec(stream: Any) -> str | None:
    """The name of the format, not of the library that decodes it."""
    context = stream.codec_context
    if context is None:
        return None
    return str(getattr(context.codec, "canonical_name", None) or context.name)


def _rate(stream: VideoStream) -> Fraction | None:
    """Pictures a second: the nominal rate, or where the pictures come as they like, how many there are on average."""
    average, nominal = stream.average_rate, stream.guessed_rate
    if not average or not nominal:
        return average or nominal
    return nominal if abs(average / nominal - 1) < _NOMINAL_SHARE else average


def _refuse_missing_samples(container: InputContainer, size_bytes: int) -> None:
    """Raise Refused where the index of an MP4 or MOV, all of which was read by now, leads beyond the end of the file."""
    behind = max((entry.pos + entry.size for stream in container.streams for entry in stream.index_entries), default=0)
    if behind > size_bytes:
        missing = behind - size_bytes
        raise Refused("file_truncated", f"The end of the file is missing: {missing} bytes more were announced.")


def _first_frame(container: InputContainer, stream: VideoStream) -> VideoFrame:
    for number, packet in enumerate(container.demux(stream)):
        if number > _FIRST_PICTURE_PACKETS:
            break
        for frame in _decoded(packet):
            return frame
    raise Refused("undecodable", "Not a single picture of the video can be decoded.")


def _decoded(packet: Any) -> Iterator[VideoFrame]:
    try:
        yield from packet.decode()
    except av.error.MemoryError:
        raise
    except av.error.InvalidDataError:
        return  # one broken packet is not a broken video: the next may do


def _checked_duration(container: InputContainer, stream: VideoStream) -> float:
    """Seconds, after making sure that what is promised near the end is there. Raises Refused."""
    promised = (container.duration or 0) / _MICROSECONDS
    start = (container.start_time or 0) / _MICROSECONDS if container.start_time else 0.0
    container.seek(int((start + max(0.0, promised - 1)) * _MICROSECONDS) if promised else 0)
    stream.codec_context.flush_buffers()
    is_seen, end = _end(container, stream)
    reached = end - start
    if not is_seen or reached < promised - max(_MISSING_END_SECONDS, promised * _MISSING_END_SHARE):
        raise Refused("file_truncated", f"The video announces {promised:.1f} s, but its end cannot be decoded.")
    return promised if reached <= promised + _OVERHANG_SECONDS else reached


def _end(container: InputContainer, stream: VideoStream) -> tuple[bool, float]:
    """From the current position on: whether a picture could be decoded, and when the last packet that is shown ends."""
    is_seen, end = False, 0.0
    for packet in container.demux():
        if packet.pts is None or packet.time_base is None:
            if not is_seen and packet.stream.index == stream.index:
                is_seen = any(True for _ in _decoded(packet))  # flushing: the last pictures come now
            continue
        if packet.stream.type in ("video", "audio") and not packet.is_corrupt and not packet.is_discard:
            end = max(end, float((packet.pts + (packet.duration or 0)) * Fraction(packet.time_base)))
        if not is_seen and packet.stream.index == stream.index:
            is_seen = any(True for _ in _decoded(packet))
    return is_seen, end


def _keep_thumbnail(frame: VideoFrame, target: BinaryIO) -> None:
    scale = min(1.0, thumbnails.PIXELS / max(frame.width, frame.height))
    small = frame.reformat(max(1, round(frame.width * scale)), max(1, round(frame.height * scale)), "rgb24")
    picture = small.to_image()  # type: ignore[no-untyped-call]
    if frame.rotation % 360:
        picture = picture.rotate(frame.rotation, expand=True)
    thumbnails.save(picture, target)
