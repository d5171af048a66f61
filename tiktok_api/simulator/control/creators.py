"""The control API's operations on creators: settings, counters, consents and drafts."""

from typing import Any

from flask import Blueprint, Response, request

from tiktok_api.simulator.api.envelopes import json_response
from tiktok_api.simulator.background import processing, revocation
from tiktok_api.simulator.control import views
from tiktok_api.simulator.control.parsing import InvalidCommand, checked_body, set_attributes
from tiktok_api.simulator.models.creators import LARGEST_COUNTER, PRIVACY_LEVELS, Creator
from tiktok_api.simulator.models.names import NAME
from tiktok_api.simulator.options.declarations import OptionType, options_of
from tiktok_api.simulator.world import growth
from tiktok_api.simulator.world.world import World, current_world

blueprint = Blueprint("creators", __name__)

MOST_CREATORS = 10_000
MOST_DRAFT_POSTS = 100
COUNTER = OptionType(kind="integer", meaning="has this value now and grows from it", most=LARGEST_COUNTER)
SETTINGS = {name: each for name, each in options_of(Creator).items() if name != "username"}
CREATOR = SETTINGS | dict.fromkeys(growth.CREATOR_COUNTERS, COUNTER)
DISCONNECT = {
    "client_key": OptionType(kind="text", meaning="the app; all unless given"),
    "reason": OptionType(kind="integer", meaning="as in the event", default=revocation.USER_DISCONNECTED, most=5),
}
COMPLETE_DRAFT = {
    "publish_id": OptionType(kind="text", meaning="the draft"),
    "posts": OptionType(kind="integer", meaning="how many posts it becomes", default=1, least=1, most=MOST_DRAFT_POSTS),
    "privacy_level": OptionType(kind="text", meaning="who may see them", nullable=True, choices=PRIVACY_LEVELS),
}


@blueprint.get("/creators")
def show_creators() -> Response:
    """Show all creators."""
    world = current_world()
    with world.moment() as now:
        return json_response({"creators": [views.creator_view(world, each, now) for each in world.creators.values()]})


@blueprint.get("/creators/<username>")
def show_creator(username: str) -> Response:
    """Show one creator."""
    world = current_world()
    with world.moment() as now:
        return json_response(views.creator_view(world, find_creator(world, username), now))


@blueprint.post("/creators/<username>")
def add_creator(username: str) -> Response:
    """{name: value, …}: add a creator, with settings as in PATCH."""
    world = current_world()
    body = checked_body(CREATOR)
    if not NAME.fullmatch(username):
        raise InvalidCommand("a username is 1 to 64 letters, digits, dots, dashes and underscores")
    with world.moment() as now:
        if username in world.creators:
            raise InvalidCommand("this creator exists", 409)
        if len(world.creators) >= MOST_CREATORS:
            raise InvalidCommand(f"there are {MOST_CREATORS} creators already", 409)
        creator = Creator(username, str(body.get("nickname") or username.title()))
        world.creators[username] = creator
        change_settings(world, creator, body, now)
        return json_response(views.creator_view(world, creator, now), 201)


@blueprint.patch("/creators/<username>")
def change_creator(username: str) -> Response:
    """{name: value, …}: change settings; counters (`follower_count`, …) have this value now and grow from it."""
    world = current_world()
    body = checked_body(CREATOR)
    with world.moment() as now:
        creator = find_creator(world, username)
        change_settings(world, creator, body, now)
        return json_response(views.creator_view(world, creator, now))


def change_settings(world: World, creator: Creator, body: dict[str, Any], now: float) -> None:
    """Change a creator's settings and counters; the values are checked already."""
    wanted = {name: body[name] for name in growth.CREATOR_COUNTERS if name in body}
    set_attributes(creator, {name: value for name, value in body.items() if name not in wanted})
    if "private" in body:
        for video in world.videos.of_creator(creator.username):
            processing.review_public(world, video, now)
    if wanted:
        growth.set_counters(creator, wanted, lambda: world.creator_counters(creator, now))


@blueprint.get("/creators/<username>/live")
def show_live(username: str) -> Response:
    """Show the live posts that were published through apps; `?all=true` adds all others."""
    world = current_world()
    everything = request.args.get("all") == "true"
    with world.moment() as now:
        find_creator(world, username)
        live = [each for each in world.videos.of_creator(username) if each.is_live and (everything or each.publish_id)]
        return json_response({"live": [views.video_view(world, video, now) for video in live]})


@blueprint.post("/creators/<username>/disconnect")
def disconnect(username: str) -> Response:
    """{client_key?, reason?}: the creator removes an app, or all of them; reason 0 to 5, 1 unless given."""
    world = current_world()
    body = checked_body(DISCONNECT)
    reason = body.get("reason", revocation.USER_DISCONNECTED)
    with world.moment() as now:
        find_creator(world, username)
        if "client_key" not in body:
            revocation.remove_everywhere(world, username, reason, now)
        elif not revocation.remove_authorization(world, body["client_key"], username, reason, now):
            raise InvalidCommand("this app is not connected", 404)
        return json_response({})


@blueprint.post("/creators/<username>/complete-draft")
def complete_draft(username: str) -> Response:
    """{publish_id, posts?, privacy_level?}: the creator posts a draft from the inbox."""
    world = current_world()
    body = checked_body(COMPLETE_DRAFT)
    with world.moment() as now:
        publication = world.publications.get(str(body.get("publish_id")))
        if publication is None or publication.username != username or publication.is_direct:
            raise InvalidCommand("no such draft", 404)
        if publication.status not in ("SEND_TO_USER_INBOX", "PUBLISH_COMPLETE"):
            raise InvalidCommand("the draft is not in the inbox", 409)
        if len(publication.video_ids) >= MOST_DRAFT_POSTS:
            raise InvalidCommand(f"a draft becomes at most {MOST_DRAFT_POSTS} posts", 409)
        posts = processing.complete_draft(world, publication, body.get("posts", 1), body.get("privacy_level"), now)
        return json_response({"posts": [views.video_view(world, video, now) for video in posts]})


def find_creator(world: World, username: str) -> Creator:
    """Returns a creator. Raises InvalidCommand."""
    if username not in world.creators:
        raise InvalidCommand("no such creator", 404)
    return world.creators[username]
