"""The small picture by which people recognise a video or photo. Both kinds of child use it, so it does not import libheif."""

from typing import BinaryIO

from PIL import Image

from tiktok_api.media.inspection.child.photo import colours

PIXELS = 640


def save(picture: Image.Image, target: BinaryIO) -> None:
    """Write an RGB or RGBA `picture` of at most 640 pixels a side to `target` as a JPEG."""
    colours.on_white(picture).save(target, "JPEG", quality=80)
