"""Evenly spaced pictures of a video, to choose a cover by."""

import io
import time
from fractions import Fraction
from typing import Any, BinaryIO

from tiktok_api.media.inspection.child.refusal import Refused
from tiktok_api.media.inspection.child.video import stills
from tiktok_api.media.inspection.child.video.orientation import upright
from tiktok_api.media.inspection.child.video.videos import Shown, facts_of, keep_thumbnail, open_film

_CPU_SECONDS = 45.0  # of the 60 that the process has: later pictures are the key frames before their moments
_LONGEST_SECONDS = 14 * 86_400  # a moment is kept in milliseconds of 32 bits, which end after 24 days


def draw(demuxer: str, count: int, file: BinaryIO, target: BinaryIO) -> dict[str, Any]:
    """Write `count` JPEGs one after another: of the middles of as many equal parts. Returns their moments and sizes.

    A moment is in milliseconds from the beginning. Raises Refused.
    """
    with open_film(demuxer, file) as (shown, source):
        duration = Fraction(facts_of(shown, source, file, io.BytesIO())["duration_seconds"])
        if duration > _LONGEST_SECONDS:
            raise Refused("file_damaged", "The times of the video jump by weeks.")
        found = []
        for number in range(count):
            at = duration * (2 * number + 1) / (2 * count)
            picture = _picture_at(shown, source, at, until=time.process_time() + _CPU_SECONDS / count)
            jpeg = io.BytesIO()
            keep_thumbnail(picture, upright(picture, shown.picture.sample_aspect_ratio), jpeg)
            target.write(jpeg.getvalue())
            found.append({"timestamp_ms": int(at * 1000), "size_bytes": len(jpeg.getvalue())})
    return {"frames": found}


def _picture_at(shown: Shown, source: stills.DemuxedFile, at: Fraction, *, until: float) -> Any:
    """Returns the picture that is shown at `at`; an earlier one if it is not reached by `until`, in seconds of CPU time."""
    last, moment = None, shown.begin_second + at
    with source.open() as container:
        [stream] = stills.only_streams(container, shown.picture.index)
        stills.seek(container, moment)
        for packet in stills.packets(container, stream):
            for frame in stills.decoded(packet):
                if last is not None and frame.pts is not None and frame.pts * frame.time_base > moment:
                    return last
                last = frame
            if last is not None and time.process_time() > until:
                return last
    if last is None:
        raise Refused("undecodable", "A picture of the video cannot be decoded.")
    return last
