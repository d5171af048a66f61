"""Validation: everything that speaks against a post, of every stage and asked live, in one answer; nothing is kept of it.

Problems are those for which creating or scheduling it is refused, found by the same code, and those for which TikTok would
refuse it now. TikTok is asked first, outside any transaction; what it says is stored with the accounts, so that the rules find it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import select

from tiktok_api import clock
from tiktok_api.accounts.services import load_accounts
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, end_reading
from tiktok_api.errors import NotFound
from tiktok_api.posts import creation
from tiktok_api.posts.capacity.collisions import collisions_of
from tiktok_api.posts.drafts import accounts_of, publications_of
from tiktok_api.posts.errors import NotPublishable, PostNotMovable
from tiktok_api.posts.models import Post, Publication
from tiktok_api.posts.preflight.creators import CreatorAnswer, ask_creators
from tiktok_api.posts.preflight.live import RETRYABLE, Outlook, problems_now, warnings_now
from tiktok_api.posts.preflight.report import Reasons, must_be_publishable
from tiktok_api.posts.preflight.rules import CANNOT_POST, Basis
from tiktok_api.posts.preflight.wording import count_words
from tiktok_api.posts.publishing.content import content_for
from tiktok_api.posts.queries import visible_to
from tiktok_api.posts.schedule import resolve_time
from tiktok_api.posts.states import PublicationState
from tiktok_api.posts.waiting import pending_media
from tiktok_api.settings import Settings
from tiktok_api.tiktok import CAP_CODES

Answers = Mapping[UUID, CreatorAnswer]
_CAN_GO_OUT = (PublicationState.DRAFT, PublicationState.SCHEDULED, PublicationState.FAILED)


def validate_new(
    caller: Identity,
    vault: TokenVault,
    settings: Settings,
    *,
    slot: dict[str, Any],
    targets: Sequence[dict[str, Any]],
    **draft: Any,
) -> dict[str, Any]:
    """Returns what speaks against a post that is not created yet; without a slot, against its going out now."""
    answers = ask_creators(accounts_of(caller, targets).values(), vault)
    slot = slot or {"publish_at": clock.now()}
    prepared = creation.prepare(caller, slot=slot, targets=targets, **draft)
    outlook = Outlook(
        post=prepared.post,
        targets=dict(enumerate(prepared.publications)),
        media=prepared.media,
        accounts=prepared.accounts,
        answers=answers,
        at=prepared.post.publish_at or clock.now(),
        is_app_audited=settings.tiktok_app_audited,
    )
    return _judge(outlook, prepared.reasons, settings)


def validate_stored(
    caller: Identity, post_id: UUID, vault: TokenVault, settings: Settings, *, slot: dict[str, Any]
) -> dict[str, Any]:
    """Returns what speaks against a post that goes out at its own time, at that of a slot, or without either now.

    Of a post that has failed, the targets that failed are looked at. Raises NotFound, PostNotMovable.
    """
    post, targets = _find(caller, post_id)
    answers = ask_creators(load_accounts(each.account_id for each in targets.values()).values(), vault)
    post, targets = _find(caller, post_id)  # which may have changed meanwhile
    media = pending_media.media_of(post.id)
    accounts = load_accounts(each.account_id for each in targets.values())
    reasons, at = Reasons(), post.publish_at or clock.now()
    if slot:
        with reasons.gather():
            at = resolve_time(**slot)["publish_at"]
    with reasons.gather():
        must_be_publishable(post, targets, media, accounts)
    outlook = Outlook(post, targets, media, accounts, answers, at, settings.tiktok_app_audited)
    return _judge(outlook, reasons, settings)


def _find(caller: Identity, post_id: UUID) -> tuple[Post, dict[int, Publication]]:
    """Returns a post and those of its targets that can still go out, as they are now. Raises NotFound, PostNotMovable."""
    end_reading()
    post = db.session.scalar(select(Post).where(Post.id == post_id, *visible_to(caller)))
    if post is None:
        raise NotFound
    targets = {
        position: publication
        for position, publication in enumerate(publications_of(post))
        if publication.state in _CAN_GO_OUT or publication.is_asked_about
    }
    if not (targets or post.is_movable):
        raise PostNotMovable(status=post.status)
    return post, targets


def _judge(outlook: Outlook, reasons: Reasons, settings: Settings) -> dict[str, Any]:
    with reasons.gather():
        if found := [finding.as_fault() for finding in problems_now(outlook)]:
            raise NotPublishable(errors=found)
    expected = [*(finding.as_fault() for finding in warnings_now(outlook)), *_collisions(outlook, settings)]
    warnings = reasons.at_sent_places(expected)
    problems = [_item(fault, outlook.answers) for fault in reasons.faults()]
    return {
        "is_publishable": not problems,
        "publish_at": outlook.at,
        "problems": problems,
        "warnings": [_item(fault, outlook.answers) for fault in warnings],
        "facts": _facts(outlook),
    }


def _collisions(outlook: Outlook, settings: Settings) -> list[dict[str, Any]]:
    """Returns what would hold the post at its time though nothing is wrong with it: TikTok's caps, and when they have a place."""
    targets = {place: each.account_id for place, each in outlook.targets.items() if each.account_id is not None}
    post = outlook.post
    found = collisions_of(targets, at=outlook.at, mode=post.mode, type=post.type, settings=settings, post_id=post.id)
    return [asdict(collision) for collision in found]


def _item(fault: dict[str, Any], answers: Answers) -> dict[str, Any]:
    """Returns a fault with all members: what rests on what TikTok has just said is live."""
    answer = answers.get(fault["account_id"]) if fault.get("account_id") else None
    checked, checked_at = fault.get("checked"), fault.get("checked_at")
    is_of_old = (
        answer is not None and answer.refusal is not None and fault["code"] != CANNOT_POST
    )  # refusing, it tells no more
    if checked == Basis.CACHED and answer is not None and answer.checked is Basis.LIVE and not is_of_old:
        checked, checked_at = Basis.LIVE, answer.checked_at
    is_cap = fault["code"] == CANNOT_POST and fault.get("found") in CAP_CODES
    return {
        **{name: fault.get(name) for name in ("code", "pointer", "message", "account_id", "found", "allowed")},
        "retryable": is_cap or fault["code"] in RETRYABLE or "next_free_at" in fault,
        "next_free_at": fault.get("next_free_at", ()),
        "checked": checked,
        "checked_at": checked_at,
    }


def _facts(outlook: Outlook) -> list[dict[str, Any]]:
    """Returns what was counted for each target; for the post's own words where it has none."""
    found = []
    for publication in outlook.targets.values() or [Publication(overrides={})]:
        words = count_words(content_for(outlook.post, publication))
        answer = outlook.answers.get(publication.account_id) if publication.account_id else None
        found.append(
            {
                "account_id": publication.account_id,
                "checked": answer.checked if answer else Basis.NOT_CHECKED,
                "checked_at": answer.checked_at if answer else None,
                **{f"{name}_length": length for name, length in words.lengths.items()},
                "hashtags": words.hashtags,
                "mentions": words.mentions,
            }
        )
    return found
