"""The content type that a sender names, until inspection finds the real one: read strictly, so that only a type is kept."""

import re

_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,64}/[A-Za-z0-9!#$&^_.+-]{1,64}")  # RFC 6838, 4.2


def named_type(said: str | None) -> str | None:
    """Returns type and subtype in lower case, without parameters; None for anything else."""
    named = (said or "").partition(";")[0].strip()
    return named.lower() if _MEDIA_TYPE.fullmatch(named) else None
