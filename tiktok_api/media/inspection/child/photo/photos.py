"""The two acts on a photo: find out what it is, or convert it to what TikTok takes.

A conversion writes pixels only: EXIF with its places and serial numbers, XMP, profiles and hidden previews are left out.
"""

from typing import Any, BinaryIO

from tiktok_api.media.checks import PHOTO_LONG_SIDE_PIXELS, PHOTO_SHORT_SIDE_PIXELS
from tiktok_api.media.inspection.child import thumbnails
from tiktok_api.media.inspection.child.photo import colours
from tiktok_api.media.inspection.child.photo.pictures import Fit, open_picture, translate_errors

_THUMBNAIL = Fit(thumbnails.PIXELS, thumbnails.PIXELS)
_LARGEST = Fit(PHOTO_LONG_SIDE_PIXELS, PHOTO_SHORT_SIDE_PIXELS)
_SLIDE = Fit(2 * PHOTO_LONG_SIDE_PIXELS, PHOTO_LONG_SIDE_PIXELS)  # a slideshow may cut the sides off
# At these sizes no quality comes near TikTok's 20 MB: 1080 × 1920 pixels are 6.2 MB before compression.
_QUALITY = 95


def inspect(decoder: str, file: BinaryIO, thumbnail: BinaryIO) -> dict[str, Any]:
    """Decode the photo to its last byte. Returns its facts. Raises Refused if it is broken, cut off, animated or a bomb."""
    with translate_errors():
        picture = open_picture(file, decoder, _THUMBNAIL)
        thumbnails.save(picture.shrunk(_THUMBNAIL), thumbnail)
    width, height = picture.size_as_seen
    return {"kind": "photo", "width": width, "height": height, "orientation": picture.orientation}


def convert(decoder: str, wanted: str, file: BinaryIO, target: BinaryIO) -> dict[str, Any]:
    """Write the photo in `file` to `target` as `wanted`, JPEG or WEBP: small enough, upright, in sRGB.

    As SLIDE it is a larger JPEG, for a slideshow. Returns the new size. Raises Refused.
    """
    fit = _SLIDE if wanted == "SLIDE" else _LARGEST
    with translate_errors():
        picture = open_picture(file, decoder, fit).shrunk(fit)
        if wanted != "WEBP":
            colours.on_white(picture).save(target, "JPEG", quality=_QUALITY, subsampling="4:4:4")
        else:
            picture.save(target, "WEBP", quality=_QUALITY)
    return {"width": picture.width, "height": picture.height}
