"""The life of a publication after its init: upload, verdict, moderation, drafts, takedown."""

import hashlib
from typing import TYPE_CHECKING, Any

from tiktok_api.simulator.background import webhooks
from tiktok_api.simulator.state import retention
from tiktok_api.simulator.world.agenda import happening
from tiktok_api.simulator.world.models import FOLLOWERS, PUBLIC, Publication, Video

if TYPE_CHECKING:
    from tiktok_api.simulator.world.world import World

GB = 1_000_000_000


def open_upload(world: "World", publication: Publication, upload_id: str, now: float) -> None:
    """Give a publication a place to send its bytes to, for an hour; unfinished, it fails after a day."""
    publication.upload_id = upload_id
    publication.upload_token = world.mint.text(40)
    publication.url_expires_at = now + world.knobs.upload_url_seconds
    world.uploads[upload_id] = publication
    world.schedule(now + world.knobs.upload_lapse_seconds, lapse_upload, publication.publish_id)


@happening
def lapse_upload(world: "World", now: float, publish_id: str) -> None:
    """An upload that is unfinished by now has failed."""
    publication = world.publications.get(publish_id)
    if publication is not None and publication.received_at is None and not publication.is_over:
        fail(world, publication, "internal", now)


def lane(publication: Publication) -> tuple[str, str]:
    """What is done for one publication in the background is done in order, and delays no other."""
    return "publication", publication.publish_id


def receive(publication: Publication, digest: "hashlib._Hash", now: float) -> None:
    """All bytes are here; from now on only the inspection and time stand before the verdict."""
    publication.received_at = now
    publication.sha256 = digest.hexdigest()


def inspected(world: "World", publication: Publication, fail_reason: str | None, facts: dict[str, Any]) -> None:
    """The media have been looked at; the verdict falls when they would have been processed."""
    publication.probe = facts
    wait = world.knobs.processing_seconds + world.knobs.processing_seconds_per_gb * publication.received_bytes / GB
    if world.knobs.keep_media:
        retention.keep_media(world, publication)
    else:
        publication.drop_files()
    due = (publication.received_at or world.clock.now()) + wait
    world.schedule(due, conclude, publication.publish_id, fail_reason)


@happening
def conclude(world: "World", now: float, publish_id: str, fail_reason: str | None) -> None:
    """The verdict falls: failed, published, or delivered as a draft."""
    publication = world.publications.get(publish_id)
    if publication is None or publication.is_over:
        return
    creator = world.creators[publication.username]
    reason = fail_reason or creator.fail_reason
    if reason is None and creator.banned:
        reason = "spam_risk_user_banned_from_posting"
    if reason is None and publication.is_direct and _is_over_cap(world, publication, now):
        reason = "spam_risk_too_many_posts"
    if reason is not None:
        fail(world, publication, reason, now)
    elif publication.is_direct:
        publication.status, publication.finished_at = "PUBLISH_COMPLETE", now
        _post(world, publication, str(publication.post_info.get("privacy_level")), now)
    else:
        _deliver_draft(world, publication, now)


def _is_over_cap(world: "World", publication: Publication, now: float) -> bool:
    """Inits are let through while the cap is not reached, so more than it may come through together."""
    creator = world.creators[publication.username]
    cap = world.knobs.post_cap if creator.post_cap is None else creator.post_cap
    posted = sum(
        other.is_direct and other.status == "PUBLISH_COMPLETE" and (other.finished_at or 0) > now - 86_400
        for other in world.publications_of(publication.username)
    )
    return posted >= cap


def _deliver_draft(world: "World", publication: Publication, now: float) -> None:
    publication.status, publication.finished_at = "SEND_TO_USER_INBOX", now
    webhooks.announce_publication(world, publication, "inbox_delivered", now)
    if world.knobs.draft_expiry_seconds:
        due = now + world.knobs.draft_expiry_seconds
        world.schedule(due, expire_draft, publication.publish_id)


@happening
def expire_draft(world: "World", now: float, publish_id: str) -> None:
    """A draft that still waits leaves the inbox."""
    publication = world.publications.get(publish_id)
    if publication is not None and publication.status == "SEND_TO_USER_INBOX":
        fail(world, publication, "internal", now)


def fail(world: "World", publication: Publication, reason: str, now: float) -> None:
    """End a publication for a reason, and tell the app."""
    publication.status, publication.fail_reason, publication.finished_at = "FAILED", reason, now
    if publication.received_at is None:
        publication.drop_files()
        world.courier.cut(lane(publication))
    webhooks.announce_publication(world, publication, "failed", now, reason=reason)


def complete_draft(
    world: "World", publication: Publication, posts: int, privacy_level: str | None, now: float
) -> list[Video]:
    """The creator finishes a draft in the app, as one post or as several."""
    creator = world.creators[publication.username]
    publication.status = "PUBLISH_COMPLETE"
    publication.finished_at = now
    level = privacy_level or (FOLLOWERS if creator.private else PUBLIC)
    return [_post(world, publication, level, now) for _ in range(posts)]


def _post(world: "World", publication: Publication, privacy_level: str, now: float) -> Video:
    """Put a publication on the profile; the public see it after moderation."""
    details = {name: publication.probe[name] for name in ("width", "height", "duration") if name in publication.probe}
    video = world.add_video(
        now,
        publication.username,
        str(publication.post_info.get("title") or publication.post_info.get("description") or ""),
        privacy_level=privacy_level,
        is_aigc=publication.is_aigc,
        is_photo=publication.kind == "photo",
        publish_id=publication.publish_id,
        client_key=publication.client_key,
        cleared=False,
        **details,
    )
    publication.video_ids.append(video.id)
    webhooks.announce_publication(world, publication, "complete", now)
    world.schedule(now + world.knobs.moderation_seconds, clear_video, video.id)
    return video


@happening
def clear_video(world: "World", now: float, video_id: int) -> None:
    """Moderation is through with a post."""
    video = world.videos.get(video_id)
    if video is not None:
        video.cleared = True
        review_public(world, video, now)


def review_public(world: "World", video: Video, now: float) -> None:
    """Something about a post, or its creator's account, has changed: tell the app if that made a difference."""
    (_show_public if world.is_public(video) else _hide_public)(world, video, now)


def _show_public(world: "World", video: Video, now: float) -> None:
    """A post has become public: its id appears in the status, and the app is told."""
    publication = world.publications.get(video.publish_id or "")
    if publication is not None and video.id not in publication.public_ids:
        publication.public_ids.append(video.id)
        webhooks.announce_publication(world, publication, "publicly_available", now, post_id=str(video.id))


def _hide_public(world: "World", video: Video, now: float) -> None:
    """A post is no longer public: its id goes from the status, and the app is told."""
    publication = world.publications.get(video.publish_id or "")
    if publication is not None and video.id in publication.public_ids:
        publication.public_ids.remove(video.id)
        webhooks.announce_publication(world, publication, "no_longer_publicaly_available", now, post_id=str(video.id))
