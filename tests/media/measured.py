"""Inspecting in a process that has no other children, so that its largest child can be measured."""

import resource
from pathlib import Path

from tiktok_api.media.inspecting import Facts, Rejection, inspect


def inspect_and_measure(path: Path) -> tuple[Facts | Rejection, int]:
    """What inspection says, and how many bytes of memory the largest child of this process ever had."""
    outcome = inspect(path)
    return outcome, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
