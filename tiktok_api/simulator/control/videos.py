"""The control API's operations on videos: put them on a profile, change them, take them down."""

from typing import Any

from flask import Blueprint, Response, request

from tiktok_api.simulator.api.envelopes import json_response
from tiktok_api.simulator.background import processing
from tiktok_api.simulator.control import views
from tiktok_api.simulator.control.creators import COUNTER, find_creator
from tiktok_api.simulator.control.parsing import InvalidCommand, checked_body, set_attributes
from tiktok_api.simulator.models.videos import MOST_VIDEOS, SimulatedVideo
from tiktok_api.simulator.options.declarations import OptionType, options_of
from tiktok_api.simulator.options.timestamps import LATEST, from_iso
from tiktok_api.simulator.world import growth
from tiktok_api.simulator.world.world import World, current_world

blueprint = Blueprint("videos", __name__)

MOST_VIDEOS_AT_ONCE = 10_000
VIDEO = options_of(SimulatedVideo) | dict.fromkeys(growth.VIDEO_COUNTERS, COUNTER)
NEW_VIDEOS = {name: each for name, each in VIDEO.items() if name != "cleared"}
NEW_VIDEOS |= {
    "username": OptionType(kind="text", meaning="whose profile"),
    "created_at": OptionType(kind="moment", meaning="of the first; now unless given"),
    "count": OptionType(kind="integer", meaning="how many", default=1, most=MOST_VIDEOS_AT_ONCE),
    "spacing_seconds": OptionType(kind="number", meaning="between two", default=60, most=10 * 365 * 86_400),
}


@blueprint.get("/videos")
def show_videos() -> Response:
    """Show all posts, or those of one creator with `?username=`."""
    world = current_world()
    username = request.args.get("username")
    with world.moment() as now:
        chosen = [video for video in world.videos.values() if username in (None, video.username)]
        return json_response({"videos": [views.video_view(world, video, now) for video in chosen]})


@blueprint.post("/videos")
def seed_videos() -> Response:
    """{username, created_at?, count?, spacing_seconds?} and any property of a video: add posts to a profile."""
    world = current_world()
    body = checked_body(NEW_VIDEOS)
    with world.moment() as now:
        find_creator(world, str(body.get("username")))
        begin, count, spacing = _created_at(body, now), body.get("count", 1), body.get("spacing_seconds", 60)
        if begin + count * spacing > LATEST:
            raise InvalidCommand("no post is after 2037")
        if len(world.videos) + count > MOST_VIDEOS:
            raise InvalidCommand(f"the world has at most {MOST_VIDEOS} posts", 409)
        made: list[SimulatedVideo] = []
        for each in range(count):
            after_last = (made[-1].created_ms + 1) / 1000 if made else begin
            moment = max(begin + each * spacing, after_last)
            video = world.add_video(moment, body["username"], body.get("title", ""))
            _change_video(world, video, {name: value for name, value in body.items() if name in VIDEO}, now)
            made.append(video)
        return json_response({"videos": [views.video_view(world, video, now) for video in made]}, 201)


def _created_at(body: dict[str, Any], now: float) -> float:
    try:
        return from_iso(body.get("created_at", now))
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidCommand(f"created_at: {error}") from error


@blueprint.patch("/videos/<int:video_id>")
def change_video(video_id: int) -> Response:
    """{name: value, …}: change a post: properties, counters, who may see it, or `cleared` (approved by moderation)."""
    world = current_world()
    body = checked_body(VIDEO)
    with world.moment() as now:
        video = _video(world, video_id)
        _change_video(world, video, body, now)
        processing.review_public(world, video, now)
        return json_response(views.video_view(world, video, now))


def _change_video(world: World, video: SimulatedVideo, body: dict[str, Any], now: float) -> None:
    wanted = {name: body[name] for name in growth.VIDEO_COUNTERS if name in body}
    set_attributes(video, {name: value for name, value in body.items() if name not in wanted})
    if wanted:
        growth.set_counters(video, wanted, lambda: world.video_counters(video, now))


@blueprint.delete("/videos/<int:video_id>")
def take_down(video_id: int) -> Response:
    """Take a post down."""
    world = current_world()
    with world.moment() as now:
        video = _video(world, video_id)
        remove_video(world, video, now)
        return json_response(views.video_view(world, video, now))


def remove_video(world: World, video: SimulatedVideo, now: float) -> None:
    """Take a post down, and tell the app that published it."""
    video.removed_at = now
    processing.review_public(world, video, now)


def _video(world: World, video_id: int) -> SimulatedVideo:
    if video_id not in world.videos:
        raise InvalidCommand("no such video", 404)
    return world.videos[video_id]
