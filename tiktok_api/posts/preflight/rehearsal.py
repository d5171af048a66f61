"""The other reasons against a request whose body has faults of shape: its sound parts are tried, and rolled back.

What is not sound is replaced by what raises no reason of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from tiktok_api import clock
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.auth.identity import Identity
from tiktok_api.db import transaction
from tiktok_api.db.trials import undone_if
from tiktok_api.errors import Invalid
from tiktok_api.posts import creation, services
from tiktok_api.posts.preflight import validation
from tiktok_api.posts.preflight.rules import LONGEST
from tiktok_api.posts.vocabulary import SLOT, PostType, with_enums
from tiktok_api.settings import Settings
from tiktok_api.web.parsing.well_formed import WellFormed

_LISTS = ("media_ids", "targets")
_WITHOUT_REASONS = ("labels",)  # nothing but their shape can be wrong


def create(caller: Identity, sound: WellFormed) -> None:
    """Raises Invalid with what would keep the sound parts of a draft from being created."""
    with _undone(), _without_false_reasons(sound):
        creation.create_post(caller, **_new_post(sound))


def validate(caller: Identity, sound: WellFormed, vault: TokenVault, settings: Settings) -> None:
    """Raises Invalid with the problems of the sound parts of a post, as its validation finds them."""
    with _without_false_reasons(sound):
        found = validation.validate_new(caller, vault, settings, **_new_post(sound))
        raise Invalid(errors=[_without_nulls(problem) for problem in found["problems"]])


def _without_nulls(problem: dict[str, Any]) -> dict[str, Any]:
    """A problem as one of `errors`, which leave out what is not known."""
    return {name: value for name, value in problem.items() if value is not None}


def update(caller: Identity, post_id: UUID, sound: WellFormed) -> None:
    """Raises Invalid with what would keep the sound parts of changes from being made."""
    changes = _changes(sound)
    with _undone(), _without_false_reasons(sound):
        services.update_post(caller, post_id, **changes)


def schedule(caller: Identity, post_id: UUID) -> None:
    """Raises Invalid with what would keep a post from being scheduled, whenever that is."""
    with _undone():
        services.schedule(caller, post_id, publish_at=_some_time())


def _new_post(sound: WellFormed) -> dict[str, Any]:
    return {"type": PostType.VIDEO, "media_ids": [], "targets": []} | _changes(sound)


def _changes(sound: WellFormed) -> dict[str, Any]:
    """Returns the arguments of the service. An item that is not sound is replaced by one that does not exist."""
    changes = {name: value for name, value in sound.values.items() if name not in (*_LISTS, *SLOT, *_WITHOUT_REASONS)}
    if "media_ids" in sound.values:
        changes["media_ids"] = sound.padded("media_ids", uuid4)
    if "targets" in sound.values:
        changes["targets"] = [{"account_id": uuid4()} | target for target in sound.padded("targets", dict)]
    return with_enums(changes) | {"slot": _slot(sound)}


def _slot(sound: WellFormed) -> dict[str, Any]:
    """Returns the time that was sent; where it is not sound, a possible one, because the post was to go out."""
    if not sound.sent & set(SLOT):
        return {}
    slot = {name: sound.values[name] for name in SLOT if name in sound.values}
    is_sound = slot.keys() == sound.sent & set(SLOT) and slot.keys() in ({"publish_at"}, {"local_time", "timezone"})
    return slot if is_sound else {"publish_at": _some_time()}


def _some_time() -> Any:
    return clock.now() + timedelta(days=1)


@contextmanager
def _without_false_reasons(sound: WellFormed) -> Iterator[None]:
    """Leave out faults that exist only because another part is not sound: a missing override, type or mode."""
    try:
        yield
    except Invalid as problem:
        faults = [fault for fault in problem.extra.get("errors", []) if not _is_false(fault, sound)]
        raise Invalid(errors=faults) from None


def _is_false(fault: dict[str, Any], sound: WellFormed) -> bool:
    if any(f"/{name}" in sound.faulty and fault["code"] in codes for name, codes in _DEPENDING.items()):
        return True
    account_id = fault.get("account_id")
    is_of_any = account_id is None and fault["code"] in _OF_WORDS
    overriding = [
        place for place, target in sound.items("targets").items() if is_of_any or target.get("account_id") == account_id
    ]
    return any(f"/targets/{place}{fault['pointer']}" in sound.faulty for place in overriding)


_UNUSED = {"ignored_in_inbox_mode", "ignored_for_video", "ignored_for_photo"}
_TOO_LONG = {f"{name}_too_long" for name in LONGEST}
_OF_WORDS = {"privacy_level_missing", "branded_content_private"} | _TOO_LONG | _UNUSED
_DEPENDING = {
    "type": {"media_kind", "media_count", "cover_not_shown"} | _TOO_LONG | _UNUSED,
    "mode": _OF_WORDS,
    "targets": _OF_WORDS,
}
"""By a field, the codes of faults that depend on it."""


@contextmanager
def _undone() -> Iterator[None]:
    """What is always undone, inside the open transaction or in one of its own."""
    with transaction(), undone_if(True):
        yield
