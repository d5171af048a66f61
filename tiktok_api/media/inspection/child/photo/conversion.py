"""A photo made into one that TikTok takes: small enough, upright, in sRGB, and with nothing else in it.

Only pixels are written: EXIF with its places and serial numbers, XMP, profiles and hidden previews stay behind.
"""

from typing import Any, BinaryIO

from tiktok_api.media.checks import PHOTO_LONG_SIDE_PIXELS, PHOTO_SHORT_SIDE_PIXELS
from tiktok_api.media.inspection.child.photo import colours
from tiktok_api.media.inspection.child.photo.pictures import Fit, explained, open_picture

_LARGEST = Fit(PHOTO_LONG_SIDE_PIXELS, PHOTO_SHORT_SIDE_PIXELS)
# At these sizes no quality comes near TikTok's 20 MB: 1080 × 1920 pixels are 6.2 MB before anything is compressed.
_QUALITY = 95


def convert(decoder: str, wanted: str, file: BinaryIO, target: BinaryIO) -> dict[str, Any]:
    """Write the photo in `file` to `target` as `wanted`, JPEG or WEBP; answers its size. Raises Refused."""
    with explained():
        picture = open_picture(file, decoder, _LARGEST).shrunk(_LARGEST)
        if wanted == "JPEG":
            colours.on_white(picture).save(target, "JPEG", quality=_QUALITY, subsampling="4:4:4")
        else:
            picture.save(target, "WEBP", quality=_QUALITY)
    return {"width": picture.width, "height": picture.height}
