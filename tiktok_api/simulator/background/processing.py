"""What happens to a publication after its init: upload, verdict, moderation, draft, takedown.

State files contain the names of the scheduled events.
"""

import hashlib
from typing import Any

from tiktok_api.simulator.background import webhooks
from tiktok_api.simulator.models.creators import FOLLOWERS, PUBLIC
from tiktok_api.simulator.models.publications import SimulatedPublication
from tiktok_api.simulator.models.videos import SimulatedVideo
from tiktok_api.simulator.world.agenda import scheduled_event
from tiktok_api.simulator.world.world import World

GB = 1_000_000_000


def open_upload(world: World, publication: SimulatedPublication, upload_id: str, now: float) -> None:
    """Open the upload of a publication: its URL is valid for an hour, and it fails if it is unfinished after a day."""
    publication.upload_id = upload_id
    publication.upload_token = world.ids.text(40)
    publication.url_expires_at = now + world.options.upload_url_seconds
    world.publications.uploads[upload_id] = publication
    world.schedule(now + world.options.upload_lapse_seconds, lapse_upload, publication.publish_id)


@scheduled_event
def lapse_upload(world: World, now: float, publish_id: str) -> None:
    """Fail a publication whose upload is still unfinished."""
    publication = world.publications.get(publish_id)
    if publication is not None and publication.received_at is None and not publication.is_over:
        fail(world, publication, "internal", now)


def lane(publication: SimulatedPublication) -> tuple[str, str]:
    """Returns the lane of a publication: its background tasks run in order and delay no other publication."""
    return "publication", publication.publish_id


def record_received(publication: SimulatedPublication, digest: "hashlib._Hash", now: float) -> None:
    """Record that all bytes have arrived; the inspection and then the verdict follow."""
    publication.received_at = now
    publication.sha256 = digest.hexdigest()


def record_inspection(
    world: World, publication: SimulatedPublication, fail_reason: str | None, facts: dict[str, Any]
) -> None:
    """Record the result of the inspection and schedule the verdict for when TikTok would have processed the media."""
    publication.probe = facts
    wait = world.options.processing_seconds + world.options.processing_seconds_per_gb * publication.received_bytes / GB
    if world.options.keep_media:
        world.publications.keep_media(publication, world.options.media_bytes_kept)
    else:
        publication.drop_files()
    due = (publication.received_at or world.clock.now()) + wait
    world.schedule(due, conclude, publication.publish_id, fail_reason)


@scheduled_event
def conclude(world: World, now: float, publish_id: str, fail_reason: str | None) -> None:
    """Decide: failed, published, or delivered as a draft."""
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


def _is_over_cap(world: World, publication: SimulatedPublication, now: float) -> bool:
    """Returns True if the cap is reached: inits are accepted until then, so more posts than the cap may arrive here."""
    posted = sum(
        other.is_direct and other.status == "PUBLISH_COMPLETE" and (other.finished_at or 0) > now - 86_400
        for other in world.publications.of_creator(publication.username)
    )
    return posted >= world.post_cap(world.creators[publication.username])


def _deliver_draft(world: World, publication: SimulatedPublication, now: float) -> None:
    publication.status, publication.finished_at = "SEND_TO_USER_INBOX", now
    webhooks.announce_publication(world, publication, "inbox_delivered", now)
    if world.options.draft_expiry_seconds:
        due = now + world.options.draft_expiry_seconds
        world.schedule(due, expire_draft, publication.publish_id)


@scheduled_event
def expire_draft(world: World, now: float, publish_id: str) -> None:
    """Fail a draft that still waits in the inbox."""
    publication = world.publications.get(publish_id)
    if publication is not None and publication.status == "SEND_TO_USER_INBOX":
        fail(world, publication, "internal", now)


def fail(world: World, publication: SimulatedPublication, reason: str, now: float) -> None:
    """Fail a publication for a reason, and tell the app."""
    publication.status, publication.fail_reason, publication.finished_at = "FAILED", reason, now
    if publication.received_at is None:
        publication.drop_files()
        world.background.cut(lane(publication))
    webhooks.announce_publication(world, publication, "failed", now, reason=reason)


def complete_draft(
    world: World, publication: SimulatedPublication, posts: int, privacy_level: str | None, now: float
) -> list[SimulatedVideo]:
    """Post a draft as the creator does in the app, as one post or as several."""
    creator = world.creators[publication.username]
    publication.status = "PUBLISH_COMPLETE"
    publication.finished_at = now
    level = privacy_level or (FOLLOWERS if creator.private else PUBLIC)
    return [_post(world, publication, level, now) for _ in range(posts)]


def _post(world: World, publication: SimulatedPublication, privacy_level: str, now: float) -> SimulatedVideo:
    """Put a publication on the profile; it becomes public after moderation."""
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
    world.schedule(now + world.options.moderation_seconds, clear_video, video.id)
    return video


@scheduled_event
def clear_video(world: World, now: float, video_id: int) -> None:
    """Moderation approves a post."""
    video = world.videos.get(video_id)
    if video is not None:
        video.cleared = True
        review_public(world, video, now)


def review_public(world: World, video: SimulatedVideo, now: float) -> None:
    """Tell the app if a change of a post, or of its creator's account, has made it public or no longer public."""
    (_show_public if world.is_public(video) else _hide_public)(world, video, now)


def _show_public(world: World, video: SimulatedVideo, now: float) -> None:
    """Show the id of a post in the status, and tell the app that the post is public."""
    publication = world.publications.get(video.publish_id or "")
    if publication is not None and video.id not in publication.public_ids:
        publication.public_ids.append(video.id)
        webhooks.announce_publication(world, publication, "publicly_available", now, post_id=str(video.id))


def _hide_public(world: World, video: SimulatedVideo, now: float) -> None:
    """Remove the id of a post from the status, and tell the app that the post is no longer public."""
    publication = world.publications.get(video.publish_id or "")
    if publication is not None and video.id in publication.public_ids:
        publication.public_ids.remove(video.id)
        webhooks.announce_publication(world, publication, "no_longer_publicaly_available", now, post_id=str(video.id))
