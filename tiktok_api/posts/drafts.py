"""The parts of a post that may still be changed: its media, its targets, and the defaults that they start from."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import delete, select

from tiktok_api.accounts.services import get_accounts
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.errors import fault
from tiktok_api.jobs import queue
from tiktok_api.media.models import Media
from tiktok_api.media.services import get_many
from tiktok_api.posts.errors import UnknownTarget
from tiktok_api.posts.models import Post, PostMedia, PostMode, PostStatus, Publication
from tiktok_api.posts.preflight.report import Reasons
from tiktok_api.posts.publishing.content import OVERRIDABLE, overrides_in

_HAVE_DEFAULTS = tuple(name for name in OVERRIDABLE if name != "privacy_level")
"""Who may see a post is chosen anew for every post."""


def publications_of(post: Post) -> Sequence[Publication]:
    """Returns a post's publications in the order of its targets."""
    return db.session.scalars(select(Publication).where(Publication.post_id == post.id).order_by(Publication.id)).all()


def what_differs(
    post: Post, changes: Mapping[str, Any], *, media: Sequence[Media], publications: Sequence[Publication]
) -> dict[str, Any]:
    """Returns those of `changes` that differ from the post: a client may send back all that it was shown.

    A slot is the same only while the post is scheduled.
    """
    slot = changes.get("slot", {})
    named = slot.keys() if post.status is PostStatus.SCHEDULED else ()
    now: dict[str, Any] = {
        "media_ids": [item.id for item in media],
        "targets": [{"account_id": each.account_id, **each.overrides} for each in publications],
        "slot": {name: getattr(post, name) for name in named},
    }
    return {
        name: value for name, value in changes.items() if value != (now[name] if name in now else getattr(post, name))
    }


def set_media(caller: Identity, post: Post, media_ids: Sequence[UUID], reasons: Reasons) -> None:
    """Show those media that are the caller's. Raises UnknownTarget where any are not."""
    known = get_many(caller, media_ids)
    places = [place for place, media_id in enumerate(media_ids) if media_id in known]
    unknown = [
        fault("unknown_media", "No such media of yours.", pointer=f"/media_ids/{place}")
        for place, media_id in enumerate(media_ids)
        if media_id not in known
    ]
    db.session.execute(delete(PostMedia).where(PostMedia.post_id == post.id))
    db.session.add_all(PostMedia(post_id=post.id, media_id=media_ids[place], position=place) for place in places)
    db.session.flush()
    if unknown:
        reasons.leave_out("media_ids", kept=places, of=len(media_ids))
        raise UnknownTarget(errors=unknown)


def set_targets(caller: Identity, post: Post, targets: Sequence[dict[str, Any]], reasons: Reasons) -> None:
    """Replace the targets by those whose accounts are the caller's. Raises UnknownTarget where any is not."""
    known = get_accounts(caller, [target["account_id"] for target in targets])
    places = [place for place, target in enumerate(targets) if target["account_id"] in known]
    unknown = [
        fault("unknown_account", "No such account of yours.", pointer=f"/targets/{place}/account_id")
        for place, target in enumerate(targets)
        if target["account_id"] not in known
    ]
    for publication in publications_of(post):
        queue.cancel(publication.job_key)
        db.session.delete(publication)
    db.session.flush()
    for target in (targets[place] for place in places):
        overrides, account_id = overrides_in(target), target["account_id"]
        db.session.add(Publication(post_id=post.id, owner_id=post.owner_id, account_id=account_id, overrides=overrides))
        db.session.flush()  # one by one: their ids keep the order of the targets
    if unknown:
        reasons.leave_out("targets", kept=places, of=len(targets))
        raise UnknownTarget(errors=unknown)


def fill_in_defaults(caller: Identity, post: Post, *, sent: Collection[str]) -> None:
    """Fill in what the creation of a post left out, from the defaults of its targets' accounts; `sent` names the rest.

    A target's own value comes first, then the post's own, then its account's default. The mode is the whole post's: it is
    filled in where all of its accounts have the same default. In inbox mode the person chooses the rest in the app.
    """
    publications = publications_of(post)
    accounts = get_accounts(caller, [each.account_id for each in publications if each.account_id])
    modes = {account.defaults.get("mode") for account in accounts.values()}
    if "mode" not in sent and len(modes) == 1 and (mode := modes.pop()) is not None:
        post.mode = PostMode(mode)
    if not post.is_direct:
        return
    for publication in publications:
        defaults = {
            name: value
            for name, value in accounts[cast(UUID, publication.account_id)].defaults.items()
            if name in _HAVE_DEFAULTS and name not in sent and value != getattr(post, name)
        }
        publication.overrides = defaults | publication.overrides


def leave_out_defaults(caller: Identity, post: Post) -> None:
    """Leave out what is as the accounts' defaults have it, for a post that goes to the inbox now.

    Its client has not sent it, and in inbox mode it would be refused.
    """
    publications = publications_of(post)
    accounts = get_accounts(caller, [each.account_id for each in publications if each.account_id])
    for publication in publications:
        account = accounts.get(publication.account_id) if publication.account_id else None
        defaults = account.defaults if account is not None else {}
        publication.overrides = {
            name: value
            for name, value in publication.overrides.items()
            if name not in _HAVE_DEFAULTS or name not in defaults or value != defaults[name]
        }
