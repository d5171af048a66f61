"""Every reason at once: what each stage refuses, gathered into one answer, and what TikTok said last of the creators."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from tiktok_api.accounts.creator_info import last_creator_info
from tiktok_api.accounts.models import Account
from tiktok_api.accounts.services import load_account
from tiktok_api.errors import Invalid
from tiktok_api.media.models import Media
from tiktok_api.posts.errors import NotPublishable
from tiktok_api.posts.models import Post, Publication
from tiktok_api.posts.preflight.grants import check_grants
from tiktok_api.posts.preflight.rules import (
    CANNOT_POST,
    Basis,
    PostFinding,
    check_against_creator,
    check_post,
    check_words,
    place_of,
)
from tiktok_api.posts.publishing.content import overrides_in
from tiktok_api.tiktok import BAN_CODES

_PLACE = re.compile(r"/(media_ids|targets)/(\d+)(.*)")
_ABOUT_HOW_MANY = {"media_count": "media_ids", "cover_not_shown": "media_ids", "no_targets": "targets"}


Places = dict[str, tuple[Sequence[int], int]]
"""By the name of a list: at which places the items that are left were sent, and how many were sent."""


class Reasons:
    """Gathers what the stages of one request refuse. Call `raise_any` at the end: it has the transaction rolled back.

    Stages after one that refused check what is left. Items that were left out do not change the pointers to the others.
    """

    def __init__(self) -> None:
        self._problems: list[Invalid] = []
        self._places: Places = {}

    @contextmanager
    def gather(self) -> Iterator[None]:
        """Gather what the block refuses, and go on after it."""
        places = dict(self._places)  # what the block itself leaves out is reported at the places that were sent
        try:
            yield
        except Invalid as problem:
            before = problem.extra.get("errors", [])
            after = list(_put_right(before, places))
            problem.extra = problem.extra | {"errors": after}
            if after or not before:  # without faults of its own, another stage has refused already
                self._problems.append(problem)

    def add(self, problem: Invalid) -> None:
        """Note a problem whose pointers are to the items as they were sent."""
        self._problems.append(problem)

    def leave_out(self, name: str, *, kept: Sequence[int], of: int) -> None:
        """Note that from here on the list `name` holds only its items at the places `kept`, of so many that were sent."""
        self._places[name] = (kept, of)

    def check_left_out(self, post: Post, targets: Sequence[dict[str, Any]]) -> None:
        """Check the content of the targets that were left out: it may be wrong on any account."""
        kept, _ = self._places.get("targets", (range(len(targets)), 0))
        for place in sorted(set(range(len(targets))) - set(kept)):
            target = Publication(overrides=overrides_in(targets[place]))
            faults = [finding.as_fault() for finding in check_words(post, target, place)]
            if faults:
                self._problems.append(NotPublishable(errors=faults))

    def at_sent_places(self, faults: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Returns faults with pointers to the items as they were sent."""
        return list(_put_right(faults, self._places))

    def faults(self) -> list[dict[str, Any]]:
        """Returns the faults of all stages; the same fault of several targets may be told once."""
        found = [fault for problem in self._problems for fault in problem.extra["errors"]]
        return list(_without_repetition(found))

    def raise_any(self) -> None:
        """Raises the one problem, or Invalid with the faults of all."""
        if len(self._problems) == 1:
            raise self._problems[0]
        if self._problems:
            raise Invalid(errors=self.faults())


def _without_repetition(faults: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Leave out what is told without an account if it was told before, with an account or without."""
    told = {(fault["pointer"], fault["code"]) for fault in faults if "account_id" in fault}
    for fault in faults:
        reason = (fault["pointer"], fault["code"])
        if "account_id" in fault or reason not in told:
            yield fault
        told.add(reason)


def _put_right(faults: Sequence[dict[str, Any]], places: Places) -> Iterator[dict[str, Any]]:
    """Yields the faults with pointers to the items as they were sent, without faults of a count that is not the sent one."""
    for fault in faults:
        kept, sent = places.get(_ABOUT_HOW_MANY.get(fault["code"], ""), ((), 0))
        if len(kept) == sent:
            yield fault | {"pointer": _original(fault["pointer"], places)}
        elif fault["code"] == "media_count" and not _is_allowed(sent, fault["allowed"]):
            yield fault | {"found": sent}


def _is_allowed(count: int, allowed: Any) -> bool:
    return bool(allowed["min"] <= count <= allowed["max"] if isinstance(allowed, dict) else count == allowed)


def _original(pointer: str, places: Places) -> str:
    found = _PLACE.fullmatch(pointer)
    if found is None or found[1] not in places:
        return pointer
    kept, place = places[found[1]][0], int(found[2])
    return f"/{found[1]}/{kept[place]}{found[3]}" if place < len(kept) else pointer


def must_be_publishable(
    post: Post,
    targets: Mapping[int, Publication],
    media: Sequence[Media],
    accounts: Mapping[UUID, Account],
    *,
    needs_grants: bool = True,
    by_cache: bool = True,
) -> None:
    """Raises NotPublishable with all that is wrong: with the post, for its creators, and of what they must have granted."""
    problems = _check_all(post, targets, media, accounts, by_cache=by_cache)
    if needs_grants:
        problems += check_grants(post, targets, accounts)
    if problems:
        raise NotPublishable(errors=[problem.as_fault() for problem in problems])


def _check_all(
    post: Post,
    targets: Mapping[int, Publication],
    media: Sequence[Media],
    accounts: Mapping[UUID, Account],
    *,
    by_cache: bool,
) -> list[PostFinding]:
    """Returns what is wrong with a post; with `by_cache` also by TikTok's last answer about each creator.

    A creator that TikTok was never asked about is not checked, nor a cap, which reopens by itself: publishing asks live.
    """
    found = check_post(post, targets, media)
    if not by_cache:
        return found
    known = {(finding.code, finding.pointer) for finding in found}
    for position, publication in targets.items():
        account = accounts.get(publication.account_id) if publication.account_id else None
        if account is not None:
            by_creator = _check_cached(post, publication, position, media, account)
            found += [finding for finding in by_creator if (finding.code, finding.pointer) not in known]
    return found


def check_media_by_cache(post: Post, publication: Publication, media: Sequence[Media]) -> list[PostFinding]:
    """Returns what is wrong with media that became known since, by TikTok's last answer about a target's creator."""
    account = load_account(publication.account_id)
    if (
        account is None or not media
    ):  # pragma: no cover - what has no account any more is cancelled, and waits for nothing
        return []
    found = _by_last_answer(post, publication, media[0], account)
    return [finding for finding in found if finding.pointer.startswith("/media_ids/")]


def _by_last_answer(
    post: Post, publication: Publication, video: Media | None, account: Account
) -> Iterator[PostFinding]:
    """Yields what TikTok's last answer about a creator does not allow; nothing where it was never asked."""
    creator = last_creator_info(account)
    if creator is not None:
        for finding in check_against_creator(post, publication, video, creator.info):
            yield replace(finding, checked=Basis.CACHED, checked_at=creator.captured_at)


def _check_cached(
    post: Post, publication: Publication, position: int, media: Sequence[Media], account: Account
) -> Iterator[PostFinding]:
    if account.posting_refusal in BAN_CODES:
        yield PostFinding(
            code=CANNOT_POST,
            pointer=f"/targets/{position}/account_id",
            message="TikTok lets this creator post nothing now; so it said when asked last.",
            found=account.posting_refusal,
            account_id=account.id,
            checked=Basis.CACHED,
        )
    video = media[0] if media and media[0].is_ready else None
    for finding in _by_last_answer(post, publication, video, account):
        name = finding.pointer.removeprefix("/")
        is_missing = name == "privacy_level" and finding.found is None  # which another finding tells
        is_theirs = not post.is_direct and not name.startswith("media_ids/")  # in the inbox the person chooses it
        if not (is_missing or is_theirs):
            yield replace(finding, pointer=place_of(name, publication, position))
