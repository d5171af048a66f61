"""Videos as phones, cameras, recorders and editors make them, each with what is right for it."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from tests.media.inspection.boxes import changed, patched, with_edits, with_flags, with_matrix
from tests.media.inspection.films import Picture, Sound, film
from tests.media.inspection.odd_films import (
    FASTSTART,
    FRAGMENTS,
    SMALL,
    VP8,
    VP9,
    WEBM,
    chapters,
    cut,
    cut_among_b_frames,
    enabled,
    large_media_data,
    live_photo,
    media_data_to_the_end,
    odd_doctype,
    odd_quicktime,
    of_unknown_kind,
    recorded,
    serving,
    shifted_fragments,
    trimmed,
    unpaced,
    with_held_end,
    with_hole,
    with_late_sound,
)
from tests.media.sample_media import box

SECOND = Fraction(1)
PQ, HLG = 16, 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A file and what the API should say of it. `bar` is where the red bar is in the thumbnail; None: not looked at."""

    make: Callable[[], bytes]
    container: str = "mp4"
    size: tuple[int, int] = (360, 640)
    seconds: float = 2.0
    within: float = 0.03
    fps: float | None = 24.0
    video: str = "h264"
    audio: str | None = None
    bar: str | None = "top"
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


FILM_AND_SOUND = (Picture(), Sound())
TAIL_OF_CAMERA = bytes(range(256)) * 8 + b"8db42d694ccc418790edff439fe026bf"
TAILS = {
    "a camera's own data": b"\x0a\x0f\x00\x00" + TAIL_OF_CAMERA,
    "an ID3v1 tag": b"TAG" + b"title".ljust(125, b"\0"),
    "an ID3v2 tag": b"ID3\4\0\0\0\0\0\x0aTIT2\0\0\0\0\0\0",
    "zeros": bytes(4096),
    "seven bytes": b"\xff" * 7,
    "one byte": b"\n",
    "a box shorter than its header": b"\0\0\0\3abcd" + bytes(90),
    "a size of 64 bits beyond all measure": b"\0\0\0\1data" + b"\xff" * 40,
    "text": b"recorded by a camera\n" * 20,
    "Samsung's data": box(b"sefd", b"\0\0\x30\x0aImage_UTC_Data1700000000000" + b"SEFHk\0\0\0SEFT"),
    "a padding box that is cut": struct.pack(">I4s", 1_000_000, b"free") + bytes(10),
}

TURNS = {
    (1, 0, 0, 1): (0, "top"),
    (0, 1, -1, 0): (90, "right"),
    (-1, 0, 0, -1): (180, "bottom"),
    (0, -1, 1, 0): (270, "left"),
    (-1, 0, 0, 1): (0, "top"),
    (1, 0, 0, -1): (180, "bottom"),
    (0, 1, 1, 0): (90, "left"),
    (0, -1, -1, 0): (270, "right"),
}
"""Display matrices (a, b, c, d) with the clockwise degrees before mirroring, and where the bar at the top gets to."""

PLAIN = {
    "plain": Case(make=film),
    "with a title that is no UTF-8": Case(make=lambda: film(tags=(("title", "Cafe"),)).replace(b"Cafe", b"Caf\xe9")),
    "with a track's name that is no UTF-8": Case(make=lambda: film().replace(b"VideoHandler", b"VideoH\xe4ndler")),
    "index first": Case(make=partial(film, options=FASTSTART)),
    "in fragments": Case(make=partial(film, *FILM_AND_SOUND, options=FRAGMENTS), audio="aac"),
    "with sound": Case(make=partial(film, *FILM_AND_SOUND), audio="aac"),
    "with 5.1 sound": Case(make=partial(film, Picture(), Sound(layout="5.1")), audio="aac"),
    "mov": Case(make=partial(film, *FILM_AND_SOUND, form="mov"), container="mov", audio="aac"),
    "mov with a time code": Case(
        make=partial(film, *FILM_AND_SOUND, form="mov", tags=(("timecode", "01:00:00:00"),)),
        container="mov",
        audio="aac",
    ),
    "mov of a live photo": Case(make=live_photo, container="mov", audio="pcm_s16le"),
    "mov with odd boxes": Case(make=odd_quicktime, container="mov"),
    "media data of 64 bits": Case(make=lambda: large_media_data(film())),
    "media data up to the end": Case(make=lambda: media_data_to_the_end(film(options=FASTSTART))),
    "b-frames": Case(make=partial(film, Picture(b_frames=2))),
    "b-frames with negative offsets": Case(
        make=partial(film, Picture(b_frames=2), options=(("movflags", "negative_cts_offsets"),))
    ),
    "hevc": Case(make=partial(film, Picture(codec="libx265")), video="hevc"),
    "hevc of 10 bits in PQ": Case(
        make=partial(film, Picture(codec="libx265", pixels="yuv420p10le", transfer=PQ)), video="hevc", bar=None
    ),
    "hevc of 10 bits in HLG": Case(
        make=partial(film, Picture(codec="libx265", pixels="yuv420p10le", transfer=HLG), form="mov"),
        container="mov",
        video="hevc",
        bar=None,
    ),
    "h264 of 10 bits": Case(make=partial(film, Picture(pixels="yuv420p10le"))),
    "h264 of 4:4:4": Case(make=partial(film, Picture(pixels="yuv444p"))),
    "av1": Case(make=partial(film, Picture(codec="libsvtav1")), video="av1", problems=("video_codec",)),
    "prores": Case(
        make=partial(film, Picture(codec="prores_ks", pixels="yuv422p10le"), form="mov"),
        container="mov",
        video="prores",
        problems=("video_codec",),
    ),
    "vp8 in webm": Case(make=partial(WEBM, VP8, Sound(codec="libopus")), container="webm", video="vp8", audio="opus"),
    "vp9 in webm": Case(make=partial(WEBM, VP9, Sound(codec="libopus")), container="webm", video="vp9", audio="opus"),
    "vp9 of odd sides": Case(
        make=partial(WEBM, Picture(codec="libvpx-vp9", size=(361, 641))), container="webm", video="vp9", size=(361, 641)
    ),
    "matroska by another name": Case(
        make=partial(film, *FILM_AND_SOUND, form="matroska"),
        container="mkv",
        audio="aac",
        problems=("video_container",),
    ),
    "vp8 with pictures that are never shown": Case(
        make=partial(
            WEBM,
            Picture(
                at=range(96),
                gop=96,
                codec="libvpx",
                options=(("auto-alt-ref", "1"), ("lag-in-frames", "16"), ("deadline", "good"), ("b", "100k")),
            ),
        ),
        container="webm",
        video="vp8",
        seconds=4.0,
    ),
    "webm whose name stands elsewhere": Case(make=odd_doctype, container="webm", video="vp8"),
    "landscape": Case(make=partial(film, Picture(size=(640, 360))), size=(640, 360)),
}

TIMES = {
    f"cut {hidden} pictures behind a key frame": Case(make=partial(trimmed, (2.0, hidden / 24)))
    for hidden in (1, 100, 249, 250, 251, 340)
} | {
    "cut in 64 bits": Case(make=partial(trimmed, (2.0, 300 / 24), version=1)),
    "cut within a picture": Case(make=partial(trimmed, (2.02, 300.4 / 24)), seconds=2.02),
    "cut at its end": Case(make=partial(trimmed, (1.5, 0.0)), seconds=1.5),
    "cut among pictures that refer to each other": Case(make=cut_among_b_frames, seconds=1.875),
    "two pieces put together": Case(make=partial(trimmed, (1.0, 10 / 24), (2.0, 10.0)), seconds=3.0),
    "nothing at first": Case(make=partial(trimmed, (1.0, None), (2.0, 0.0))),
    "sound that comes later": Case(make=with_late_sound, audio="aac", seconds=3.0),
    "an edit that is longer than the film": Case(make=lambda: with_edits(film(), (60.0, 0.0))),
    "an edit up to the end": Case(make=lambda: with_edits(film(), (0.0, 0.0))),
    "pictures in another order and no edit list": Case(
        make=lambda: changed(film(Picture(b_frames=2)), "moov/trak/edts", lambda _: None)
    ),
    "pictures in another order and no edit list, in fragments": Case(
        make=partial(film, Picture(b_frames=2), options=(("movflags", "frag_keyframe"),))
    ),
    "a last picture that is held": Case(make=with_held_end, seconds=47 / 24 + 5),
    "an edit of what is behind the end": Case(make=lambda: with_edits(film(), (2.0, 10.0))),
    "an edit up to the end from its middle on": Case(make=lambda: with_edits(film(), (0.0, 1.0)), seconds=1.0),
    "fragments that begin after 100 s": Case(make=partial(shifted_fragments, 100)),
    "webm that begins after 10 s": Case(
        make=partial(WEBM, Picture(at=range(240, 288), codec="libvpx")), container="webm", video="vp8"
    ),
    "webm that begins after half a second": Case(
        make=partial(WEBM, Picture(at=range(12, 60), codec="libvpx")), container="webm", video="vp8"
    ),
    "webm that begins after an hour, with sound": Case(
        make=partial(
            WEBM,
            Picture(at=range(86_400, 86_448), codec="libvpx"),
            Sound(codec="libopus", begin_seconds=3600),
        ),
        container="webm",
        video="vp8",
        audio="opus",
    ),
    "matroska that begins after 10 s": Case(
        make=partial(film, Picture(at=range(240, 288)), form="matroska"),
        container="mkv",
        problems=("video_container",),
    ),
    "sound longer than the film": Case(make=partial(film, Picture(), Sound(seconds=4)), audio="aac", seconds=4.0),
    "one picture": Case(make=partial(film, Picture(at=(0,))), seconds=1 / 24),
    "a recorder's": Case(make=recorded, container="webm", video="vp8"),
    "a recorder's with sound": Case(
        make=partial(recorded, VP8, Sound(codec="libopus")), container="webm", video="vp8", audio="opus"
    ),
}

_MILLISECONDS = Fraction(1, 1000)


def _every(milliseconds: list[int], seconds: float) -> tuple[int, ...]:
    """Times whose gaps are these over and over."""
    times, at = [], 0
    while at < seconds * 1000:
        times.append(at)
        at += milliseconds[len(times) % len(milliseconds)]
    return tuple(times)


def _at_rate(rate: Fraction) -> Picture:
    """Four seconds of pictures at an even rate, in ticks that are fine enough for it."""
    return Picture(at=range(round(rate * 4)), time_base=1 / rate, is_announced=False)


def _paced(*milliseconds: int) -> Picture:
    return Picture(at=_every(list(milliseconds), 4), time_base=_MILLISECONDS, codec="libvpx", is_announced=False)


RATES = {
    "a recorder's in low light": Case(
        make=partial(recorded, _paced(40, 42, 45, 50, 40, 44)),
        container="webm",
        video="vp8",
        seconds=4.0,
        within=0.06,
        fps=23.0,
    ),
    "a recorder's of 20 a second": Case(
        make=partial(recorded, _paced(50)),
        container="webm",
        video="vp8",
        seconds=4.0,
        fps=20.0,
        problems=("video_fps",),
    ),
    "a recorder's of 30 a second": Case(
        make=partial(recorded, _paced(33, 33, 34)), container="webm", video="vp8", seconds=4.0, fps=30.0, within=0.04
    ),
    "a recorder's of 60 a second": Case(
        make=partial(recorded, _paced(17, 17, 16)), container="webm", video="vp8", seconds=4.0, fps=60.0, within=0.04
    ),
    "a recording in low light, repaired": Case(
        make=partial(unpaced, _paced(40, 42, 45, 50, 40, 44)),
        container="webm",
        video="vp8",
        seconds=4.0,
        within=0.06,
        fps=23.0,
    ),
    "a recording of 20 a second, repaired": Case(
        make=partial(unpaced, _paced(50)),
        container="webm",
        video="vp8",
        seconds=4.0,
        fps=20.0,
        problems=("video_fps",),
    ),
    "a recording of about 20 a second, repaired": Case(
        make=partial(unpaced, _paced(33, 67)),
        container="webm",
        video="vp8",
        seconds=4.0,
        within=0.06,
        fps=19.83,
        problems=("video_fps",),
    ),
    "times of microseconds": Case(
        make=partial(
            film,
            Picture(
                at=tuple(round(n * 1e6 / 30) for n in range(60)), time_base=Fraction(1, 1_000_000), is_announced=False
            ),
            form="mov",
        ),
        container="mov",
        fps=30.0,
    ),
    "a phone's ticks of 1/600": Case(
        make=partial(
            film,
            Picture(at=tuple(20 * n + n % 2 for n in range(60)), time_base=Fraction(1, 600), is_announced=False),
            form="mov",
        ),
        container="mov",
        fps=30.0,
    ),
    "pictures left out": Case(
        make=partial(
            film,
            Picture(at=tuple(n for n in range(120) if n % 5), time_base=Fraction(1, 30), is_announced=False),
        ),
        seconds=3.97,
        within=0.05,
        fps=24.15,
    ),
    "60.06 a second": Case(
        make=partial(film, _at_rate(Fraction(6006, 100))), seconds=4.0, fps=60.06, warnings=("video_fps",)
    ),
    "60.09 a second": Case(
        make=partial(film, _at_rate(Fraction(6009, 100))), seconds=4.0, fps=60.09, warnings=("video_fps",)
    ),
    "60.2 a second": Case(
        make=partial(film, _at_rate(Fraction(602, 10))), seconds=4.0, fps=60.2, problems=("video_fps",)
    ),
    "59.94 a second": Case(make=partial(film, _at_rate(Fraction(60_000, 1001))), seconds=4.0, fps=59.94),
    "23.976 a second": Case(make=partial(film, _at_rate(Fraction(24_000, 1001))), seconds=4.0, fps=23.976),
    "22.98 a second": Case(
        make=partial(film, _at_rate(Fraction(2298, 100))), seconds=4.0, fps=22.98, warnings=("video_fps",)
    ),
    "22.5 a second": Case(
        make=partial(film, _at_rate(Fraction(225, 10))), seconds=4.0, fps=22.5, problems=("video_fps",)
    ),
    "one a second": Case(
        make=partial(film, Picture(at=range(5), time_base=SECOND)), seconds=5.0, fps=1.0, problems=("video_fps",)
    ),
    "120 a second": Case(
        make=partial(film, Picture(at=range(240), time_base=Fraction(1, 120))), fps=120.0, problems=("video_fps",)
    ),
}

BYTES_BEHIND = (
    {f"{name} behind an mp4": Case(make=partial(lambda tail: film() + tail, tail)) for name, tail in TAILS.items()}
    | {
        f"{name} behind an mp4 whose index is first": Case(
            make=partial(lambda tail: film(options=FASTSTART) + tail, TAILS[name])
        )
        for name in ("a camera's own data", "zeros")
    }
    | {
        f"{name} behind a mov": Case(make=partial(lambda tail: film(form="mov") + tail, TAILS[name]), container="mov")
        for name in ("a camera's own data", "a box shorter than its header")
    }
    | {
        "a whole mp4 behind an mp4": Case(make=lambda: film() + film(Picture(size=(640, 360), at=range(12)))),
        "bytes behind a webm": Case(make=lambda: WEBM(VP8) + TAIL_OF_CAMERA, container="webm", video="vp8"),
        "bytes behind fragments": Case(make=lambda: film(options=FRAGMENTS) + TAIL_OF_CAMERA),
    }
)

TRACKS = {
    "a small track first that is not enabled": Case(
        make=lambda: with_flags(enabled(SMALL, *FILM_AND_SOUND), 2), audio="aac"
    ),
    "a larger track first that is not enabled": Case(
        make=lambda: with_flags(enabled(Picture(size=(720, 1280)), Picture()), 0)
    ),
    "a preview first": Case(make=lambda: with_flags(enabled(Picture(size=(720, 1280)), Picture()), 5)),
    "a track of depth first": Case(make=lambda: serving(enabled(Picture(size=(720, 1280)), Picture()), b"vdep")),
    "an auxiliary track first": Case(
        make=lambda: changed(
            enabled(Picture(size=(720, 1280)), Picture()), "moov/trak:0/mdia/hdlr", patched(8, b"auxv")
        )
    ),
    "thumbnails first": Case(make=lambda: serving(enabled(Picture(size=(720, 1280)), Picture()), b"thmb")),
    "pictures of chapters first": Case(make=chapters),
    "a few large stills first": Case(make=partial(enabled, Picture(size=(720, 1280), at=(0, 24)), Picture())),
    "a smaller track first": Case(make=partial(enabled, SMALL, Picture())),
    "a track of an unknown kind first": Case(
        make=lambda: of_unknown_kind(enabled(Picture(size=(720, 1280)), Picture()))
    ),
    "a track of apv first": Case(
        make=lambda: of_unknown_kind(enabled(Picture(size=(720, 1280)), Picture()), new=b"apv1")
    ),
    "the only track is not enabled": Case(make=lambda: with_flags(enabled(), 2)),
    "a longer track that is not enabled": Case(
        make=lambda: with_flags(enabled(Picture(), Picture(size=(720, 1280), at=range(96))), 2, track=1)
    ),
    "sound first that is not enabled": Case(
        make=lambda: with_flags(enabled(Picture(), Sound(codec="mp3", rate=44_100), Sound()), 2, track=1), audio="aac"
    ),
    "sound of an unknown kind first": Case(
        make=lambda: changed(
            enabled(Picture(), Sound(layout="stereo"), Sound(codec="mp3", rate=44_100)),
            "moov/trak:1/mdia/minf/stbl/stsd",
            lambda old: old.replace(b"mp4a", b"apac").replace(b"esds", b"dapa"),
        ),
        audio="mp3",
    ),
    "sound of an unknown kind alone": Case(
        make=lambda: changed(
            enabled(*FILM_AND_SOUND),
            "moov/trak:1/mdia/minf/stbl/stsd",
            lambda old: old.replace(b"mp4a", b"apac").replace(b"esds", b"dapa"),
        ),
    ),
    "longer sound that is not enabled": Case(
        make=lambda: with_flags(enabled(*FILM_AND_SOUND, Sound(seconds=5)), 2, track=2), audio="aac"
    ),
}

SHAPES = {
    f"matrix {matrix}": Case(
        make=partial(lambda matrix: with_matrix(film(), matrix), matrix),
        size=(640, 360) if degrees in (90, 270) else (360, 640),
        bar=bar,
    )
    for matrix, (degrees, bar) in TURNS.items()
} | {
    "turned by 30 degrees": Case(make=lambda: with_matrix(film(), (0.866, 0.5, -0.5, 0.866))),
    "turned by 45 degrees": Case(make=lambda: with_matrix(film(), (0.7071, 0.7071, -0.7071, 0.7071))),
    "turned by 100 degrees": Case(make=lambda: with_matrix(film(), (-0.1736, 0.9848, -0.9848, -0.1736))),
    "turned by nearly 90 degrees": Case(
        make=lambda: with_matrix(film(), (0.0001, 1, -1, 0.0001)), size=(640, 360), bar="right"
    ),
    "no matrix at all": Case(make=lambda: with_matrix(film(), (0, 0, 0, 0))),
    "wide pixels": Case(make=partial(film, Picture(size=(480, 640), pixel_aspect=Fraction(4, 3))), size=(640, 640)),
    "narrow pixels": Case(make=partial(film, Picture(size=(720, 640), pixel_aspect=Fraction(1, 2))), size=(360, 640)),
    "wide pixels turned": Case(
        make=lambda: with_matrix(film(Picture(size=(480, 640), pixel_aspect=Fraction(4, 3))), (0, 1, -1, 0)),
        size=(640, 640),
        bar="right",
    ),
    "wide pixels made too wide": Case(
        make=partial(film, Picture(size=(2160, 360), pixel_aspect=Fraction(2))),
        size=(4320, 360),
        problems=("video_width",),
    ),
    "pixels that are only rounded": Case(
        make=partial(film, Picture(pixel_aspect=Fraction(959, 960))),
    ),
    "too small": Case(make=partial(film, SMALL), size=(160, 320), problems=("video_width", "video_height")),
}

GOOD = PLAIN | TIMES | RATES | BYTES_BEHIND | TRACKS | SHAPES

LONG = Picture(at=range(96), gop=96)
ENCRYPTION = (
    ("encryption_scheme", "cenc-aes-ctr"),
    ("encryption_key", "76a6c65c5ea762046bd749a2e632ccbb"),
    ("encryption_kid", "a7e61c373e219033c21091fa607bf3b8"),
)
BROKEN = {
    "no pictures": lambda: film(Sound()),
    "no pictures in webm": lambda: WEBM(Sound(codec="libopus")),
    "an unknown kind alone": lambda: of_unknown_kind(film()),
    "media data up to the end, and the index in them": lambda: media_data_to_the_end(film()),
    "a webm cut": lambda: cut(WEBM(VP8), 0.9),
    "an mp4 whose second half never arrived": lambda: with_hole(film(LONG), 0.5, 1),
    "an mp4 whose middle never arrived": lambda: with_hole(film(LONG), 0.4, 0.6),
    "an mp4 that was never filled": lambda: with_hole(film(), 0, 1),
    "a webm whose second half never arrived": lambda: with_hole(WEBM(Picture(at=range(96), codec="libvpx")), 0.5, 1),
    "encrypted": partial(film, options=ENCRYPTION),
    "encrypted, with sound": partial(film, *FILM_AND_SOUND, options=ENCRYPTION),
} | {
    f"{name} of which {left:.2%} are left": partial(lambda make, left: cut(make(), left), make, left)
    for name, make in (
        ("an mp4", film),
        ("an mp4 whose index is first", partial(film, options=FASTSTART)),
        (
            "an mp4 with sound whose index is first",
            partial(film, *FILM_AND_SOUND, options=FASTSTART),
        ),
        ("fragments", partial(film, *FILM_AND_SOUND, options=FRAGMENTS)),
        ("a mov", partial(film, form="mov")),
    )
    for left in (0.05, 0.5, 0.9, 0.995)
}
