"""Conversion of any depth and colour space to sRGB, which viewers on TikTok see."""

import io

from PIL import Image, ImageCms

_SRGB = ImageCms.createProfile("sRGB")
_WHITE = (255, 255, 255)


def plain(picture: Image.Image) -> Image.Image:
    """Returns `picture` in a mode that can be reduced: L, LA, RGB, RGBA or CMYK."""
    if picture.mode.startswith("I;16"):
        scaled = picture.point(lambda value: value * (1 / 257))  # 16 bits; `convert` would cut instead of scaling
        return scaled.convert("L")
    if picture.mode == "La":
        return picture.convert("LA")
    if picture.has_transparency_data:
        return picture if picture.mode in ("LA", "RGBA") else picture.convert("RGBA")
    if picture.mode == "1":
        return picture.convert("L")
    return picture if picture.mode in ("L", "RGB", "CMYK") else picture.convert("RGB")


def to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Returns a plain `picture`, whose colours the ICC `profile` defines (None: sRGB), as RGB or RGBA in sRGB."""
    alpha = picture.getchannel("A") if picture.mode in ("LA", "RGBA") else None
    colour = picture.convert({"LA": "L", "RGBA": "RGB"}.get(picture.mode, picture.mode))
    colour = (_converted(colour, profile) if profile else None) or colour.convert("RGB")
    if alpha is not None:
        colour.putalpha(alpha)
    return colour


def on_white(picture: Image.Image) -> Image.Image:
    """Returns `picture` on a white background, without transparency."""
    if picture.mode != "RGBA":
        return picture
    whole = Image.new("RGB", picture.size, _WHITE)
    whole.paste(picture, mask=picture.getchannel("A"))
    return whole


def _converted(colour: Image.Image, profile: bytes) -> Image.Image | None:
    """Returns None if the profile is broken or for another kind of picture: viewers ignore it then, and so do we."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        if space == "RGB" and colour.mode == "L":
            colour = colour.convert("RGB")
        if {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}.get(space) != colour.mode:
            return None
        return ImageCms.profileToProfile(
            colour,
            source,
            ImageCms.ImageCmsProfile(_SRGB),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
