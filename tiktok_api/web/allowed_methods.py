"""The methods of a path: a static word (`/accounts/connect`) is never read as an id (`/accounts/<uuid>`)."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from flask import current_app, request
from werkzeug.routing import Rule

from tiktok_api.errors import MethodNotAllowed


def refuse_static_words() -> None:
    """Refuse a request that matched an id although the path is another route's. Raises MethodNotAllowed."""
    if methods := methods_at(request.path):
        raise MethodNotAllowed(headers={"Allow": allow(methods)})


def methods_at(path: str) -> set[str]:
    """The methods of the routes whose static words and ids are exactly those of `path`; empty where there are none."""
    return {method for rule in _matching(path) for method in rule.methods or ()}


def allow(methods: Iterable[str]) -> str:
    """The value of an `Allow` header."""
    return ", ".join(sorted(methods))


def _matching(path: str) -> Iterator[Rule]:
    asked = path.split("/")
    for rule in current_app.url_map.iter_rules():
        segments = rule.rule.split("/")
        if len(segments) == len(asked) and all(map(_fits, segments, asked)):
            yield rule


def _fits(segment: str, word: str) -> bool:
    """Returns True if a segment of a rule, a static word or a converter, matches this word."""
    if not segment.startswith("<"):
        return segment == word
    return not segment.startswith("<uuid:") or _is_id(word)


def _is_id(word: str) -> bool:
    try:
        UUID(word)
    except ValueError:
        return False
    return len(word) == 36
