"""What a photo is: its size the right way up, decoded to its last byte."""

from typing import Any, BinaryIO

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from tiktok_api.media.probing import boxes
from tiktok_api.media.probing.refusal import Refused

MAX_PIXELS = 50_000_000  # phones make 48-megapixel photos; decoded, this many take 200 MB
THUMBNAIL_PIXELS = 640
_TURNED = (5, 6, 7, 8)  # EXIF 2.32, tag 0x0112: rows and columns change places


def probe(file: BinaryIO, decoder: str, thumbnail: BinaryIO) -> dict[str, Any]:
    """Facts about a photo. Raises Refused for one that is broken, cut off, animated or a bomb."""
    boxes.refuse_double_natured(file)
    if decoder == "HEIC":
        return _heic(file)
    if decoder == "WEBP":
        boxes.refuse_cut_riff(file)
    Image.MAX_IMAGE_PIXELS = None  # we draw the line ourselves, before anything is decoded
    file.seek(0)
    try:
        picture = Image.open(file, formats=[decoder])
        _refuse_bombs(*picture.size)
        width, height = picture.size
        orientation = int(picture.getexif().get(ExifTags.Base.Orientation, 1) or 1)
        if decoder == "WEBP" and getattr(picture, "is_animated", False):
            raise Refused("photo_animated", "This picture moves; send a still one, or a video.")
        picture.draft("RGB", (THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))  # a large JPEG is decoded small, but to its end
        picture.load()
        _save_thumbnail(picture, thumbnail)
    except UnidentifiedImageError as error:
        raise Refused("undecodable", "The photo cannot be decoded.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        code = "file_truncated" if "truncated" in str(error) else "undecodable"
        raise Refused(code, f"The photo cannot be decoded to its end: {str(error)[:200]}.") from error
    if orientation in _TURNED:
        width, height = height, width
    return {"kind": "photo", "width": width, "height": height, "orientation": orientation}


def save_thumbnail(picture: Image.Image, target: BinaryIO) -> None:
    """`picture` as a JPEG of at most 640 pixels a side."""
    picture.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    if picture.mode in ("RGBA", "LA", "PA", "P"):
        clear = picture.convert("RGBA")
        picture = Image.new("RGB", clear.size, (255, 255, 255))
        picture.paste(clear, mask=clear.getchannel("A"))
    picture.convert("RGB").save(target, "JPEG", quality=80)


def _save_thumbnail(picture: Image.Image, target: BinaryIO) -> None:
    picture.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))  # before turning, so that only the small one is turned
    save_thumbnail(ImageOps.exif_transpose(picture), target)


def _heic(file: BinaryIO) -> dict[str, Any]:
    """Kept, not decoded: TikTok refuses HEIC, so only its size is read."""
    boxes.refuse_cut_or_endless_boxes(file)
    width, height = boxes.heic_size(file)
    _refuse_bombs(width, height)
    return {"kind": "photo", "width": width, "height": height, "orientation": 1}


def _refuse_bombs(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise Refused("undecodable", "The photo has no area.")
    if width * height > MAX_PIXELS:
        raise Refused(
            "photo_too_large",
            f"The photo claims {width} × {height} pixels; at most {MAX_PIXELS // 1_000_000} million are opened.",
        )
