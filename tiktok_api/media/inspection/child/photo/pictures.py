"""Opens every kind of photo and decodes it strip by strip, so that a large photo is never in memory twice."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from PIL import ExifTags, Image, UnidentifiedImageError
from pillow_heif import HeifFile
from pillow_heif import options as heif_options

from tiktok_api.media.inspection.child import boxes
from tiktok_api.media.inspection.child.photo import colours, costs, truncation
from tiktok_api.media.inspection.child.photo.profiles import profile_for
from tiktok_api.media.inspection.child.refusal import Refused, is_machine_fault

MAX_PIXELS = {
    "JPEG": 210_000_000,  # the largest sensors of phones have 200 million; libjpeg shrinks while it decodes
    "PNG": 50_000_000,
    "HEIC": 50_000_000,  # phones make 48 million
    "WEBP": 24_000_000,  # libwebp holds the picture four times
}
"""What fits into the memory of the process, as measured. A larger photo is refused before it is decoded."""

_SEQUENCES = (b"hevc", b"hevx", b"hevm", b"hevs", b"msf1")  # ISO/IEC 23008-12, annex B: image sequences
_TURNED = (5, 6, 7, 8)  # EXIF 2.32, tag 0x0112: rows and columns change places
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_MOVES = "This picture moves; send a still one, or a video."
_STRIP_ROWS = 256
_FINER = 2  # reduced by whole numbers to twice the size in the end, then by Lanczos: as good, and much cheaper

heif_options.DECODE_THREADS = 1
heif_options.THUMBNAILS = heif_options.DEPTH_IMAGES = heif_options.AUX_IMAGES = False


@dataclass(frozen=True, slots=True)
class Fit:
    """The largest wanted size, for portrait and landscape photos."""

    long_side: int
    short_side: int

    def of(self, width: int, height: int) -> tuple[int, int]:
        """Returns `width` and `height`, reduced in proportion until they fit, never enlarged."""
        scale = min(1.0, self.long_side / max(width, height), self.short_side / min(width, height))
        return max(1, round(width * scale)), max(1, round(height * scale))


@dataclass(frozen=True, slots=True)
class Picture:
    """An opened photo.

    `size` is the stored size, `orientation` EXIF's 1 to 8, `profile` an ICC profile. `strips(rows)` decodes the photo and yields
    so many rows at a time, from the top; together they have `decoded_size`, which may be a fraction of `size`.
    """

    size: tuple[int, int]
    orientation: int
    profile: bytes | None
    decoded_size: tuple[int, int]
    strips: Callable[[int], Iterator[Image.Image]]

    @property
    def size_as_seen(self) -> tuple[int, int]:
        """Returns width and height after rotation."""
        return self.size[::-1] if self.orientation in _TURNED else self.size

    def shrunk(self, fit: Fit) -> Image.Image:
        """Decode all of it. Returns it as large as `fit` allows, upright, in sRGB, as RGB or (if transparent) RGBA."""
        wanted = fit.of(*self.size)
        width, height = self.decoded_size
        factor = max(1, min(width // (_FINER * wanted[0]), height // (_FINER * wanted[1])))
        small = self._reduced(factor)
        if small.size != wanted:
            small = small.resize(wanted, Image.Resampling.LANCZOS, box=(0, 0, width / factor, height / factor))
        small = colours.to_srgb(small, self.profile)
        if self.orientation in _UPRIGHT:
            small = small.transpose(_UPRIGHT[self.orientation])
        small.info = {}  # comments, places and previews, some of which an encoder would write again
        return small

    def _reduced(self, factor: int) -> Image.Image:
        """Returns the photo with every `factor` × `factor` pixels merged into one."""
        height = self.decoded_size[1]
        if factor == 1:
            return colours.plain(next(self.strips(height)))
        strips = self.strips(factor * max(1, _STRIP_ROWS // factor))
        first = colours.plain(next(strips)).reduce(factor)
        whole = Image.new(first.mode, (first.width, math.ceil(height / factor)))
        whole.paste(first)
        at = first.height
        for strip in strips:
            reduced = colours.plain(strip).reduce(factor)
            whole.paste(reduced, (0, at))
            at += reduced.height
        return whole


def open_picture(file: BinaryIO, decoder: str, fit: Fit) -> Picture:
    """Open the photo in `file`, ready to be shrunk to `fit`. Raises Refused if it is animated or a bomb.

    Call it, and the methods of its result, inside `translate_errors`.
    """
    boxes.refuse_archive(file)
    truncation.refuse_unfilled(file, decoder)
    if decoder == "HEIC":
        return _open_heic(file)
    if decoder == "WEBP":
        boxes.refuse_cut_riff(file)
    if decoder == "PNG":
        costs.refuse_many_chunks(file)
    return _open_with_pillow(file, decoder, fit)


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise Refused in place of the errors of a decoder about a broken photo."""
    try:
        yield
    except UnidentifiedImageError as error:
        raise Refused("undecodable", "The photo cannot be decoded.") from error
    except RecursionError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, RuntimeError) as error:
        if is_machine_fault(error):
            raise
        said = str(error)
        if "llocat" in said or "nsufficient memory" in said:  # libheif's and libjpeg's words
            raise MemoryError from error
        code = "file_truncated" if "truncated" in said.lower() or "outside of file" in said else "undecodable"
        raise Refused(code, f"The photo cannot be decoded to its end: {said[:200]}.") from error


def _open_with_pillow(file: BinaryIO, decoder: str, fit: Fit) -> Picture:
    most = MAX_PIXELS[decoder]
    Image.MAX_IMAGE_PIXELS = most // 2  # Pillow refuses twice as many, before a decoder allocates memory for them
    scans = costs.count_scans(file) if decoder == "JPEG" else 0
    file.seek(0)
    try:
        opened = Image.open(file, formats=[decoder])
    except Image.DecompressionBombError as error:
        message = f"The photo claims more than the {most // 1_000_000} million pixels that are opened."
        raise Refused("photo_too_large", message) from error
    size = opened.size
    _refuse_bombs(*size, most)
    if decoder == "JPEG":
        costs.refuse_many_scans(scans, size[0] * size[1])
    if decoder != "JPEG" and getattr(opened, "is_animated", False):  # the other pictures in a JPEG are not its frames
        raise Refused("photo_animated", _MOVES)
    orientation = _orientation(opened)
    width, height = fit.of(*size)
    opened.draft(None, (_FINER * width, _FINER * height))

    def strips(rows: int) -> Iterator[Image.Image]:
        opened.load()
        if rows >= opened.height:
            yield opened
            return
        for top in range(0, opened.height, rows):
            yield opened.crop((0, top, opened.width, min(top + rows, opened.height)))

    return Picture(size, orientation, opened.info.get("icc_profile"), opened.size, strips)


def _orientation(opened: Image.Image) -> int:
    """Returns EXIF's 1 to 8; 1 if the EXIF is broken."""
    try:
        found = opened.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:
        return 1
    return found if isinstance(found, int) and found in _UPRIGHT else 1


def _open_heic(file: BinaryIO) -> Picture:
    """libheif rotates and crops as the file says, so its result is already upright; EXIF does not count."""
    end = boxes.end_of_boxes(file, index=b"meta")
    file.seek(8)
    if file.read(4) in _SEQUENCES:
        raise Refused("photo_animated", _MOVES)
    _refuse_bombs(*boxes.heic_size(file), MAX_PIXELS["HEIC"])
    opened = HeifFile(boxes.TruncatedFile(file, end), remove_stride=False)  # type: ignore[no-untyped-call]
    if len(opened) == 0:
        raise Refused("undecodable", "There is no picture in this file.")
    primary = opened[opened.primary_index]
    _refuse_bombs(*primary.size, MAX_PIXELS["HEIC"])
    pixels, stride, mode = primary.data, primary.stride, primary.mode
    width, height = primary.size

    def strips(rows: int) -> Iterator[Image.Image]:
        for top in range(0, height, rows):
            count = min(rows, height - top)
            piece = pixels[top * stride : (top + count) * stride]
            yield Image.frombuffer(mode, (width, count), piece, "raw", mode, stride, 1)

    info: dict[str, Any] = primary.info
    profile = info.get("icc_profile") or profile_for(info.get("nclx_profile"))
    return Picture((width, height), 1, profile, (width, height), strips)


def _refuse_bombs(width: int, height: int, most: int) -> None:
    if width < 1 or height < 1:
        raise Refused("undecodable", "The photo has no area.")
    if width * height > most:
        raise Refused(
            "photo_too_large",
            f"The photo claims {width} × {height} pixels; at most {most // 1_000_000} million are opened.",
        )
