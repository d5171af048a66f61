"""Facts in the index of an MP4 or MOV that the demuxer does not report (ISO/IEC 14496-12, 8.3 and 8.6)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import BinaryIO

from tiktok_api.media.inspection.child import boxes
from tiktok_api.media.inspection.child.refusal import Refused

_ENABLED, _IN_MOVIE, _IN_PREVIEW = 1, 2, 4  # the flags of a `tkhd` box, 8.3.2
_AUXILIARY_HANDLERS = (b"auxv", b"pict")  # depth and the like, 12.1.1; still pictures, ISO/IEC 23008-12, 7.2
# References from a track that serves another one, 8.3.3.
_AUXILIARY_REFERENCES = (b"auxl", b"vdep", b"vplx", b"cdep", b"thmb", b"dpnd")
_ENCRYPTED = (b"encv", b"enca", b"drmi", b"drms")  # ISO/IEC 14496-12, 8.12, and what shops sold before it
_CHAPTERS = b"chap"  # to a track that serves this one
_HEADER_BYTES = 4  # version and flags
_LONGEST_TABLE = 100_000  # entries of a list of references
_MOST_EDITS = 5_000
_MOST_EDITED_SAMPLES = 20_000_000
"""Entries of an edit list times samples: the demuxer goes through the samples for each entry, and a table of samples of one size
takes 12 bytes, however many it counts. An hour of film joined of fifty pieces comes to eleven million."""


@dataclass(slots=True)
class Track:
    """One track of a movie.

    `is_shown`: enabled, and not for previews alone. `is_auxiliary`: depth, thumbnails, chapters and others that serve
    another track. `is_encrypted`: it cannot be decoded without a key. `begins_at` and `ends_at`: seconds into the movie
    between which its edit list shows something, None without an edit list. `splices`: the number of places where the edit list
    joins two pieces. `edits` counts the entries of that list, and `samples` those of the track.
    """

    number: int = 0
    is_shown: bool = True
    is_auxiliary: bool = False
    is_encrypted: bool = False
    begins_at: Fraction | None = None
    ends_at: Fraction | None = None
    splices: int = 0
    edits: int = 0
    samples: int = 0

    def refuse_costly(self) -> None:
        """Raise Refused if following the edit list would take too long."""
        if self.edits > _MOST_EDITS or self.edits * self.samples > _MOST_EDITED_SAMPLES:
            raise Refused("file_too_complex", f"The edit list joins {self.edits} pieces of {self.samples} samples.")


@dataclass(slots=True)
class Movie:
    """The index of a file: tracks by number, and the announced duration in `seconds`, if any.

    `may_be_cut`: the file consists of fragments, each of which could be the last, so only `seconds` shows if some are missing.
    """

    tracks: dict[int, Track] = field(default_factory=dict)
    seconds: Fraction | None = None
    may_be_cut: bool = False

    @property
    def has_edits(self) -> bool:
        """True if a track has an edit list."""
        return any(track.begins_at is not None for track in self.tracks.values())

    def forget_edits(self) -> None:
        """Ignore the edit lists."""
        for track in self.tracks.values():
            track.begins_at = track.ends_at = None
            track.splices = 0


def read_movie(file: BinaryIO) -> Movie:
    """Read the index. Malformed boxes are ignored, since the demuxer decides what can be played."""
    movie, chapters, is_read = Movie(), set[int](), False
    for kind, content, box_end in boxes.lenient_boxes(file, 0, boxes.size_of(file)):
        movie.may_be_cut |= kind == b"moof"
        if kind != b"moov" or is_read:
            continue
        is_read, ticks = True, 0
        for inner, start, end in boxes.lenient_boxes(file, content, box_end):
            if inner == b"mvhd":
                ticks, movie.seconds = _length(boxes.content_of(file, start, min(end, start + 32)))
            elif inner == b"trak":
                track = _track(file, start, end, ticks, chapters)
                track.refuse_costly()
                movie.tracks[track.number] = track
    for number in chapters & movie.tracks.keys():
        movie.tracks[number].is_auxiliary = True
    return movie


def _length(header: bytes) -> tuple[int, Fraction | None]:
    """Returns ticks a second and the duration, of a `mvhd` box, whose times have 8 bytes in version 1 (8.2.2)."""
    at, width = (20, 8) if header[:1] == b"\1" else (12, 4)
    ticks = int.from_bytes(header[at : at + 4], "big")
    length = header[at + 4 : at + 4 + width]
    is_known = ticks > 0 and length.strip(b"\xff") != b"" and any(length)
    return ticks, Fraction(int.from_bytes(length, "big"), ticks) if is_known else None


def _track(file: BinaryIO, start: int, end: int, ticks: int, chapters: set[int]) -> Track:
    track = Track()
    for kind, content, box_end in boxes.lenient_boxes(file, start, end):
        if kind == b"tkhd":
            header = boxes.content_of(file, content, min(box_end, content + 24))
            flags, at = int.from_bytes(header[1:4], "big"), 20 if header[:1] == b"\1" else 12
            track.number = int.from_bytes(header[at : at + 4], "big")
            is_preview_alone = bool(flags & _IN_PREVIEW) and not flags & _IN_MOVIE
            track.is_shown = bool(flags & _ENABLED) and not is_preview_alone
        elif kind == b"edts":
            _read_edits(file, content, box_end, ticks, track)
        elif kind == b"tref":
            for reference, first, last in boxes.lenient_boxes(file, content, box_end):
                track.is_auxiliary |= reference in _AUXILIARY_REFERENCES
                if reference == _CHAPTERS:
                    chapters |= set(_words(boxes.content_of(file, first, min(last, first + 4 * _LONGEST_TABLE))))
        elif kind == b"mdia":
            for inner, first, last in boxes.lenient_boxes(file, content, box_end):
                if inner == b"hdlr":
                    track.is_auxiliary |= boxes.content_of(file, first, last)[8:12] in _AUXILIARY_HANDLERS
                elif inner == b"minf":
                    track.is_encrypted = _is_encrypted(file, first, last)
                    track.samples = max(track.samples, _count_samples(file, first, last))
    return track


def _is_encrypted(file: BinaryIO, start: int, end: int) -> bool:
    """By the kind of its first sample entry, in the `stsd` box (8.5.2) of its `stbl`."""
    for kind, content, box_end in boxes.lenient_boxes(file, start, end):
        if kind == b"stbl":
            return _is_encrypted(file, content, box_end)
        if kind == b"stsd":
            return boxes.content_of(file, content, min(box_end, content + 16))[12:16] in _ENCRYPTED
    return False


def _count_samples(file: BinaryIO, start: int, end: int) -> int:
    """By the `stsz` or `stz2` box (8.7.3) of its `stbl`; the largest count, if there are several."""
    most = 0
    for kind, content, box_end in boxes.lenient_boxes(file, start, end):
        if kind == b"stbl":
            most = max(most, _count_samples(file, content, box_end))
        elif kind in (b"stsz", b"stz2"):
            most = max(most, int.from_bytes(boxes.content_of(file, content, min(box_end, content + 12))[8:12], "big"))
    return most


def _words(content: bytes) -> Iterator[int]:
    for at in range(0, len(content) - 3, 4):
        yield int.from_bytes(content[at : at + 4], "big")


def _read_edits(file: BinaryIO, start: int, end: int, ticks: int, track: Track) -> None:
    """The `elst` box (8.6.6): durations in ticks of the movie; a duration of 0 lasts to the end of the track."""
    for kind, content, box_end in boxes.lenient_boxes(file, start, end):
        if kind != b"elst":
            continue
        table = boxes.content_of(file, content, min(box_end, content + 8 + 20 * _MOST_EDITS))
        count = int.from_bytes(table[_HEADER_BYTES:8], "big")
        track.edits += count
        width = 8 if table[:1] == b"\1" else 4
        size = 2 * width + 4
        entries = [table[at : at + size] for at in range(8, len(table) - size + 1, size)]
        entries = entries[:count]
        lengths = [int.from_bytes(entry[:width], "big") for entry in entries]
        shows = [entry[width : 2 * width] != b"\xff" * width for entry in entries]  # -1: nothing is shown
        if ticks and True in shows:
            track.begins_at = Fraction(sum(lengths[: shows.index(True)]), ticks)
            track.ends_at = Fraction(sum(lengths), ticks) if lengths[-1] else None
        track.splices = max(0, sum(shows) - 1)
