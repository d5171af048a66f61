"""Opening files in a process that has no other children, so that its largest child can be measured."""

import resource
from pathlib import Path

from tests.media.conversion.film_in_child import film_in_child
from tiktok_api.media.conversion.photos import PhotoFormat, convert
from tiktok_api.media.inspection.inspect import Facts, Rejection, inspect
from tiktok_api.media.inspection.sandbox import Opened


def inspect_and_measure(path: Path) -> tuple[Facts | Rejection, int]:
    """What inspection says, and how many bytes of memory the largest child of this process ever had."""
    return inspect(path), _largest_child_bytes()


def convert_and_measure(path: Path, content_type: str) -> tuple[bytes | Rejection, int]:
    """The same for a conversion to JPEG."""
    return convert(path, content_type, PhotoFormat.JPEG), _largest_child_bytes()


def film_and_measure(path: Path) -> tuple[Opened | Rejection, int]:
    """The same for a conversion of an MP4."""
    opened, _ = film_in_child(path, max_bytes=1 << 29, cpu_seconds=300)
    return opened, _largest_child_bytes()


def _largest_child_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
