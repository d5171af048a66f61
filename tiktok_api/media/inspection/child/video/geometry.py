"""How large a converted film is, and the filters that turn its pictures upright, scale them and add bars."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from av.filter import Graph
from av.video.frame import VideoFrame

from tiktok_api.media.checks import PHOTO_LONG_SIDE_PIXELS as LONG_SIDE
from tiktok_api.media.checks import PHOTO_SHORT_SIDE_PIXELS as SHORT_SIDE
from tiktok_api.media.checks import VIDEO_SIDE_PIXELS
from tiktok_api.media.inspection.child.video.orientation import upright

_TURNS = {90: ("transpose=clock",), 180: ("hflip", "vflip"), 270: ("transpose=cclock",)}
_HIGH_DYNAMIC_RANGE = (16, 18)  # ITU-T H.273: PQ and HLG
_TV, _BT709, _BT2020 = 1, 1, 9


@dataclass(frozen=True, slots=True)
class Canvas:
    """The size of a film, and of the picture in its middle; the rest is black."""

    width: int
    height: int
    picture_width: int
    picture_height: int


def canvas_for(width: int, height: int) -> Canvas:
    """Returns the size for pictures that are seen as `width` × `height`: at most 1080p, no side below TikTok's least.

    A picture is enlarged only as far as TikTok demands. What is too narrow for that gets bars.
    """
    least, long, short = VIDEO_SIDE_PIXELS[0], max(width, height), min(width, height)
    scale = min(1.0, LONG_SIDE / long, SHORT_SIDE / short)
    if short * scale < least:
        scale = min(least / short, LONG_SIDE / long)
    wide, high = _even(width * scale), _even(height * scale)
    return Canvas(max(least, wide), max(least, high), wide, high)


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2))


class Straightener:
    """Turns decoded pictures into those of the film, whose size the first one decides. Later ones may have another size."""

    def __init__(self, first: VideoFrame, pixel_aspect: Fraction | None) -> None:
        self._way = upright(first, pixel_aspect)
        self.canvas = canvas_for(*self._way.size(first.width, first.height))
        self._key: Any = None
        self._graph: Any = None

    def apply(self, frame: VideoFrame) -> VideoFrame:
        """Returns the picture as the film shows it."""
        key = (frame.width, frame.height, frame.format.name, is_bright(frame))
        if key != self._key:
            self._key, self._graph = key, self._new_graph(frame)
        self._graph.push(frame)
        shown: VideoFrame = self._graph.pull()
        return shown

    def _new_graph(self, frame: VideoFrame) -> Any:
        canvas, way = self.canvas, self._way
        wide, high = canvas.picture_width, canvas.picture_height
        matrix = "bt2020" if is_bright(frame) else "bt709"
        steps = [*_TURNS.get(way.degrees, ()), *(("hflip",) if way.is_mirrored else ())]
        steps += [
            f"scale={wide}:{high}:flags=bicubic:out_range=tv:out_color_matrix={matrix}",
            "format=yuv420p",
            f"pad={canvas.width}:{canvas.height}:(ow-iw)/2:(oh-ih)/2",
            "setsar=1",
            "sidedata=delete",
        ]
        graph = Graph()
        graph.threads = 1  # no thread can be started here
        nodes = [
            graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
        ]
        for step in (*steps, "buffersink"):
            name, _, options = step.partition("=")
            nodes.append(graph.add(name, options or None))
        graph.link_nodes(*nodes).configure()
        return graph


def is_bright(frame: VideoFrame) -> bool:
    """True if the picture has a high dynamic range. It keeps it, with 8 bits."""
    return frame.color_trc in _HIGH_DYNAMIC_RANGE


def colours_of(frame: VideoFrame) -> tuple[int, int, int, int]:
    """Returns range, primaries, transfer and matrix of the film (ITU-T H.273) that `frame` begins."""
    return (_TV, _BT2020, int(frame.color_trc), _BT2020) if is_bright(frame) else (_TV, _BT709, _BT709, _BT709)
