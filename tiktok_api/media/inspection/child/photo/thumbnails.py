"""The small picture by which people recognise a video or photo."""

from typing import BinaryIO

from PIL import Image

from tiktok_api.media.inspection.child.photo import colours

PIXELS = 640


def save(picture: Image.Image, target: BinaryIO) -> None:
    """An RGB or RGBA `picture` of at most 640 pixels a side as a JPEG."""
    colours.on_white(picture).save(target, "JPEG", quality=80)
