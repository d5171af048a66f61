"""What a video shows and sounds like at a moment."""

import io
from typing import Any

import av
from PIL import Image

COLOURS = {"red": (230, 20, 20), "green": (20, 160, 40), "blue": (20, 40, 200)}


def coloured(name: str, size: tuple[int, int] = (540, 960), kind: str = "JPEG") -> bytes:
    """The bytes of a photo of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", size, COLOURS[name]).save(buffer, kind)
    return buffer.getvalue()


def picture_at(content: bytes, second: float) -> Image.Image:
    """The picture that is shown at this second."""
    shown = None
    with av.open(io.BytesIO(content)) as container:
        for frame in container.decode(video=0):
            if shown is not None and frame.time > second:
                break
            shown = frame
    assert shown is not None
    return shown.to_image()  # type: ignore[no-any-return]


def colour_at(content: bytes, second: float, *, x: float = 0.5, y: float = 0.5) -> str:
    """The name of the colour in that part of the picture, at this second."""
    return name_of(picture_at(content, second), x=x, y=y)


def name_of(picture: Image.Image, *, x: float = 0.5, y: float = 0.5) -> str:
    """The nearest of some colours to that of the picture there."""
    colours = COLOURS | {"black": (0, 0, 0), "white": (255, 255, 255)}
    found: Any = picture.convert("RGB").getpixel((int(x * (picture.width - 1)), int(y * (picture.height - 1))))
    return min(colours, key=lambda name: sum((a - b) ** 2 for a, b in zip(colours[name], found, strict=True)))
