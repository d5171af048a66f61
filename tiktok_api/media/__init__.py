"""Videos and photos: received, inspected in a child process, stored until they are no longer needed.

The cut follows what can fail: in `uploads` and `imports` a connection, in `inspection` a hostile file, in `conversion` media
that are beyond TikTok's limits, in `checks` TikTok's rules. `deduplication` and `quotas` decide what a library stores,
`downloads` serves it, `cleanup` deletes what is no longer needed.

`__all__` names the rooms that other domains may enter, beside services, models and errors.
"""

__all__ = [
    "checks",
    "deduplication",
    "downloads.links",
    "downloads.responses",
    "inspection.sniff",
    "uploads.openapi",
]
