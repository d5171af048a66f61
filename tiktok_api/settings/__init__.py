"""Everything an operator can set: `declarations` names each setting once, `types` and `rules` say what a value may be."""

from tiktok_api.settings.declarations import (
    DERIVED,
    MEBIBYTE,
    NAMES,
    KeyRing,
    Network,
    Settings,
    SettingsInvalid,
    exit_with,
    load,
    load_or_exit,
)

__all__ = [
    "DERIVED",
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
