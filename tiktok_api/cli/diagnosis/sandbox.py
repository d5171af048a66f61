"""The child process that opens media: whether the kernel holds it to its list of system calls."""

from collections.abc import Iterator

from flask import Flask

from tiktok_api.cli.diagnosis.result import CheckResult
from tiktok_api.media.inspection.sandbox import OpeningFailed, is_filtered
from tiktok_api.settings import Settings


def check_sandbox(_app: Flask, _settings: Settings) -> Iterator[CheckResult]:
    try:
        is_held = is_filtered()
    except (OpeningFailed, OSError) as error:
        hint = "may this user start processes, and write to the temporary folder?"
        yield CheckResult("sandbox", "failed", f"media cannot be opened: {error}", hint)
        return
    if is_held:
        yield CheckResult("sandbox", "ok", "media are opened by a process that may make few system calls")
        return
    message = (
        "media are opened without a filter of system calls: a decoder that a file takes over is held by limits alone"
    )
    hint = "let the container's profile allow seccomp, on a kernel with CONFIG_SECCOMP_FILTER, x86-64 or arm64"
    yield CheckResult("sandbox", "warning", message, hint)
