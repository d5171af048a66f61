"""The posting endpoints: three inits, status/fetch and cancel."""

import json
from typing import Any

from flask import Blueprint, Response, request

from tiktok_api.simulator.api import posting_limits, validation
from tiktok_api.simulator.api.authorization import authorize, json_body, read_field
from tiktok_api.simulator.api.envelopes import Refusal, invalid_params, ok_response
from tiktok_api.simulator.background import processing, pulling
from tiktok_api.simulator.models.consents import Token
from tiktok_api.simulator.models.journal import Abridger
from tiktok_api.simulator.models.publications import SimulatedPublication
from tiktok_api.simulator.world.world import World, current_world

blueprint = Blueprint("publishing", __name__, url_prefix="/v2/post/publish")

MOST_KEPT = 64 << 10
PREFIXES = {
    ("video", "direct", "FILE_UPLOAD"): "v_pub_file~v2-1.",
    ("video", "direct", "PULL_FROM_URL"): "v_pub_url~v2-1.",
    ("video", "inbox", "FILE_UPLOAD"): "v_inbox_file~v2.",
    ("video", "inbox", "PULL_FROM_URL"): "v_inbox_url~v2.",
    ("photo", "direct", "PULL_FROM_URL"): "p_pub_url~v2.",
    ("photo", "inbox", "PULL_FROM_URL"): "p_pub_url~v2.",
}


@blueprint.post("/video/init/")
def init_video() -> Response:
    """Begin a direct post of a video."""
    world = current_world()
    with world.moment() as now:
        token = authorize(world, now, "video_init", "video.publish")
        body = json_body()
        post_info, source_info = read_field(body, "post_info", dict, {}), read_field(body, "source_info", dict, {})
        validation.check_video_post_info(post_info, world.options)
        source = validation.read_video_source(source_info, world.options)
        app, creator = world.apps[token.client_key], world.creators[token.username]
        validation.check_ownership(app, world.options, source.urls)
        posting_limits.check_direct(world, app, creator, post_info, now)
        is_aigc = bool(post_info.get("is_aigc"))
        publication = _begin(
            world, token, source, now, mode="direct", kind="video", post_info=post_info, is_aigc=is_aigc
        )
        return ok_response(_upload_answer(publication))


@blueprint.post("/inbox/video/init/")
def init_inbox_video() -> Response:
    """Begin a video draft for the creator's inbox; other fields of the body are ignored."""
    world = current_world()
    with world.moment() as now:
        token = authorize(world, now, "inbox_init", "video.upload")
        body = json_body()
        source = validation.read_video_source(read_field(body, "source_info", dict, {}), world.options)
        validation.check_ownership(world.apps[token.client_key], world.options, source.urls)
        posting_limits.check_inbox(world, world.creators[token.username], now)
        return ok_response(_upload_answer(_begin(world, token, source, now, mode="inbox", kind="video")))


@blueprint.post("/content/init/")
def init_photos() -> Response:
    """Begin a photo post, direct or as a draft."""
    world = current_world()
    with world.moment() as now:
        draft = _is_draft()
        token = authorize(world, now, "photo_init", "video.upload" if draft else "video.publish")
        body = json_body()
        if body.get("media_type") != "PHOTO" or body.get("post_mode") not in ("DIRECT_POST", "MEDIA_UPLOAD"):
            raise invalid_params("media_type is PHOTO and post_mode is DIRECT_POST or MEDIA_UPLOAD")
        post_info = read_field(body, "post_info", dict, {})
        validation.check_photo_post_info(post_info, world.options)
        source = validation.read_photo_source(read_field(body, "source_info", dict, {}), world.options)
        app, creator = world.apps[token.client_key], world.creators[token.username]
        validation.check_ownership(app, world.options, source.urls)
        if draft:
            posting_limits.check_app_version(creator)
            posting_limits.check_inbox(world, creator, now)
        else:
            posting_limits.check_direct(world, app, creator, post_info, now)
        is_aigc = bool(read_field(body, "is_aigc", bool, False) or post_info.get("is_aigc"))
        mode = "inbox" if draft else "direct"
        publication = _begin(world, token, source, now, mode=mode, kind="photo", post_info=post_info, is_aigc=is_aigc)
        return ok_response({"publish_id": publication.publish_id})


@blueprint.post("/status/fetch/")
def fetch_status() -> Response:
    """Show the status of a publish_id; empty fields are left out."""
    world = current_world()
    with world.moment() as now:
        token = authorize(world, now, "status", "video.upload", "video.publish")
        publication = _find(world, token)
        data: dict[str, Any] = {"status": publication.status}
        if publication.fail_reason:
            data["fail_reason"] = publication.fail_reason
        if publication.public_ids and not world.options.post_id_never:
            data["publicaly_available_post_id"] = publication.public_ids
        if not publication.is_over and publication.received_bytes:
            pulled = publication.source == "PULL_FROM_URL"
            data["downloaded_bytes" if pulled else "uploaded_bytes"] = publication.received_bytes
        return ok_response(data)


@blueprint.post("/cancel/")
def cancel() -> Response:
    """Cancel a pull."""
    world = current_world()
    with world.moment() as now:
        token = authorize(world, now, "cancel", "video.upload", "video.publish")
        publication = _find(world, token)
        if publication.status != "PROCESSING_DOWNLOAD":
            raise Refusal("publish_not_cancellable")
        urls = [pull["url"] for pull in publication.pulls]
        validation.check_ownership(world.apps[token.client_key], world.options, urls)
        processing.fail(world, publication, "publish_cancelled", now)
        return ok_response(None)


def _is_draft() -> bool:
    """Returns True for a draft: the scope that a photo init needs depends on its body, which is otherwise read later."""
    body = request.get_json(silent=True)
    return isinstance(body, dict) and body.get("post_mode") == "MEDIA_UPLOAD"


def _find(world: World, token: Token) -> SimulatedPublication:
    publish_id = read_field(json_body(), "publish_id", str)
    publication = world.publications.get(publish_id or "")
    if publication is None:
        raise Refusal("invalid_publish_id")
    if (publication.client_key, publication.username) != (token.client_key, token.username):
        raise Refusal("token_not_authorized_for_specified_publish_id")
    return publication


def _begin(
    world: World,
    token: Token,
    source: validation.MediaSource,
    now: float,
    *,
    mode: str,
    kind: str,
    post_info: dict[str, Any] | None = None,
    is_aigc: bool = False,
) -> SimulatedPublication:
    """Create the publication, and open its upload or schedule its pull."""
    number = world.ids.number(now)
    publication = SimulatedPublication(
        publish_id=f"{PREFIXES[kind, mode, source.name]}{number}",
        client_key=token.client_key,
        username=token.username,
        mode=mode,
        kind=kind,
        source=source.name,
        created_at=now,
        init_count=1 + world.publications.init_counts.get((token.client_key, token.username), 0),
        post_info=_bounded(post_info or {}),
        source_info=_bounded(json_body().get("source_info") or {}),
        is_aigc=is_aigc,
        size=source.size,
        chunk_size=source.chunk_size,
        chunk_count=source.chunk_count,
    )
    world.add_publication(publication)
    request.environ.get("simulator.entry", {})["publish_id"] = publication.publish_id
    if source.name == "FILE_UPLOAD":
        processing.open_upload(world, publication, str(world.ids.number(now)), now)
    else:
        pulling.begin(world, publication, source.urls, now)
    return publication


def _bounded(info: dict[str, Any]) -> dict[str, Any]:
    """Returns a part of a body as it is kept: whole up to MOST_KEPT bytes, else shortened."""
    return info if len(json.dumps(info)) <= MOST_KEPT else Abridger(()).fields(info)


def _upload_answer(publication: SimulatedPublication) -> dict[str, str]:
    if publication.source == "PULL_FROM_URL":
        return {"publish_id": publication.publish_id}
    query = f"upload_id={publication.upload_id}&upload_token={publication.upload_token}"
    return {"publish_id": publication.publish_id, "upload_url": f"{request.host_url}video/?{query}"}
