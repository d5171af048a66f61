"""The rules of preflight: what TikTok would refuse or drop silently, found out before anything is sent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from tiktok_api.errors import fault
from tiktok_api.media.checks import Finding, Severity, checks_for
from tiktok_api.media.models import Media
from tiktok_api.posts.models import Post, PrivacyLevel, Publication
from tiktok_api.posts.publishing.content import OVERRIDABLE, PostContent, content_for
from tiktok_api.tiktok import CreatorInfo

LONGEST_CAPTION = 2200  # UTF-16 code units: TikTok's direct-post page
PRIVACY_LEVELS = tuple(level.value for level in PrivacyLevel)


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
    checked: str | None = None
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
    found = check_media(post, media)
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
    if len(media) != 1:
        message = "A video post shows exactly one video."
        yield PostFinding(code="media_count", pointer="/media_ids", message=message, found=len(media), allowed=1)
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


def _from_media(
    media: Media, pointer: str, *, max_duration_seconds: int | None, account_id: UUID | None
) -> Iterator[PostFinding]:
    for check in checks_for(media, max_duration_seconds=max_duration_seconds):
        if check.severity is Severity.PROBLEM:
            yield PostFinding.of_media(check, pointer=pointer, account_id=account_id)


def check_words(post: Post, publication: Publication, position: int) -> list[PostFinding]:
    """Returns what is wrong with the content of a post on one account, whichever account that is."""
    content = content_for(post, publication)

    def at(name: str) -> str:
        return f"/targets/{position}/{name}" if name in publication.overrides else f"/{name}"

    rules = _direct_rules(content) if post.is_direct else _inbox_rules(content)
    return [
        PostFinding(
            code=code,
            pointer=at(name),
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
    if utf16_length(content.caption) > LONGEST_CAPTION:
        message = (
            f"A caption has at most {LONGEST_CAPTION} UTF-16 code units; this one has {utf16_length(content.caption)}."
        )
        yield "caption_too_long", "caption", message, LONGEST_CAPTION
    if content.brand_content_toggle and content.privacy_level == PrivacyLevel.SELF_ONLY:
        message = "Branded content cannot be visible to its creator alone (TikTok's content sharing guidelines)."
        yield (
            "branded_content_private",
            "privacy_level",
            message,
            [p for p in PRIVACY_LEVELS if p != PrivacyLevel.SELF_ONLY],
        )


def _inbox_rules(content: PostContent) -> Iterator[Rule]:
    for name in OVERRIDABLE:
        if getattr(content, name):
            message = "In inbox mode the person chooses this in the app; TikTok would drop it silently."
            yield "ignored_in_inbox_mode", name, message, None


def check_against_creator(
    post: Post, publication: Publication, media: Media | None, creator: CreatorInfo
) -> list[PostFinding]:
    """Returns what this creator does not allow: asked live just before publishing, by TikTok's last answer before that."""
    content, account_id = content_for(post, publication), publication.account_id
    longest = creator.max_video_post_duration_sec
    found: list[PostFinding] = []
    if media is not None:
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
    disabled = {"comment": creator.comment_disabled, "duet": creator.duet_disabled, "stitch": creator.stitch_disabled}
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
