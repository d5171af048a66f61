"""How much may be in a JSON body: its bounds are checked before a schema reads it, because faults cost more than their bytes.

The figures leave room for some hundred items of several dozen members each; no schema is deeper than six.
"""

from typing import Any

from tiktok_api.errors import Invalid, fault

MOST_MEMBERS = 1_000
"""In one object or array."""
MOST_MEMBERS_IN_ALL = 20_000
MOST_DEPTH = 12
LONGEST_NAME = 64
"""Characters of a member's name; the longest of any schema has half of that."""
LONGEST_TEXT = 64 * 1024
"""Characters of one string."""

Path = tuple[Any, ...]
"""The names and places that lead to a value."""


def check(value: Any, body: bytes) -> None:
    """Refuse a body with too much in it, or with U+0000, which no text needs and PostgreSQL refuses. Raises Invalid.

    `value` is what `body` holds. The work is bounded by the figures above, not by the size of the body.
    """
    has_nul, members = rb"\u0000" in body, 0
    nuls: list[Path] = []
    found: list[tuple[Path, dict[str, Any] | list[Any]]] = [((), [value])]  # so that the whole is a member too
    while found:
        path, inner = found.pop()
        members += len(inner)
        if len(inner) > MOST_MEMBERS:
            raise _excess("too_many_members", "Has too many members.", path, MOST_MEMBERS)
        if members > MOST_MEMBERS_IN_ALL:
            raise _excess("too_many_members", "Has too many members in all.", (), MOST_MEMBERS_IN_ALL)
        if len(path) > MOST_DEPTH:
            raise _excess("too_deep", "Is nested too deeply.", (), MOST_DEPTH)
        if isinstance(inner, dict) and max(map(len, inner), default=0) > LONGEST_NAME:
            raise _excess("name_too_long", "Has a member whose name is too long.", path, LONGEST_NAME)
        for key, member in inner.items() if isinstance(inner, dict) else enumerate(inner):
            if isinstance(member, dict | list):
                found.append(((*path, key), member))
            elif isinstance(member, str) and len(member) > LONGEST_TEXT:
                raise _excess("too_long", "Has too many characters.", (*path, key), LONGEST_TEXT)
            if has_nul and ("\0" in str(key) or (isinstance(member, str) and "\0" in member)):
                nuls.append((*path, key))
    if nuls:
        raise Invalid(errors=[unprintable(pointer=pointer_to(path[1:])) for path in nuls])


def _excess(code: str, message: str, path: Path, allowed: int) -> Invalid:
    return Invalid(errors=[fault(code, message, pointer=pointer_to(path[1:]), allowed=allowed)])


def unprintable(**place: str) -> dict[str, Any]:
    """The fault of a text with U+0000 at a `pointer` or `parameter`."""
    return fault("invalid", "Has the character U+0000.", **place)


def pointer_to(path: Path) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
