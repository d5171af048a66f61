"""The control API's hand on creators, videos and publications."""

import os
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request

from tiktok_api.simulator.api.envelopes import compact
from tiktok_api.simulator.control import views
from tiktok_api.simulator.control.parsing import BadOrder, carry_over, order
from tiktok_api.simulator.world import growth, processing, revocation
from tiktok_api.simulator.world.clock import LATEST, from_iso
from tiktok_api.simulator.world.models import LARGEST_COUNTER, NAME, PRIVACY_LEVELS, Creator, Publication, Video
from tiktok_api.simulator.world.option_types import Option, options_of
from tiktok_api.simulator.world.world import World, current_world

blueprint = Blueprint("casting", __name__)

PIECE = 1 << 20
MOST_CREATORS = 10_000
MOST_POSTS = 100_000
MOST_POSTS_AT_ONCE = 10_000
MOST_DRAFT_POSTS = 100
COUNTER = Option(kind="integer", meaning="holds now and goes on growing from there", most=LARGEST_COUNTER)
CREATOR_SETTINGS = {name: each for name, each in options_of(Creator).items() if name != "username"}
CREATOR_ORDER = CREATOR_SETTINGS | dict.fromkeys(growth.CREATOR_COUNTERS, COUNTER)
VIDEO_ORDER = options_of(Video) | dict.fromkeys(growth.VIDEO_COUNTERS, COUNTER)
SEEDING = {name: each for name, each in VIDEO_ORDER.items() if name != "cleared"}
SEEDING |= {
    "username": Option(kind="text", meaning="whose profile"),
    "created_at": Option(kind="moment", meaning="of the first; now unless given"),
    "count": Option(kind="integer", meaning="how many", default=1, most=MOST_POSTS_AT_ONCE),
    "spacing_seconds": Option(kind="number", meaning="between two", default=60, most=10 * 365 * 86_400),
}
DISCONNECT = {
    "client_key": Option(kind="text", meaning="the app; all unless given"),
    "reason": Option(kind="integer", meaning="as in the event", default=revocation.USER_DISCONNECTED, most=5),
}
COMPLETE_DRAFT = {
    "publish_id": Option(kind="text", meaning="the draft"),
    "posts": Option(kind="integer", meaning="how many posts it becomes", default=1, least=1, most=MOST_DRAFT_POSTS),
    "privacy_level": Option(kind="text", meaning="who may see them", nullable=True, choices=PRIVACY_LEVELS),
}


@blueprint.get("/creators")
def show_creators() -> Response:
    """All creators."""
    world = current_world()
    with world.moment() as now:
        return compact({"creators": [views.creator_shown(world, each, now) for each in world.creators.values()]})


@blueprint.get("/creators/<username>")
def show_creator(username: str) -> Response:
    """One creator."""
    world = current_world()
    with world.moment() as now:
        return compact(views.creator_shown(world, _creator(world, username), now))


@blueprint.post("/creators/<username>")
def add_creator(username: str) -> Response:
    """{name: value, …}: let somebody join, with settings as in PATCH."""
    world = current_world()
    body = order(CREATOR_ORDER)
    if not NAME.fullmatch(username):
        raise BadOrder("a username is 1 to 64 letters, digits, dots, dashes and underscores")
    with world.moment() as now:
        if username in world.creators:
            raise BadOrder("this creator exists", 409)
        if len(world.creators) >= MOST_CREATORS:
            raise BadOrder(f"there are {MOST_CREATORS} creators already", 409)
        creator = Creator(username, str(body.get("nickname") or username.title()))
        world.creators[username] = creator
        change_settings(world, creator, body, now)
        return compact(views.creator_shown(world, creator, now), 201)


@blueprint.patch("/creators/<username>")
def change_creator(username: str) -> Response:
    """{name: value, …}: change settings; counters (`follower_count`, …) hold now and go on growing from there."""
    world = current_world()
    body = order(CREATOR_ORDER)
    with world.moment() as now:
        creator = _creator(world, username)
        change_settings(world, creator, body, now)
        return compact(views.creator_shown(world, creator, now))


def change_settings(world: World, creator: Creator, body: dict[str, Any], now: float) -> None:
    """Change a creator's settings and counters to values that are checked."""
    wanted = {name: body[name] for name in growth.CREATOR_COUNTERS if name in body}
    carry_over(creator, {name: value for name, value in body.items() if name not in wanted})
    if "private" in body:
        for video in world.videos_of(creator.username):
            processing.review_public(world, video, now)
    if wanted:
        creator.adjustments.update(dict.fromkeys(wanted, 0))
        present = world.creator_counters(creator, now)
        creator.adjustments.update({name: value - present[name] for name, value in wanted.items()})


@blueprint.get("/creators/<username>/live")
def show_live(username: str) -> Response:
    """What is live of what was published through apps; `?all=true` adds what came with the world."""
    world = current_world()
    everything = request.args.get("all") == "true"
    with world.moment() as now:
        _creator(world, username)
        live = [each for each in world.videos_of(username) if each.is_live and (everything or each.publish_id)]
        return compact({"live": [views.video_shown(world, video, now) for video in live]})


@blueprint.post("/creators/<username>/disconnect")
def disconnect(username: str) -> Response:
    """{client_key?, reason?}: the person removes an app, or all of them; reason 0 to 5, 1 unless given."""
    world = current_world()
    body = order(DISCONNECT)
    reason = body.get("reason", revocation.USER_DISCONNECTED)
    with world.moment() as now:
        _creator(world, username)
        if "client_key" not in body:
            revocation.remove_everywhere(world, username, reason, now)
        elif not revocation.remove_authorization(world, body["client_key"], username, reason, now):
            raise BadOrder("this app is not connected", 404)
        return compact({})


@blueprint.post("/creators/<username>/complete-draft")
def complete_draft(username: str) -> Response:
    """{publish_id, posts?, privacy_level?}: the person posts a draft from the inbox."""
    world = current_world()
    body = order(COMPLETE_DRAFT)
    with world.moment() as now:
        publication = world.publications.get(str(body.get("publish_id")))
        if publication is None or publication.username != username or publication.is_direct:
            raise BadOrder("no such draft", 404)
        if publication.status not in ("SEND_TO_USER_INBOX", "PUBLISH_COMPLETE"):
            raise BadOrder("the draft is not in the inbox", 409)
        if len(publication.video_ids) >= MOST_DRAFT_POSTS:
            raise BadOrder(f"a draft becomes at most {MOST_DRAFT_POSTS} posts", 409)
        posts = processing.complete_draft(world, publication, body.get("posts", 1), body.get("privacy_level"), now)
        return compact({"posts": [views.video_shown(world, video, now) for video in posts]})


@blueprint.get("/videos")
def show_videos() -> Response:
    """All posts, of one creator with `?username=`."""
    world = current_world()
    username = request.args.get("username")
    with world.moment() as now:
        chosen = [video for video in world.videos.values() if username in (None, video.username)]
        return compact({"videos": [views.video_shown(world, video, now) for video in chosen]})


@blueprint.post("/videos")
def seed_videos() -> Response:
    """{username, created_at?, count?, spacing_seconds?} and any property of a video: put posts on a profile."""
    world = current_world()
    body = order(SEEDING)
    with world.moment() as now:
        _creator(world, str(body.get("username")))
        begin, count, spacing = _begin_of(body, now), body.get("count", 1), body.get("spacing_seconds", 60)
        if begin + count * spacing > LATEST:
            raise BadOrder("no post is after 2037")
        if len(world.videos) + count > MOST_POSTS:
            raise BadOrder(f"the world has at most {MOST_POSTS} posts", 409)
        made: list[Video] = []
        for each in range(count):
            after_last = (made[-1].created_ms + 1) / 1000 if made else begin
            moment = max(begin + each * spacing, after_last)
            video = world.add_video(moment, body["username"], body.get("title", ""))
            _change_video(world, video, {name: value for name, value in body.items() if name in VIDEO_ORDER}, now)
            made.append(video)
        return compact({"videos": [views.video_shown(world, video, now) for video in made]}, 201)


def _begin_of(body: dict[str, Any], now: float) -> float:
    try:
        return from_iso(body.get("created_at", now))
    except (TypeError, ValueError, AttributeError) as error:
        raise BadOrder(f"created_at: {error}") from error


@blueprint.patch("/videos/<int:video_id>")
def change_video(video_id: int) -> Response:
    """{name: value, …}: change a post: its properties, its counters, who may see it, or `cleared` (moderation is through with it)."""
    world = current_world()
    body = order(VIDEO_ORDER)
    with world.moment() as now:
        video = _video(world, video_id)
        _change_video(world, video, body, now)
        processing.review_public(world, video, now)
        return compact(views.video_shown(world, video, now))


def _change_video(world: World, video: Video, body: dict[str, Any], now: float) -> None:
    wanted = {name: body[name] for name in growth.VIDEO_COUNTERS if name in body}
    carry_over(video, {name: value for name, value in body.items() if name not in wanted})
    if wanted:
        video.adjustments.update(dict.fromkeys(wanted, 0))
        present = world.video_counters(video, now)
        video.adjustments.update({name: value - present[name] for name, value in wanted.items()})


@blueprint.delete("/videos/<int:video_id>")
def take_down(video_id: int) -> Response:
    """Take a post down."""
    world = current_world()
    with world.moment() as now:
        video = _video(world, video_id)
        remove_video(world, video, now)
        return compact(views.video_shown(world, video, now))


def remove_video(world: World, video: Video, now: float) -> None:
    """A post is no more; the app that published it hears of it."""
    video.removed_at = now
    processing.review_public(world, video, now)


@blueprint.get("/publications")
def show_publications() -> Response:
    """Every publish_id ever handed out, oldest first; `?username=`, `?client_key=`, `?status=` choose."""
    world = current_world()
    with world.moment():
        shown = [views.publication_shown(world, each) for each in world.publications.values()]
    chosen = [each for each in shown if all(each.get(name) == value for name, value in request.args.items())]
    return compact({"publications": chosen, "init_count": len(chosen)})


@blueprint.get("/publications/<publish_id>")
def show_publication(publish_id: str) -> Response:
    """One publication."""
    world = current_world()
    with world.moment():
        return compact(views.publication_shown(world, _publication(world, publish_id)))


@blueprint.get("/publications/<publish_id>/media")
def show_media(publish_id: str) -> Response:
    """The bytes received: a video whole, of photos the one with `?index=`."""
    world = current_world()
    with world.moment():
        publication = _publication(world, publish_id)
        paths = list(publication.files)
        if publication.kind == "photo":
            index = max(0, request.args.get("index", 0, int))
            paths = paths[index : index + 1]
        if not paths:
            raise BadOrder("nothing is kept of this", 404)
        files = [path.open("rb") for path in paths]  # open ones outlive a reset
    size = sum(os.fstat(file.fileno()).st_size for file in files)

    def pieces() -> Iterator[bytes]:
        try:
            for file in files:
                while piece := file.read(PIECE):
                    yield piece
        finally:
            for file in files:
                file.close()

    return Response(pieces(), mimetype="application/octet-stream", headers={"Content-Length": str(size)})


def _creator(world: World, username: str) -> Creator:
    if username not in world.creators:
        raise BadOrder("no such creator", 404)
    return world.creators[username]


def _video(world: World, video_id: int) -> Video:
    if video_id not in world.videos:
        raise BadOrder("no such video", 404)
    return world.videos[video_id]


def _publication(world: World, publish_id: str) -> Publication:
    if publish_id not in world.publications:
        raise BadOrder("no such publication", 404)
    return world.publications[publish_id]
