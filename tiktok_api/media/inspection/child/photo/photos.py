"""What a photo is: its size the right way up, decoded to its last byte."""

from typing import Any, BinaryIO

from tiktok_api.media.inspection.child.photo import thumbnails
from tiktok_api.media.inspection.child.photo.pictures import Fit, explained, open_picture

_THUMBNAIL = Fit(thumbnails.PIXELS, thumbnails.PIXELS)


def probe(decoder: str, file: BinaryIO, thumbnail: BinaryIO) -> dict[str, Any]:
    """Facts about a photo. Raises Refused for one that is broken, cut off, animated or a bomb."""
    with explained():
        picture = open_picture(file, decoder, _THUMBNAIL)
        thumbnails.save(picture.shrunk(_THUMBNAIL), thumbnail)
    width, height = picture.size_as_seen
    return {"kind": "photo", "width": width, "height": height, "orientation": picture.orientation}
