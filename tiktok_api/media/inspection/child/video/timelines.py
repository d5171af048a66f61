"""When the packets of a file are shown, and the frame rate that follows."""

import time
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
from av.container import InputContainer
from av.stream import Discard

from tiktok_api.media.inspection.child.video.stills import packets

MOST_PACKETS = 600_000
"""An hour of 60 pictures a second with sound has 400,000; of longer files only so much of the beginning is read."""

_CPU_SECONDS = 7.0  # of the 15 that the process has
_PACKETS_BETWEEN_LOOKS = 1024
_HELD = 10  # times as long as others
_SOME_BYTES, _MANY_BYTES = 16, 4096
_NOMINAL_RATES = (
    *(Fraction(rate) for rate in (10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)),
    *(Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120, 240)),
)
_NEAR_SHARE = 0.03  # how far from the measured rate a nominal one is tried
_SAME_TICKS = 0.01
_BREAK_SHARE = 0.25  # a gap that is that much too long or too short is a picture that was left out, or a cut
_MOST_BREAKS_SHARE = 0.025
_ROUNDED_TICKS = 2  # rounded times are off by up to one tick, in either direction
_ROUNDED_SECONDS = 0.002  # many times were rounded to milliseconds or 1/600 s before they got a finer clock


@dataclass(slots=True)
class Timeline:
    """The packets of one track as they are shown, in ticks of `time_base`.

    `count` packets begin between `first` and `latest`; the latest lasts `latest_ticks`. `empty` of them contain only zeros;
    `ends_empty`: the last one in the file does. `starts` are those of pictures, whose announced durations add up to
    `told_ticks`. Without announced durations (`tells_lengths`), the last picture lasts as long as most.
    """

    time_base: Fraction
    tells_lengths: bool
    count: int = 0
    first: int = 0
    latest: int = 0
    latest_ticks: int = 0
    told_ticks: int = 0
    empty: int = 0
    ends_empty: bool = False
    starts: "array[int]" = field(default_factory=lambda: array("q"))

    def add(self, start: int, ticks: int, *, is_picture: bool) -> None:
        """Add a packet; the order does not matter."""
        if self.count == 0 or start < self.first:
            self.first = start
        if self.count == 0 or start >= self.latest:
            self.latest, self.latest_ticks = start, ticks
        self.count += 1
        if is_picture:
            self.starts.append(start)
            self.told_ticks += ticks

    @property
    def first_second(self) -> Fraction:
        """Returns when the first packet is shown; nothing is shown before the beginning of a movie."""
        return max(Fraction(0), self.first * self.time_base)

    @property
    def end_second(self) -> Fraction:
        """Returns when the last packet has been shown."""
        return (self.latest + self._last_ticks()) * self.time_base

    def rate(self, announced: Iterable[Fraction | None], *, is_spliced: bool) -> Fraction | None:
        """Returns the pictures a second: their number over the time for which they are shown.

        For evenly spaced pictures it is a nominal rate, `announced` or usual, which rounded times only approach. In a film joined
        of pieces (`is_spliced`), a piece may show only parts of its first and last picture; they do not raise the rate above that
        of most pictures.
        """
        times = sorted(set(self.starts))
        last, usual = self._last_ticks(), _typical_gap(times)
        if 0 < _HELD * usual < last:
            last = usual  # the film ends on a still: that does not slow the rest down
        ticks = (times[-1] - times[0] + last) if times else 0
        if ticks <= 0:
            return None
        if self.tells_lengths and self.told_ticks > 0:
            ticks = min(ticks, self.told_ticks)  # a cut between dependent pictures leaves gaps at its end
        measured = len(times) / (ticks * self.time_base)
        even = _even_rate(times, self.time_base, [rate for rate in announced if rate], measured)
        if even is not None:
            return even
        return min(measured, 1 / (usual * self.time_base)) if is_spliced and usual else measured

    def _last_ticks(self) -> int:
        if self.latest_ticks > 0 and self.tells_lengths:
            return self.latest_ticks
        return _typical_gap(sorted(set(self.starts))) or max(self.latest_ticks, 0)


def read_timelines(container: InputContainer) -> tuple[dict[int, Timeline], bool]:
    """Returns the timeline of each track of pictures or sound by its index, and whether the file was read to its end.

    Packets are read, not decoded. Reading ends where the file is damaged: players show what precedes the damage.
    """
    found = {}
    tells_lengths = container.format.name.startswith("mov")
    for stream in container.streams:
        if stream.type not in ("video", "audio") or stream.time_base is None:
            stream.discard = Discard.all
            continue
        found[stream.index] = Timeline(Fraction(stream.time_base), tells_lengths)
    try:
        return found, _read(container, found)
    except av.error.InvalidDataError:
        return found, True


def _read(container: InputContainer, timelines: dict[int, Timeline]) -> bool:
    shown = {stream.index: _hidden_picture_test(stream) for stream in container.streams}
    for number, packet in enumerate(packets(container)):
        if number >= MOST_PACKETS or (number % _PACKETS_BETWEEN_LOOKS == 0 and time.process_time() > _CPU_SECONDS):
            return False
        timeline = timelines.get(packet.stream_index)
        start = packet.pts if packet.pts is not None else packet.dts
        if timeline is None or start is None or packet.is_discard or packet.is_corrupt:
            continue
        ticks, is_hidden = packet.duration or 0, shown[packet.stream_index]
        if start + ticks < 0 or (start < 0 and start + ticks == 0) or is_hidden(packet):
            continue
        is_picture = packet.stream.type == "video"
        timeline.add(start, ticks, is_picture=is_picture)
        timeline.ends_empty = is_picture and _is_empty(packet)
        timeline.empty += timeline.ends_empty
    return True


def _is_empty(packet: Any) -> bool:
    """True if there are only zeros in place of a picture: no encoder writes that, an unfinished download does."""
    if packet.size == 0:
        return False  # a picture that the encoder left out
    content = memoryview(packet)
    return not any(content[:_SOME_BYTES]) and not any(content[:_MANY_BYTES])


def _hidden_picture_test(stream: Any) -> Any:
    """Returns a test for packets whose picture is only a reference for others: VP8 gives it a packet (RFC 6386, 9.1), VP9 may."""
    name = stream.codec_context.name if stream.codec_context is not None else ""
    if "vp8" in name:
        return lambda packet: packet.size > 0 and not memoryview(packet)[0] & 0x10
    if "vp9" in name:
        return _is_hidden_vp9
    return lambda packet: False


def _is_hidden_vp9(packet: Any) -> bool:
    """Read the uncompressed header of profiles 0 to 2 (VP9 bitstream specification, 6.2); a superframe shows its last picture."""
    if packet.size == 0:
        return False
    content = memoryview(packet)
    first = content[0]
    is_superframe, is_profile_3 = content[-1] & 0xE0 == 0xC0, first & 0x30 == 0x30
    return not (is_superframe or is_profile_3 or first & 0x08 or first & 0x02)


def _typical_gap(times: list[int]) -> int:
    """Returns the median of the gaps between `times`, which are in order; 0 without gaps."""
    gaps = sorted(after - before for before, after in pairwise(times))
    return gaps[len(gaps) // 2] if gaps else 0


def _even_rate(times: list[int], time_base: Fraction, announced: list[Fraction], measured: Fraction) -> Fraction | None:
    """Returns the rate near `measured` that explains these times, except for rounding and a few breaks."""
    rounded = max(_ROUNDED_TICKS, _ROUNDED_SECONDS / float(time_base))
    best, least = None, rounded
    for rate in sorted({*announced, *_NOMINAL_RATES}, key=lambda rate: abs(rate - measured)):
        if abs(float(rate / measured) - 1) >= _NEAR_SHARE:
            break
        off = _unevenness(times, float(1 / (rate * time_base)), rounded)
        if off is not None and (best is None or off < least - _SAME_TICKS):
            best, least = rate, off
    return best


def _unevenness(times: list[int], period: float, most: float) -> float | None:
    """Returns by how many ticks pictures stray from this period; None if by more than `most`, or with too many breaks."""
    drift, lowest, highest, breaks = 0.0, 0.0, 0.0, 0
    for before, after in pairwise(times):
        off = after - before - period
        if abs(off) > max(most, _BREAK_SHARE * period):
            breaks += 1
            continue
        drift += off
        lowest, highest = min(lowest, drift), max(highest, drift)
        if highest - lowest > most:
            return None
    return highest - lowest if breaks <= len(times) * _MOST_BREAKS_SHARE else None
