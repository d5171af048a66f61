"""What an app can read: user/info, video/list, video/query and creator_info."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response

from tiktok_api.simulator.api import images, posting_limits
from tiktok_api.simulator.api.authorization import authorize, json_body, read_field, requested_fields
from tiktok_api.simulator.api.envelopes import Refusal, invalid_params, ok_response
from tiktok_api.simulator.models.consents import Token
from tiktok_api.simulator.models.creators import Creator
from tiktok_api.simulator.models.videos import SimulatedVideo
from tiktok_api.simulator.world.world import World, current_world

blueprint = Blueprint("display", __name__, url_prefix="/v2")

MOST_VIDEOS = 20
USUAL_VIDEOS = 10
FIELD_SCOPES = {
    **dict.fromkeys(
        ("open_id", "union_id", "avatar_url", "avatar_url_100", "avatar_large_url", "display_name"), "user.info.basic"
    ),
    **dict.fromkeys(("bio_description", "profile_deep_link", "is_verified", "username"), "user.info.profile"),
    **dict.fromkeys(("follower_count", "following_count", "likes_count", "video_count"), "user.info.stats"),
}
AVATARS = {"avatar_url": 168, "avatar_url_100": 100, "avatar_large_url": 720}
VIDEO_FIELDS = dict.fromkeys(
    (
        "id",
        "create_time",
        "cover_image_url",
        "share_url",
        "video_description",
        "duration",
        "height",
        "width",
        "title",
        "embed_html",
        "embed_link",
        "like_count",
        "comment_count",
        "share_count",
        "view_count",
        "is_aigc",
    )
)


@blueprint.get("/user/info/")
def user_info() -> Response:
    """Show the requested fields of the profile that a token belongs to."""
    world = current_world()
    with world.moment() as now:
        token = authorize(world, now, "user_info", "user.info.basic", "user.info.profile", "user.info.stats")
        names = requested_fields(FIELD_SCOPES)
        missing = [name for name in names if FIELD_SCOPES[name] not in token.grant.scopes]
        if missing and world.options.missing_scope != "zeros":
            raise Refusal(world.options.missing_scope)
        user = _profile(world, token, now)
        if world.options.union_id_missing:
            del user["union_id"]
        shown = {name: user[name] for name in names if name in user}
        return ok_response(
            {"user": {name: _zero_of(value) if name in missing else value for name, value in shown.items()}}
        )


def _zero_of(value: Any) -> Any:
    return type(value)()


def _profile(world: World, token: Token, now: float) -> dict[str, Any]:
    creator = world.creators[token.username]
    profile_url = f"https://www.tiktok.com/@{creator.username}"
    return {
        "open_id": world.ids.open_id(token.client_key, token.username),
        "union_id": world.ids.union_id(token.username),
        **{name: _avatar(world, creator, side, world.options.avatar_seconds, now) for name, side in AVATARS.items()},
        "display_name": creator.nickname,
        "bio_description": creator.bio,
        "profile_deep_link": f"{profile_url}?utm_campaign=tt4d_open_api&utm_source={token.client_key}",
        "is_verified": creator.verified,
        "username": creator.username,
        **world.creator_counters(creator, now),
    }


def _avatar(world: World, creator: Creator, side: int, seconds: float, now: float) -> str:
    return images.link(world, f"avatar/{creator.username}", (side, side), seconds, now)


@blueprint.post("/video/list/")
def list_videos() -> Response:
    """List public videos posted before a moment, newest first."""
    world = current_world()
    with world.moment() as now:
        token = authorize(world, now, "video_list", "video.list")
        names = requested_fields(VIDEO_FIELDS)
        body = json_body(optional=True)
        count = read_field(body, "max_count", int, USUAL_VIDEOS)
        if not 1 <= count <= MOST_VIDEOS:
            raise invalid_params(f"max_count is 1 to {MOST_VIDEOS}")
        cursor = read_field(body, "cursor", int, 0)
        older = [video for video in world.listed_videos(token.username) if not cursor or video.created_ms < cursor]
        if world.options.short_pages and len(older) > count:
            count = max(1, count // 2)
        page = older[:count]
        data = {
            "videos": [_video_fields(world, token, video, names, now) for video in page],
            "cursor": page[-1].created_ms if page else cursor,
            "has_more": len(older) > count,
        }
        return ok_response(data)


@blueprint.post("/video/query/")
def query_videos() -> Response:
    """Show some of the creator's public videos by id; other ids are left out."""
    world = current_world()
    with world.moment() as now:
        token = authorize(world, now, "video_query", "video.list")
        names = requested_fields(VIDEO_FIELDS)
        ids = read_field(read_field(json_body(), "filters", dict, {}), "video_ids", list, [])
        if not 1 <= len(ids) <= MOST_VIDEOS or not all(isinstance(each, str) for each in ids):
            raise invalid_params(f"filters.video_ids holds 1 to {MOST_VIDEOS} ids")
        found = [video for video in world.listed_videos(token.username) if str(video.id) in ids]
        more = {"cursor": 0, "has_more": False} if world.options.query_cursor else {}
        return ok_response({"videos": [_video_fields(world, token, video, names, now) for video in found], **more})


def _video_fields(world: World, token: Token, video: SimulatedVideo, names: list[str], now: float) -> dict[str, Any]:
    """Returns the requested fields of a video."""
    counters = world.video_counters(video, now)
    page = f"https://www.tiktok.com/@{video.username}/video/{video.id}"
    embed = f"https://www.tiktok.com/embed/v2/{video.id}"
    marks = f"utm_campaign=tt4d_open_api&utm_source={token.client_key}"
    values: dict[str, Callable[[], Any]] = {
        "id": lambda: str(video.id),
        "create_time": lambda: video.created_ms // 1000,
        "cover_image_url": lambda: images.link(world, f"cover/{video.id}", (480, 854), images.COVER_SECONDS, now),
        "share_url": lambda: f"{page}?{marks}",
        "video_description": lambda: video.title,
        "embed_html": lambda: (
            f'<blockquote class="tiktok-embed" cite="{page}" data-video-id="{video.id}"></blockquote>'
        ),
        "embed_link": lambda: f"{embed}?{marks}",
    }
    return {
        name: values[name]() if name in values else counters[name] if name in counters else getattr(video, name)
        for name in names
    }


@blueprint.post("/post/publish/creator_info/query/")
def creator_info() -> Response:
    """Show what a creator can choose when posting; a creator who cannot post gets an error with HTTP 200."""
    world = current_world()
    with world.moment() as now:
        token = authorize(world, now, "creator_info", "video.publish")
        creator = world.creators[token.username]
        if problem := posting_limits.posting_problem(world, world.apps[token.client_key], creator, now):
            raise Refusal(problem, status=200)
        return ok_response(
            {
                "creator_avatar_url": _avatar(world, creator, 168, images.CREATOR_AVATAR_SECONDS, now),
                "creator_username": creator.username,
                "creator_nickname": creator.nickname,
                "privacy_level_options": creator.privacy_level_options,
                "comment_disabled": creator.comment_disabled,
                "duet_disabled": creator.duet_disabled or creator.private,
                "stitch_disabled": creator.stitch_disabled or creator.private,
                "max_video_post_duration_sec": creator.max_video_post_duration_sec,
            }
        )
