"""Everything an operator can set.

`declarations` names each setting once, `types` and `rules` say what a value may be, `env_file` reads `.env`, and `loader`
reads and checks them all.
"""

from tiktok_api.settings.declarations import NAMES, Settings
from tiktok_api.settings.loader import SettingsInvalid, exit_with, load, load_or_exit
from tiktok_api.settings.types import DERIVED, KEY_BYTES, KEY_ID, MEBIBYTE, KeyRing, Network

__all__ = [
    "DERIVED",
    "KEY_BYTES",
    "KEY_ID",
    "MEBIBYTE",
    "NAMES",
    "KeyRing",
    "Network",
    "Settings",
    "SettingsInvalid",
    "exit_with",
    "load",
    "load_or_exit",
]
