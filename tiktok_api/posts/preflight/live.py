"""What is known of creators, the app and the grants at this moment: the reasons that only hold for now, and the warnings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tiktok_api import clock
from tiktok_api.accounts.models import PUBLISHING_SCOPE, Account
from tiktok_api.media.checks import Severity, checks_for
from tiktok_api.media.models import Media, MediaKind
from tiktok_api.posts.models import Post, Publication
from tiktok_api.posts.preflight.app_audit import unaudited_among
from tiktok_api.posts.preflight.creators import CreatorAnswer
from tiktok_api.posts.preflight.rules import CANNOT_POST, Basis, PostFinding, place_of
from tiktok_api.posts.preflight.wording import MANY_HASHTAGS, MANY_MENTIONS, count_words
from tiktok_api.posts.publishing.content import content_for
from tiktok_api.posts.publishing.verdicts import APP_UNAUDITED
from tiktok_api.posts.schedule import written
from tiktok_api.posts.vocabulary import PrivacyLevel
from tiktok_api.tiktok import BAN_CODES

_CAP_WINDOW = timedelta(hours=24)  # TikTok counts by rolling 24 hours
_SOON = timedelta(minutes=2)
RETRYABLE = frozenset({APP_UNAUDITED, "creator_not_checked", "media_not_inspected"})
"""What may be over without a change to the post; of TikTok's refusals a cap is, and a ban is not."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """A post with the targets that are to go out at `at`, and what is known of their creators and of the app."""

    post: Post
    targets: Mapping[int, Publication]
    media: Sequence[Media]
    accounts: Mapping[UUID, Any]
    answers: Mapping[UUID, CreatorAnswer]
    at: datetime
    is_app_audited: bool | None
    """As TIKTOK_APP_AUDITED says; None: it says nothing."""

    @property
    def is_due(self) -> bool:
        """True if it would go out at once."""
        return self.at <= clock.now() + _SOON

    def each(self) -> Iterator[tuple[int, Publication, Account, CreatorAnswer]]:
        """Yields the targets whose accounts are still connected here."""
        for position, publication in self.targets.items():
            account = self.accounts.get(publication.account_id) if publication.account_id else None
            if account is not None:
                yield position, publication, account, self.answers.get(account.id, CreatorAnswer(Basis.NOT_CHECKED))


def problems_now(outlook: Outlook) -> Iterator[PostFinding]:
    """Yields why TikTok would take the post on no account of these at its time, as it stands now."""
    ids = {account.id for _, _, account, _ in outlook.each()}
    unaudited = unaudited_among(ids, is_app_audited=outlook.is_app_audited) if outlook.post.is_direct else frozenset()
    for position, publication, account, answer in outlook.each():
        if outlook.post.is_direct and outlook.is_due and _is_capped(answer):
            yield _about_cap(position, account, answer)
        if account.id in unaudited:
            yield from _about_audit(outlook.post, publication, position, account, answer)


def warnings_now(outlook: Outlook) -> Iterator[PostFinding]:
    """Yields what may go wrong, or could not be found out."""
    yield from _about_media(outlook)
    told: set[tuple[str, str]] = set()
    for position, publication, account, answer in outlook.each():
        if outlook.at >= account.refresh_expires_at > clock.now():
            message = "The account's authorisation runs out before the post's time, unless TikTok extends it: connect it again."
            found, allowed = written(account.refresh_expires_at), written(outlook.at)
            yield _at_account("grant_ends_before", position, account, message, found, allowed)
        if (
            outlook.post.is_direct
            and not outlook.is_due
            and _is_capped(answer)
            and outlook.at < clock.now() + _CAP_WINDOW
        ):
            yield _about_cap(position, account, answer)
        if outlook.post.is_direct and answer.checked is not Basis.LIVE and PUBLISHING_SCOPE in account.scopes:
            yield _about_silence(position, account, answer)
        for finding in _about_words(outlook.post, publication, position):
            if (finding.code, finding.pointer) not in told:  # what is the post's own is told once
                told.add((finding.code, finding.pointer))
                yield finding


def _is_capped(answer: CreatorAnswer) -> bool:
    return answer.refusal is not None and answer.refusal not in BAN_CODES


def _about_cap(position: int, account: Account, answer: CreatorAnswer) -> PostFinding:
    message = "TikTok's cap for this creator or this app is reached; it reopens by itself within 24 hours."
    return _at_account(CANNOT_POST, position, account, message, answer.refusal, None, answer)


def _about_silence(position: int, account: Account, answer: CreatorAnswer) -> PostFinding:
    is_cached = answer.checked is Basis.CACHED
    message = "TikTok could not be asked about this creator; " + (
        "what it said last was used." if is_cached else "nothing that depends on the creator was checked."
    )
    return _at_account("creator_not_checked", position, account, message, None, None, answer)


def _about_audit(
    post: Post, publication: Publication, position: int, account: Account, answer: CreatorAnswer
) -> Iterator[PostFinding]:
    options = answer.reading.info.privacy_level_options if answer.reading else ()
    if PrivacyLevel.PUBLIC_TO_EVERYONE in options:
        message = "Until TikTok has audited this app, it posts only to accounts that are private; this one is public."
        yield _at_account(APP_UNAUDITED, position, account, message, "public", ["private"], answer)
    level = content_for(post, publication).privacy_level
    if level is not None and level != PrivacyLevel.SELF_ONLY:
        yield PostFinding(
            code=APP_UNAUDITED,
            pointer=place_of("privacy_level", publication, position),
            message="Until TikTok has audited this app, only the creator may see what it posts.",
            found=level,
            allowed=[PrivacyLevel.SELF_ONLY.value],
            account_id=account.id,
        )


def _about_media(outlook: Outlook) -> Iterator[PostFinding]:
    for position, item in enumerate(outlook.media):
        pointer = f"/media_ids/{position}"
        if item.is_pending:
            yield PostFinding(
                code="media_not_inspected",
                pointer=pointer,
                message=f"It is still {item.status}; it is checked as soon as it is known.",
                found=str(item.status),
                allowed=["ready"],
                checked=Basis.NOT_CHECKED,
            )
        if item.is_ready:
            yield from _about_video(outlook, item, pointer)


def _about_video(outlook: Outlook, item: Media, pointer: str) -> Iterator[PostFinding]:
    """Yields what the rules for media warn of, by the least that a creator may post where that is known."""
    limits = [
        answer.reading.info.max_video_post_duration_sec
        for *_, answer in outlook.each()
        if outlook.post.is_direct and answer.reading is not None
    ]
    least = min((limit for limit in limits if limit), default=None)
    for check in checks_for(item, max_duration_seconds=least):
        if check.severity is Severity.WARNING:
            yield PostFinding.of_media(check, pointer=pointer, account_id=None)
    if item.kind is MediaKind.VIDEO and item.has_audio is False:
        message = "The video has no sound."
        yield PostFinding(code="video_silent", pointer=pointer, message=message, found=False, allowed=True)


def _about_words(post: Post, publication: Publication, position: int) -> Iterator[PostFinding]:
    words = count_words(content_for(post, publication))
    name = "description" if words.lengths["description"] else "caption"
    pointer = place_of(name, publication, position)
    for code, found, most in (
        ("many_hashtags", len(words.hashtags), MANY_HASHTAGS),
        ("many_mentions", len(words.mentions), MANY_MENTIONS),
    ):
        if found > most:
            message = f"TikTok may take so many ({found}) for spam; it documents no limit."
            yield PostFinding(code=code, pointer=pointer, message=message, found=found, allowed=most)


def _at_account(
    code: str,
    position: int,
    account: Account,
    message: str,
    found: Any,
    allowed: Any,
    answer: CreatorAnswer | None = None,
) -> PostFinding:
    return PostFinding(
        code=code,
        pointer=f"/targets/{position}/account_id",
        message=message,
        found=found,
        allowed=allowed,
        account_id=account.id,
        checked=answer.checked if answer else None,
        checked_at=answer.checked_at if answer else None,
    )
