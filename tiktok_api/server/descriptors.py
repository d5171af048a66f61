"""File descriptors: each connection takes one, and the application needs some too."""

import resource

_WANTED, _OTHERS = 4096, 256
"""The application has at least so many for itself, or half of them if there are few."""


def raise_limit(connections: int) -> int:
    """Let this process have as many as it wants and may. Returns for how many of `connections` there is room."""
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = _WANTED if most == resource.RLIM_INFINITY else min(most, _WANTED)
    if 0 <= soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    return max(16, min(connections, files - min(_OTHERS, files // 2)))
