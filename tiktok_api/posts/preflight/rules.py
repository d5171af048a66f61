"""Preflight: everything that TikTok would refuse or drop silently, found out before anything is sent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tiktok_api.media.checks import Severity, checks_for
from tiktok_api.media.models import Media
from tiktok_api.posts.models import Post, PrivacyLevel, Publication
from tiktok_api.posts.publishing.content import DIRECT_ONLY, Terms, is_direct, terms_of
from tiktok_api.tiktok import CreatorInfo

LONGEST_CAPTION = 2200  # UTF-16 code units: TikTok's direct-post page
PRIVACY_LEVELS = tuple(level.value for level in PrivacyLevel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One reason why TikTok would refuse. `pointer` leads into the post's JSON; `account_id` None: true for every target.

    `checked` says on what it rests where that is not the post alone, `checked_at` when TikTok said that.
    """

    code: str
    pointer: str
    message: str
    found: Any = None
    allowed: Any = None
    account_id: UUID | None = None
    severity: str = "problem"
    checked: str | None = None
    checked_at: datetime | None = None

    def as_fault(self) -> dict[str, Any]:
        """For the `errors` of a problem document."""
        fault: dict[str, Any] = {"pointer": self.pointer, "code": self.code, "message": self.message}
        fault |= {"found": self.found, "allowed": self.allowed}
        rest = {"account_id": self.account_id, "checked": self.checked, "checked_at": self.checked_at}
        return fault | {name: value for name, value in rest.items() if value is not None}


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, the strictest reading of TikTok's "UTF-16 runes"."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_post(post: Post, targets: Mapping[int, Publication], media: list[Media]) -> list[Finding]:
    """What is wrong whatever TikTok's creators say today: asked before a post is scheduled.

    `targets` are those that are to go out, by their place in the post.
    """
    found = check_media(post, media)
    if not targets:
        found.append(Finding(code="no_targets", pointer="/targets", message="Name at least one account."))
    if not post.consent:
        message = "TikTok asks for the person's express consent (its Music Usage Confirmation) before anything is sent."
        found.append(Finding(code="consent_missing", pointer="/consent", message=message, found=False, allowed=True))
    for position, publication in targets.items():
        found += _check_target(post, publication, position)
    return found if targets else found + check_words(post, Publication(overrides={}), 0)


def check_media(post: Post, media: Sequence[Media]) -> list[Finding]:
    """What is wrong with the media, as far as it is known: what still arrives or is inspected is held to this later."""
    return list(_check_media(post, media))


def _check_media(post: Post, media: Sequence[Media]) -> Iterator[Finding]:
    if len(media) != 1:
        message = "A video post shows exactly one video."
        yield Finding(code="media_count", pointer="/media_ids", message=message, found=len(media), allowed=1)
    for position, item in enumerate(media):
        pointer = f"/media_ids/{position}"
        if item.kind is not None and str(item.kind) != str(post.type):
            message = f"A {post.type} post shows no {item.kind}."
            yield Finding(code="media_kind", pointer=pointer, message=message, found=item.kind, allowed=post.type)
            continue
        if item.is_lapsed:
            message = "The upload was not finished in time."
            yield Finding(code="media_upload_expired", pointer=pointer, message=message, found=item.status)
        elif not item.is_pending:
            yield from _from_media(item, pointer, max_duration_seconds=None, account_id=None)


def _from_media(
    media: Media, pointer: str, *, max_duration_seconds: int | None, account_id: UUID | None
) -> Iterator[Finding]:
    for check in checks_for(media, max_duration_seconds=max_duration_seconds):
        if check.severity is Severity.PROBLEM:
            yield Finding(
                code=check.code,
                pointer=pointer,
                message=check.message,
                found=check.found,
                allowed=check.allowed,
                account_id=account_id,
            )


def check_words(post: Post, publication: Publication, position: int) -> list[Finding]:
    """What is wrong with what a post says on one account, whichever account that is."""
    terms = terms_of(post, publication)

    def at(name: str) -> str:
        return f"/targets/{position}/{name}" if name in publication.overrides else f"/{name}"

    rules = _direct_rules(terms) if is_direct(post) else _inbox_rules(terms)
    return [
        Finding(
            code=code,
            pointer=at(name),
            message=message,
            found=getattr(terms, name),
            allowed=allowed,
            account_id=publication.account_id,
        )
        for code, name, message, allowed in rules
    ]


def _check_target(post: Post, publication: Publication, position: int) -> list[Finding]:
    found = check_words(post, publication, position)
    if publication.account_id is None:
        message = "This account was disconnected; connect it again and name it, or leave it out."
        found.append(Finding(code="account_disconnected", pointer=f"/targets/{position}/account_id", message=message))
    return found


Rule = tuple[str, str, str, Any]


def _direct_rules(terms: Terms) -> Iterator[Rule]:
    if terms.privacy_level is None:
        message = "Who may see it is the creator's own choice; it has no default."
        yield "privacy_level_missing", "privacy_level", message, list(PRIVACY_LEVELS)
    if utf16_length(terms.caption) > LONGEST_CAPTION:
        message = (
            f"A caption has at most {LONGEST_CAPTION} UTF-16 code units; this one has {utf16_length(terms.caption)}."
        )
        yield "caption_too_long", "caption", message, LONGEST_CAPTION
    if terms.brand_content_toggle and terms.privacy_level == "SELF_ONLY":
        message = "Branded content cannot be visible to its creator alone (TikTok's content sharing guidelines)."
        yield "branded_content_private", "privacy_level", message, [p for p in PRIVACY_LEVELS if p != "SELF_ONLY"]


def _inbox_rules(terms: Terms) -> Iterator[Rule]:
    for name in DIRECT_ONLY:
        if getattr(terms, name):
            message = "In inbox mode the person chooses this in the app; TikTok would drop it silently."
            yield "ignored_in_inbox_mode", name, message, None


def check_against_creator(
    post: Post, publication: Publication, media: Media | None, creator: CreatorInfo
) -> list[Finding]:
    """What this creator does not allow: asked live just before publishing, and before that as TikTok said it last."""
    terms, account_id = terms_of(post, publication), publication.account_id
    longest = creator.max_video_post_duration_sec
    found: list[Finding] = []
    if media is not None:
        found += _from_media(media, "/media_ids/0", max_duration_seconds=longest, account_id=account_id)
    if terms.privacy_level not in creator.privacy_level_options:
        found.append(
            Finding(
                code="privacy_level_not_available",
                pointer="/privacy_level",
                message="The creator cannot choose this privacy level at the moment.",
                found=terms.privacy_level,
                allowed=list(creator.privacy_level_options),
                account_id=account_id,
            )
        )
    disabled = {"comment": creator.comment_disabled, "duet": creator.duet_disabled, "stitch": creator.stitch_disabled}
    found += [
        Finding(
            code=f"{name}_not_available",
            pointer=f"/allow_{name}",
            message=f"The creator's own settings do not allow {name}.",
            found=True,
            allowed=False,
            account_id=account_id,
        )
        for name, is_disabled in disabled.items()
        if is_disabled and getattr(terms, f"allow_{name}")
    ]
    return found
