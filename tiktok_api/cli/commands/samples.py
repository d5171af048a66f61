"""`tiktok-api sample-video` and `sample-photo`: files to try things with."""

from pathlib import Path

import click

_SUFFIXES = (".mp4", ".mov", ".webm")
_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


@click.command("sample-video")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--seconds", type=click.FloatRange(1, 600), default=5, show_default=True)
@click.option("--width", type=click.IntRange(16, 4096), default=720, show_default=True)
@click.option("--height", type=click.IntRange(16, 4096), default=1280, show_default=True)
def sample_video(file: Path, seconds: float, width: int, height: int) -> None:
    """Make a small video with sound: MP4, MOV or WebM, by the name of FILE."""
    from tiktok_api.cli.sample_video import make_sample_video

    if file.suffix.lower() not in _SUFFIXES:
        raise click.UsageError(f"FILE ends with {', '.join(_SUFFIXES)}.")
    codec = "libvpx-vp9" if file.suffix.lower() == ".webm" else "libx264"
    make_sample_video(file, seconds=seconds, width=width, height=height, codec=codec)
    click.echo(f"{file}: {seconds:g} s, {width}×{height}, {file.stat().st_size:,} bytes")


@click.command("sample-photo")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--width", type=click.IntRange(16, 8192), default=1080, show_default=True)
@click.option("--height", type=click.IntRange(16, 8192), default=1350, show_default=True)
def sample_photo(file: Path, width: int, height: int) -> None:
    """Make a small photo: PNG, JPEG or WebP, by the name of FILE."""
    from PIL import Image

    if file.suffix.lower() not in _FORMATS:
        raise click.UsageError(f"FILE ends with {', '.join(_FORMATS)}.")
    red = Image.linear_gradient("L").resize((width, height))
    green = Image.radial_gradient("L").resize((width, height))
    blue = red.transpose(Image.Transpose.ROTATE_180)
    Image.merge("RGB", (red, green, blue)).save(file, format=_FORMATS[file.suffix.lower()])
    click.echo(f"{file}: {width}×{height}, {file.stat().st_size:,} bytes")
