"""The form in which the control API shows each record."""

from dataclasses import asdict
from typing import Any

from tiktok_api.simulator.api import posting_limits
from tiktok_api.simulator.models.apps import App
from tiktok_api.simulator.models.creators import Creator
from tiktok_api.simulator.models.deliveries import WebhookDelivery
from tiktok_api.simulator.models.publications import SimulatedPublication
from tiktok_api.simulator.models.videos import SimulatedVideo
from tiktok_api.simulator.options.timestamps import iso
from tiktok_api.simulator.world.world import World


def app_view(app: App) -> dict[str, Any]:
    """Returns an app with everything that the portal shows its developer."""
    return asdict(app)


def creator_view(world: World, creator: Creator, now: float) -> dict[str, Any]:
    """Returns a creator with settings, counters and consents."""
    shown = asdict(creator)
    del shown["adjustments"]
    consents = [
        {
            "client_key": client_key,
            "open_id": world.ids.open_id(client_key, username),
            "scopes": list(grant.scopes),
            "granted_at": iso(grant.granted_at),
        }
        for (client_key, username), grant in world.grants.items()
        if username == creator.username
    ]
    return {
        **shown,
        **world.creator_counters(creator, now),
        "union_id": world.ids.union_id(creator.username),
        "privacy_level_options": creator.privacy_level_options,
        "posts_today": posting_limits.posts_today(world, creator, now),
        "pending_shares": len(posting_limits.pending_shares(world, creator, now)),
        "consents": consents,
        "live_count": sum(
            video.is_live and video.publish_id is not None for video in world.videos.of_creator(creator.username)
        ),
    }


def video_view(world: World, video: SimulatedVideo, now: float) -> dict[str, Any]:
    """Returns a post with its counters; `publish_id` is null for posts that no app published."""
    return {
        "id": str(video.id),
        "username": video.username,
        "title": video.title,
        "created_at": iso(video.created_ms / 1000),
        "privacy_level": video.privacy_level,
        "duration": video.duration,
        "width": video.width,
        "height": video.height,
        "is_aigc": video.is_aigc,
        "is_photo": video.is_photo,
        "is_live": video.is_live,
        "is_public": world.is_public(video),
        "publish_id": video.publish_id,
        "client_key": video.client_key,
        **world.video_counters(video, now),
    }


def publication_view(world: World, publication: SimulatedPublication) -> dict[str, Any]:
    """Returns a publication with what was received for it, its status and its posts."""
    videos = [world.videos[each] for each in publication.video_ids if each in world.videos]
    return {
        "publish_id": publication.publish_id,
        "username": publication.username,
        "client_key": publication.client_key,
        "open_id": world.ids.open_id(publication.client_key, publication.username),
        "status": publication.status,
        "state": publication.status,
        "fail_reason": publication.fail_reason,
        "mode": publication.mode,
        "kind": publication.kind,
        "source": publication.source,
        "post_info": publication.post_info,
        "source_info": publication.source_info,
        "is_aigc": publication.is_aigc,
        "size": publication.size,
        "chunk_size": publication.chunk_size,
        "chunk_count": publication.chunk_count,
        "received_bytes": publication.received_bytes,
        "sha256": publication.sha256,
        "chunks": publication.chunks,
        "pulls": publication.pulls,
        "probe": publication.probe,
        "init_count": publication.init_count,
        "is_live": any(video.is_live for video in videos),
        "post_ids": [str(each) for each in publication.video_ids],
        "public_post_ids": [str(each) for each in publication.public_ids],
        "created_at": iso(publication.created_at),
        "url_expires_at": iso(publication.url_expires_at or None),
        "received_at": iso(publication.received_at),
        "finished_at": iso(publication.finished_at),
    }


def options_view(world: World) -> dict[str, Any]:
    """Returns the options as they were set; `at_reset` has those that take effect at the next reset."""
    return {"knobs": {**world.options.as_dict(), **world.at_reset}, "at_reset": world.at_reset}


def clock_view(world: World) -> dict[str, Any]:
    """Returns the virtual time."""
    clock = world.clock
    now = clock.now()
    upcoming = world.agenda.next_at()
    return {
        "now": iso(now),
        "now_epoch": now,
        "offset_seconds": clock.offset_seconds,
        "frozen": clock.is_frozen,
        "next_event_at": iso(upcoming),
    }


def delivery_view(delivery: WebhookDelivery) -> dict[str, Any]:
    """Returns an event with the attempts to deliver it."""
    return {**asdict(delivery), "body": delivery.body.decode(), "created_at": iso(delivery.created_at)}
