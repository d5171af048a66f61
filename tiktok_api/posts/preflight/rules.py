"""The rules of preflight: what TikTok would refuse or drop silently, found out before anything is sent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tiktok_api.errors import fault
from tiktok_api.media.checks import Finding, Severity, checks_for
from tiktok_api.media.models import Media
from tiktok_api.posts.models import Post, Publication
from tiktok_api.posts.publishing.content import OVERRIDABLE, PostContent, content_for, used_by
from tiktok_api.posts.vocabulary import PostMode, PostType, PrivacyLevel
from tiktok_api.tiktok import CreatorInfo

LONGEST = {"caption": 2200, "title": 90, "description": 4000}
"""In UTF-16 code units: TikTok's pages on direct posts and on photos."""
MOST_MEDIA = {PostType.VIDEO: 1, PostType.PHOTO: 35}
"""How many a post shows at most, of at least one: TikTok's pages on direct posts and on photos."""
PRIVACY_LEVELS = tuple(level.value for level in PrivacyLevel)


CANNOT_POST = "creator_cannot_post"
"""The code of TikTok's word that a creator can post nothing now."""


class Basis(StrEnum):
    """On what a finding rests: TikTok's answer of at most a minute ago, its last one before, or none."""

    LIVE = "live"
    CACHED = "cached"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFinding(Finding):
    """One reason why TikTok would refuse. `pointer` leads into the post's JSON; `account_id` None: true for every target.

    `checked` says on what it rests where that is not the post alone, `checked_at` when TikTok said that.
    """

    severity: Severity = Severity.PROBLEM
    found: Any = None
    allowed: Any = None
    pointer: str
    account_id: UUID | None = None
    checked: Basis | None = None
    checked_at: datetime | None = None

    @classmethod
    def of_media(cls, finding: Finding, *, pointer: str, account_id: UUID | None) -> "PostFinding":
        """Returns what is wrong with media as a reason against a post that shows them, or against one of its targets."""
        facts = {field.name: getattr(finding, field.name) for field in fields(finding)}
        return cls(**facts, pointer=pointer, account_id=account_id)

    def as_fault(self) -> dict[str, Any]:
        """For the `errors` of a problem document."""
        found = fault(self.code, self.message, pointer=self.pointer, found=self.found, allowed=self.allowed)
        rest = {"account_id": self.account_id, "checked": self.checked, "checked_at": self.checked_at}
        return found | {name: value for name, value in rest.items() if value is not None}


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, the strictest reading of TikTok's "UTF-16 runes"."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_post(post: Post, targets: Mapping[int, Publication], media: Sequence[Media]) -> list[PostFinding]:
    """Returns what is wrong whatever TikTok says of the creators today: asked before a post is scheduled.

    `targets` are those that are to go out, by their place in the post.
    """
    found = [*check_media(post, media), *_check_covers(post, targets, media)]
    if not targets:
        found.append(PostFinding(code="no_targets", pointer="/targets", message="Name at least one account."))
    if not post.consent:
        message = "TikTok asks for the person's express consent (its Music Usage Confirmation) before anything is sent."
        found.append(
            PostFinding(code="consent_missing", pointer="/consent", message=message, found=False, allowed=True)
        )
    for position, publication in targets.items():
        found += _check_target(post, publication, position)
    return found if targets else found + check_words(post, Publication(overrides={}), 0)


def check_media(post: Post, media: Sequence[Media]) -> list[PostFinding]:
    """Returns what is wrong with the media, as far as they are known: the others are checked once they are."""
    return list(_check_media(post, media))


def _check_media(post: Post, media: Sequence[Media]) -> Iterator[PostFinding]:
    most = MOST_MEDIA[post.type]
    if not 1 <= len(media) <= most:
        message = "A video post shows exactly one video." if most == 1 else f"A photo post shows 1 to {most} photos."
        allowed: Any = 1 if most == 1 else {"min": 1, "max": most}
        yield PostFinding(code="media_count", pointer="/media_ids", message=message, found=len(media), allowed=allowed)
    for position, item in enumerate(media):
        pointer = f"/media_ids/{position}"
        if item.kind is not None and str(item.kind) != str(post.type):
            message = f"A {post.type} post shows no {item.kind}."
            yield PostFinding(code="media_kind", pointer=pointer, message=message, found=item.kind, allowed=post.type)
            continue
        if item.is_lapsed:
            message = "The upload was not finished in time."
            yield PostFinding(code="media_upload_expired", pointer=pointer, message=message, found=item.status)
        elif not item.is_pending:
            yield from _from_media(item, pointer, max_duration_seconds=None, account_id=None)


def _check_covers(post: Post, targets: Mapping[int, Publication], media: Sequence[Media]) -> Iterator[PostFinding]:
    """Yields a finding for each cover that is none of the photos; the post's own is looked at where there are no targets."""
    if post.type is not PostType.PHOTO or not media:
        return
    told = set()
    for position, publication in (targets or {0: Publication(overrides={})}).items():
        index, pointer = (
            content_for(post, publication).photo_cover_index,
            place_of("photo_cover_index", publication, position),
        )
        if index is not None and index >= len(media) and pointer not in told:
            told.add(pointer)
            message = f"The post shows {len(media)} photos; the first one has the index 0."
            allowed = {"min": 0, "max": len(media) - 1}
            yield PostFinding(code="cover_not_shown", pointer=pointer, message=message, found=index, allowed=allowed)


def place_of(name: str, publication: Publication, position: int) -> str:
    """Returns the pointer to what a target says itself, or else to what the post says."""
    return f"/targets/{position}/{name}" if name in publication.overrides else f"/{name}"


def _from_media(
    media: Media, pointer: str, *, max_duration_seconds: int | None, account_id: UUID | None
) -> Iterator[PostFinding]:
    for check in checks_for(media, max_duration_seconds=max_duration_seconds):
        if check.severity is Severity.PROBLEM:
            yield PostFinding.of_media(check, pointer=pointer, account_id=account_id)


def check_words(post: Post, publication: Publication, position: int) -> list[PostFinding]:
    """Returns what is wrong with the content of a post on one account, whichever account that is."""
    content = content_for(post, publication)
    rules = [*_direct_rules(content)] if post.is_direct else []
    rules += [*_lengths(content, post), *_unused(content, post)]
    return [
        PostFinding(
            code=code,
            pointer=place_of(name, publication, position),
            message=message,
            found=getattr(content, name),
            allowed=allowed,
            account_id=publication.account_id,
        )
        for code, name, message, allowed in rules
    ]


def _check_target(post: Post, publication: Publication, position: int) -> list[PostFinding]:
    found = check_words(post, publication, position)
    if publication.account_id is None:
        message = "This account was disconnected; connect it again and name it, or leave it out."
        found.append(
            PostFinding(code="account_disconnected", pointer=f"/targets/{position}/account_id", message=message)
        )
    return found


Rule = tuple[str, str, str, Any]


def _direct_rules(content: PostContent) -> Iterator[Rule]:
    if content.privacy_level is None:
        message = "Who may see it is the creator's own choice; it has no default."
        yield "privacy_level_missing", "privacy_level", message, list(PRIVACY_LEVELS)
    if content.brand_content_toggle and content.privacy_level == PrivacyLevel.SELF_ONLY:
        message = "Branded content cannot be visible to its creator alone (TikTok's content sharing guidelines)."
        yield (
            "branded_content_private",
            "privacy_level",
            message,
            [p for p in PRIVACY_LEVELS if p != PrivacyLevel.SELF_ONLY],
        )


def _lengths(content: PostContent, post: Post) -> Iterator[Rule]:
    used = used_by(post.type, post.mode)
    for name, longest in LONGEST.items():
        length = utf16_length(getattr(content, name)) if name in used else 0
        if length > longest:
            message = f"A {name} has at most {longest} UTF-16 code units; this one has {length}."
            yield f"{name}_too_long", name, message, longest


def _unused(content: PostContent, post: Post) -> Iterator[Rule]:
    """Yields what was said and would be dropped silently."""
    used, used_in_direct_mode = used_by(post.type, post.mode), used_by(post.type, PostMode.DIRECT)
    for name in OVERRIDABLE:
        value = getattr(content, name)
        if name in used or value is None or value is False or value == "":
            continue
        if name in used_in_direct_mode:
            message = "In inbox mode the person chooses this in the app; TikTok would drop it silently."
            yield "ignored_in_inbox_mode", name, message, None
        else:
            message = f"TikTok has no such setting for a {post.type} post and would drop it silently."
            yield f"ignored_for_{post.type}", name, message, None


def check_against_creator(
    post: Post, publication: Publication, media: Media | None, creator: CreatorInfo
) -> list[PostFinding]:
    """Returns what this creator does not allow: asked live just before publishing, by TikTok's last answer before that."""
    content, account_id = content_for(post, publication), publication.account_id
    longest = creator.max_video_post_duration_sec
    found: list[PostFinding] = []
    if media is not None and post.type is PostType.VIDEO:  # what else is wrong with media is so for every creator
        found += _from_media(media, "/media_ids/0", max_duration_seconds=longest, account_id=account_id)
    if content.privacy_level not in creator.privacy_level_options:
        found.append(
            PostFinding(
                code="privacy_level_not_available",
                pointer="/privacy_level",
                message="The creator cannot choose this privacy level at the moment.",
                found=content.privacy_level,
                allowed=list(creator.privacy_level_options),
                account_id=account_id,
            )
        )
    disabled = {"comment": creator.comment_disabled}
    if post.type is PostType.VIDEO:
        disabled |= {"duet": creator.duet_disabled, "stitch": creator.stitch_disabled}
    found += [
        PostFinding(
            code=f"{name}_not_available",
            pointer=f"/allow_{name}",
            message=f"The creator's own settings do not allow {name}.",
            found=True,
            allowed=False,
            account_id=account_id,
        )
        for name, is_disabled in disabled.items()
        if is_disabled and getattr(content, f"allow_{name}")
    ]
    return found
