"""What the posts of a recurrence say: kept as `POST /posts` takes it, checked before it is stored, given to each post."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete

from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.db.writes import insert_rows, make_row
from tiktok_api.errors import Invalid, fault
from tiktok_api.posts.creation import prepare_post
from tiktok_api.posts.errors import UnknownTarget
from tiktok_api.posts.recurrences.models import Recurrence, RecurrenceMedia, RecurrenceTarget
from tiktok_api.posts.recurrences.plan import Rotation
from tiktok_api.posts.vocabulary import with_enums

_ELSEWHERE = ("targets", "media_ids", "slot")


def kept(post: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what is stored of a draft, as JSON: all but its targets and media, which have rows of their own."""
    return dict(as_json({name: value for name, value in post.items() if name not in _ELSEWHERE}))


def as_json(value: Any) -> Any:
    """Returns the same with ids, times (in UTC, with Z) and members of enums as text."""
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_UTC_Z))


def draft_of(recurrence: Recurrence, targets: Sequence[Any], media_ids: Sequence[UUID]) -> dict[str, Any]:
    """Returns the arguments by which a post is created, without its time; the consent is the one of the recurrence."""
    connected = [{"account_id": each.account_id, **each.overrides} for each in targets if each.account_id]
    origin = {"recurrence_id": recurrence.id, "consented_at": recurrence.consented_at}
    return with_enums(recurrence.content) | origin | {"targets": connected, "media_ids": media_ids}


def must_have_their_accounts(targets: Sequence[Any]) -> None:
    """Raises UnknownTarget where an account was disconnected: the posts must not go out on the others without a word."""
    gone = [place for place, target in enumerate(targets) if target.account_id is None]
    if gone:
        message = "This account was disconnected; leave it out, or name another."
        faults = [fault("account_disconnected", message, pointer=f"/post/targets/{place}") for place in gone]
        raise UnknownTarget(errors=faults)


def must_have_media(rotation: Rotation) -> None:
    """Raises UnknownTarget where the media were deleted after the recurrence had ended: it would end again without a word."""
    if not rotation.turns:
        message = "Its media were deleted after it had ended; name others."
        raise UnknownTarget(errors=[fault("media_deleted", message, pointer="/media_rotation")])


def must_be_publishable(caller: Identity, post: dict[str, Any], rotation: Rotation, *, at: datetime) -> None:
    """Raises Invalid with everything that would keep the post of any turn from being scheduled."""
    faults: dict[tuple[str, str], dict[str, Any]] = {}
    for turn, media_ids in enumerate(rotation.turns):
        try:
            prepare_post(caller, **post | {"slot": {"publish_at": at}, "media_ids": media_ids})
        except Invalid as problem:
            for found in _moved(problem, turn):
                faults.setdefault((found["pointer"], found["code"]), found)
    if faults:
        raise Invalid(errors=list(faults.values()))


def _moved(problem: Invalid, turn: int) -> Iterator[dict[str, Any]]:
    """Yields the faults of a post with pointers into the recurrence."""
    for found in problem.extra["errors"]:
        media = re.fullmatch(r"/media_ids(/\d+)?", found["pointer"])
        yield found | {"pointer": f"/media_rotation/{turn}{media[1] or ''}" if media else f"/post{found['pointer']}"}


def store_targets(recurrence: Recurrence, targets: Sequence[Mapping[str, Any]]) -> None:
    """Replace the targets."""
    db.session.execute(delete(RecurrenceTarget).where(RecurrenceTarget.recurrence_id == recurrence.id))
    insert_rows(
        *(
            make_row(
                RecurrenceTarget,
                recurrence_id=recurrence.id,
                account_id=target["account_id"],
                position=place,
                overrides=as_json({name: value for name, value in target.items() if name != "account_id"}),
            )
            for place, target in enumerate(targets)
        )
    )


def store_turns(recurrence: Recurrence, turns: Sequence[Sequence[UUID]]) -> None:
    """Replace the media."""
    db.session.execute(delete(RecurrenceMedia).where(RecurrenceMedia.recurrence_id == recurrence.id))
    insert_rows(
        *(
            make_row(RecurrenceMedia, recurrence_id=recurrence.id, media_id=media_id, turn=turn, position=place)
            for turn, media_ids in enumerate(turns)
            for place, media_id in enumerate(media_ids)
        )
    )
