"""What people do with recurrences: create, change, pause and delete them.

The posts that were made and that no person has touched since follow every change: they are deleted with it, and made anew by
the job. A post that was changed by hand stays as it is, and its day gets no other.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from tiktok_api import clock
from tiktok_api.auth import audit
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, locked
from tiktok_api.db.writes import insert_rows, make_row
from tiktok_api.errors import NotFound
from tiktok_api.jobs import queue
from tiktok_api.posts import services as posts
from tiktok_api.posts.bookkeeping.deletion import delete_post
from tiktok_api.posts.models import Post
from tiktok_api.posts.queries import visible_to
from tiktok_api.posts.recurrences import content, queries
from tiktok_api.posts.recurrences.models import MATERIALISE, Recurrence, RecurrenceOccurrence, job_key
from tiktok_api.posts.recurrences.occurrences import Timetable, first_occurrence
from tiktok_api.posts.recurrences.plan import Rotation, rotation_of, timetable_of
from tiktok_api.posts.vocabulary import PostStatus

_MAY_BE_REPLACED = (PostStatus.DRAFT, PostStatus.SCHEDULED)


def get_recurrence(caller: Identity, recurrence_id: UUID) -> Recurrence:
    """Returns the caller's recurrence, locked until the transaction ends. Raises NotFound."""
    found = locked(select(Recurrence).where(Recurrence.id == recurrence_id, *queries.visible_to(caller)))
    if found is None:
        raise NotFound
    return found


def create(caller: Identity, *, post: dict[str, Any], media_rotation: Sequence[Sequence[UUID]], **values: Any) -> UUID:
    """Create a recurrence; its first posts are made by a job. Returns its id.

    Raises RuleNotSupported, RuleWithoutOccurrence, StartNotPossible, and what scheduling such a post raises.
    """
    timetable = Timetable(values["rule"], values["local_time"], values["timezone"], values["exceptions"])
    first = first_occurrence(timetable)
    content.must_be_publishable(caller, post, Rotation(media_rotation, values["repeat_media"]), at=first.at)
    recurrence = make_row(
        Recurrence,
        owner_id=caller.user_id,
        content=content.kept(post),
        looked_until=clock.now(),
        **_consent_of(caller),
        **values,
    )
    insert_rows(recurrence)
    content.store_targets(recurrence, post["targets"])
    content.store_turns(recurrence, media_rotation)
    if not recurrence.is_paused:
        _make_posts(recurrence)
    audit.record(caller, "recurrence.created", subject_id=recurrence.id)
    return recurrence.id


def update(caller: Identity, recurrence_id: UUID, **changes: Any) -> None:
    """Change a recurrence, and the posts that it has made and that are as they were made. Raises NotFound, as creating does."""
    recurrence = get_recurrence(caller, recurrence_id)
    changes = _what_differs(caller, recurrence, changes)
    if not changes:
        return
    post, turns = changes.pop("post", None), changes.pop("media_rotation", None)
    for name, value in changes.items():
        setattr(recurrence, name, value)
    if post is not None:
        recurrence.content = content.kept(post)
        content.store_targets(recurrence, post["targets"])
        for name, value in _consent_of(caller).items():
            setattr(recurrence, name, value)
    if turns is not None:
        content.store_turns(recurrence, turns)
    _withdraw_untouched(caller, recurrence)  # posts are locked before accounts
    if changes.keys() != {"is_paused"} or post is not None or turns is not None:
        _must_be_possible(caller, recurrence)
    recurrence.looked_until = recurrence.updated_at = clock.now()
    recurrence.last_problem = recurrence.ended_at = None
    if recurrence.is_paused:
        queue.cancel(job_key(recurrence.id))
    else:
        _make_posts(recurrence)
    audit.record(caller, "recurrence.updated", subject_id=recurrence.id)
    db.session.flush()


def delete(caller: Identity, recurrence_id: UUID, *, cancel_scheduled: bool) -> list[UUID]:
    """Delete a recurrence. Returns the ids of its scheduled posts, which are cancelled with it where that is wanted.

    Those that a person has given to an account outside of a key's reach are none of its business: they stay as they are.
    """
    recurrence = get_recurrence(caller, recurrence_id)
    scheduled: Sequence[UUID] = ()
    if cancel_scheduled:
        made = select(RecurrenceOccurrence.post_id).where(RecurrenceOccurrence.recurrence_id == recurrence.id)
        its = (Post.id.in_(made), Post.status == PostStatus.SCHEDULED, *visible_to(caller))
        scheduled = db.session.scalars(select(Post.id).where(*its).order_by(Post.id).with_for_update()).all()
        for post_id in scheduled:
            posts.cancel(caller, post_id)
    queue.cancel(job_key(recurrence.id))
    audit.record(caller, "recurrence.deleted", subject_id=recurrence.id)
    db.session.delete(recurrence)
    db.session.flush()
    return list(scheduled)


def _consent_of(caller: Identity) -> dict[str, Any]:
    """Returns when and by which credential the person has agreed to what each post will say."""
    return {
        "consented_at": clock.now(),
        "consent_session_id": caller.session_id,
        "consent_key_id": caller.key_id,
    }


def _make_posts(recurrence: Recurrence) -> None:
    queue.enqueue(MATERIALISE, due_at=clock.now(), owner_id=recurrence.owner_id, subject=recurrence.id)


def _what_differs(caller: Identity, recurrence: Recurrence, changes: dict[str, Any]) -> dict[str, Any]:
    """Returns those changes that differ: a client may send back all that it was shown."""
    shown = queries.show_recurrence(caller, recurrence.id)
    found = {name: value for name, value in changes.items() if name != "post" and value != shown[name]}
    if "post" in changes:
        sent = content.kept(changes["post"]) | {"targets": content.as_json(changes["post"]["targets"])}
        # Of an account that was disconnected nothing is shown: to send the rest back is to leave it out.
        if sent != shown["post"] or len(sent["targets"]) < len(queries.targets_of(recurrence.id)):
            found["post"] = changes["post"]
    return found


def _must_be_possible(caller: Identity, recurrence: Recurrence) -> None:
    """Raises what creating it as it is now would raise."""
    db.session.flush()
    first, rotation = first_occurrence(timetable_of(recurrence)), rotation_of(recurrence)
    content.must_have_media(rotation)
    draft = content.draft_of(recurrence, queries.targets_of(recurrence.id), ())
    content.must_be_publishable(caller, draft, rotation, at=first.at)


def _withdraw_untouched(caller: Identity, recurrence: Recurrence) -> None:
    """Delete the coming posts that are as they were made; their days and numbers are free again."""
    coming = select(RecurrenceOccurrence).where(
        RecurrenceOccurrence.recurrence_id == recurrence.id,
        RecurrenceOccurrence.post_id.is_not(None),
        RecurrenceOccurrence.publish_at > clock.now(),
    )
    made = {row.post_id: row for row in db.session.scalars(coming)}
    its = select(Post).where(Post.id.in_(made), Post.status.in_(_MAY_BE_REPLACED)).order_by(Post.id)
    for post in db.session.scalars(its.with_for_update().execution_options(populate_existing=True)).all():
        row = made[post.id]
        if post.updated_at == row.post_updated_at:
            recurrence.next_number = min(recurrence.next_number, row.number)
            db.session.delete(row)
            db.session.flush()
            delete_post(caller, post.id)
