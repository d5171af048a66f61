"""How apps and creators may be named."""

import re
from typing import Any

from tiktok_api.simulator.options.declarations import required

NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


def name_field(meaning: str) -> Any:
    """Declare a field of a dataclass as a name."""
    return required(meaning, longest=64, form=(NAME.fullmatch, "1 to 64 letters, digits, dots, dashes and underscores"))
