"""The parts of a post that may still be changed: its media, its targets, and the defaults that they start from."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import delete, select

from tiktok_api.accounts.models import Account
from tiktok_api.accounts.services import get_accounts
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.db.writes import insert_rows, make_row
from tiktok_api.errors import fault
from tiktok_api.jobs import queue
from tiktok_api.media.models import Media
from tiktok_api.media.services import get_many
from tiktok_api.posts.bookkeeping.attempts import keep_attempts
from tiktok_api.posts.composer.consent import show_creator_info
from tiktok_api.posts.errors import UnknownTarget
from tiktok_api.posts.models import Post, PostMedia, Publication
from tiktok_api.posts.preflight.report import Reasons
from tiktok_api.posts.publishing.content import overrides_in, used_by
from tiktok_api.posts.vocabulary import PostMode, PostStatus


def publications_of(post: Post) -> Sequence[Publication]:
    """Returns a post's publications in the order of its targets."""
    return db.session.scalars(select(Publication).where(Publication.post_id == post.id).order_by(Publication.id)).all()


def what_differs(
    post: Post, changes: Mapping[str, Any], *, media: Sequence[Media], publications: Sequence[Publication]
) -> dict[str, Any]:
    """Returns those of `changes` that differ from the post: a client may send back all that it was shown.

    A slot is the same only while the post is scheduled. An instant is never the same as a local time, which moves with the rules
    of its zone.
    """
    slot = changes.get("slot", {})
    is_alike = post.status is PostStatus.SCHEDULED and not ("publish_at" in slot and post.local_time)
    named = slot.keys() if is_alike else ()
    now: dict[str, Any] = {
        "media_ids": [item.id for item in media],
        "targets": [{"account_id": each.account_id, **each.overrides} for each in publications],
        "slot": {name: getattr(post, name) for name in named},
    }
    return {
        name: value for name, value in changes.items() if value != (now[name] if name in now else getattr(post, name))
    }


def find_media(
    caller: Identity, media_ids: Sequence[UUID], reasons: Reasons, *, is_locked: bool = False
) -> list[Media]:
    """Returns those media that are the caller's, in their order; where any are not, that is a reason."""
    known = get_many(caller, media_ids, is_locked=is_locked)
    places = [place for place, media_id in enumerate(media_ids) if media_id in known]
    unknown = [
        fault("unknown_media", "No such media of yours.", pointer=f"/media_ids/{place}")
        for place, media_id in enumerate(media_ids)
        if media_id not in known
    ]
    if unknown:
        reasons.leave_out("media_ids", kept=places, of=len(media_ids))
        reasons.add(UnknownTarget(errors=unknown))
    return [known[media_ids[place]] for place in places]


def media_rows(post: Post, media: Sequence[Media]) -> list[PostMedia]:
    """Returns the rows by which a post shows media."""
    return [make_row(PostMedia, post_id=post.id, media_id=each.id, position=place) for place, each in enumerate(media)]


def set_media(caller: Identity, post: Post, media_ids: Sequence[UUID], reasons: Reasons) -> None:
    """Show those media that are the caller's."""
    media = find_media(caller, media_ids, reasons)
    db.session.execute(delete(PostMedia).where(PostMedia.post_id == post.id))
    insert_rows(*media_rows(post, media))


def accounts_of(caller: Identity, targets: Sequence[dict[str, Any]], *, is_locked: bool = False) -> dict[UUID, Account]:
    """Returns those accounts of the targets that are the caller's, by id; `is_locked`: against their deletion."""
    return get_accounts(caller, [target["account_id"] for target in targets], is_locked=is_locked)


def make_publications(
    post: Post, targets: Sequence[dict[str, Any]], known: Mapping[UUID, Account], reasons: Reasons
) -> list[Publication]:
    """Returns new publications, in the order of their ids, for those targets whose accounts are known.

    Where any is not, that is a reason.
    """
    places = [place for place, target in enumerate(targets) if target["account_id"] in known]
    unknown = [
        fault("unknown_account", "No such account of yours.", pointer=f"/targets/{place}/account_id")
        for place, target in enumerate(targets)
        if target["account_id"] not in known
    ]
    if unknown:
        reasons.leave_out("targets", kept=places, of=len(targets))
        reasons.add(UnknownTarget(errors=unknown))
    whose: dict[str, Any] = {"post_id": post.id, "owner_id": post.owner_id}
    whose |= {"post_created_at": post.created_at, "post_publish_at": post.publish_at}
    return [
        make_row(Publication, account_id=target["account_id"], overrides=overrides_in(target), **whose)
        for target in (targets[place] for place in places)
    ]


def set_targets(caller: Identity, post: Post, targets: Sequence[dict[str, Any]], reasons: Reasons) -> None:
    """Replace the targets by those whose accounts are the caller's. Of an account that is none of them it is in no queue."""
    accounts = accounts_of(caller, targets)
    made = make_publications(post, targets, accounts, reasons)
    if post.queued_account_id not in accounts:
        post.queued_account_id = None
    for publication in made:
        show_creator_info(post, publication, accounts)
    for publication in publications_of(post):
        queue.cancel(publication.job_key)
        keep_attempts(publication)
        db.session.delete(publication)
    insert_rows(*made)


def fill_in_defaults(
    post: Post, publications: Sequence[Publication], accounts: Mapping[UUID, Account], *, sent: Collection[str]
) -> None:
    """Fill in what the creation of a post left out, from the defaults of its targets' accounts; `sent` names the rest.

    A target's own value comes first, then the post's own, then its account's default. The mode is the whole post's: it is
    filled in where all of its accounts have the same default. What TikTok would not use of such a post stays as it is, and
    who may see it is chosen anew for every post.
    """
    modes = {account.defaults.get("mode") for account in accounts.values()}
    if "mode" not in sent and len(modes) == 1 and (mode := modes.pop()) is not None:
        post.mode = PostMode(mode)
    used = used_by(post.type, post.mode) - {"privacy_level"}
    for publication in publications:
        defaults = {
            name: value
            for name, value in accounts[cast(UUID, publication.account_id)].defaults.items()
            if name in used and name not in sent and value != getattr(post, name)
        }
        publication.overrides = defaults | publication.overrides


def leave_out_defaults(caller: Identity, post: Post) -> None:
    """Leave out what is as the accounts' defaults have it, for a post that goes to the inbox now.

    Its client has not sent it, and in inbox mode it would be refused.
    """
    publications, used = publications_of(post), used_by(post.type, post.mode)
    accounts = get_accounts(caller, [each.account_id for each in publications if each.account_id])
    for publication in publications:
        account = accounts.get(publication.account_id) if publication.account_id else None
        defaults = account.defaults if account is not None else {}
        publication.overrides = {
            name: value
            for name, value in publication.overrides.items()
            if name in used or name not in defaults or value != defaults[name]
        }
