"""What a check yields, and how it words an error."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flask import Flask

from tiktok_api.db import explain
from tiktok_api.settings import Settings

SILENCE_SECONDS = 4.0
"""How long a check waits for one answer of a server."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found: `status` is ok, warning or failed; `hint` says what to do."""

    name: str
    status: str
    message: str
    hint: str = ""


SettingsCheck = Callable[[Flask, Settings], Iterator[CheckResult]]


def first_line(error: Exception) -> str:
    """What an error says, in one line."""
    if isinstance(error, socket.gaierror):
        return "the name of the host is not known"
    return explain(error)
