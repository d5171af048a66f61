"""The whole world as JSON, and a world again from that."""

import hashlib
from collections import deque
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from tiktok_api.simulator.background import pulling, verdicts, webhooks
from tiktok_api.simulator.background.deliveries import Delivery
from tiktok_api.simulator.faults.rules import Rule
from tiktok_api.simulator.state import retention
from tiktok_api.simulator.world.agenda import HAPPENINGS
from tiktok_api.simulator.world.clock import Clock, iso
from tiktok_api.simulator.world.models import App, Code, Creator, Grant, Publication, Token, Video

if TYPE_CHECKING:
    from tiktok_api.simulator.world.world import World

PIECE = 1 << 20


def saved(world: "World") -> dict[str, Any]:
    """Everything that exists, as JSON; the caller holds the world's lock. The journal stays out: it is a log."""
    grants = _unique_grants(world)
    numbers = {id(grant): number for number, grant in enumerate(grants)}
    clock = world.clock
    return {
        "clock": {
            "offset_seconds": round(clock.offset_seconds, 3),
            "frozen_at": clock.now() if clock.is_frozen else None,
        },
        "began_at": world.began_at,
        "knobs": world.knobs.as_dict(),
        "at_reset": world.at_reset,
        "mint": world.mint.saved(),
        "apps": [_facts(app) for app in world.apps.values()],
        "creators": [_facts(creator) for creator in world.creators.values()],
        "videos": [_facts(video) for video in world.videos.values()],
        "all_grants": [{**_facts(grant), "scopes": list(grant.scopes)} for grant in grants],
        "grants": [numbers[id(grant)] for grant in world.grants.values()],
        "access_tokens": [_token(token, numbers) for token in world.access_tokens.values()],
        "refresh_tokens": [_token(token, numbers) for token in world.refresh_tokens.values()],
        "client_tokens": world.client_tokens,
        "codes": [{**_facts(code), "scopes": list(code.scopes)} for code in world.codes.values()],
        "publications": [_publication(publication) for publication in world.publications.values()],
        "windows": world.windows.saved(),
        "mailbox": {
            "last_id": world.mailbox.last_id,
            "held": list(world.mailbox.held),
            "ended": list(world.mailbox.ended),
            "deliveries": [{**_facts(each), "body": each.body.decode()} for each in world.mailbox.deliveries],
        },
        "mischief": world.mischief.listed(),
        "agenda": [[moment, name, list(arguments)] for moment, name, arguments in world.agenda.entries()],
    }


def load(world: "World", data: dict[str, Any], wall_clock: float) -> None:
    """Put what was saved in the place of what is there; the caller holds the world's lock.

    Raises KeyError, TypeError, ValueError and the like for what is no saved world; then the world must not be used.
    """
    frozen_at = data["clock"]["frozen_at"]
    world.clock = Clock(wall_clock + data["clock"]["offset_seconds"] if frozen_at is None else frozen_at)
    if frozen_at is not None:
        world.clock.freeze()
    world.began_at = float(data["began_at"])
    world.mint.load(data["mint"])
    world.apps = {each["client_key"]: App(**each) for each in data["apps"]}
    world.creators = {each["username"]: Creator(**each) for each in data["creators"]}
    world.forget_videos()
    for each in data["videos"]:
        world.keep_video(Video(**each))
    _load_consents(world, data)
    publications = [_loaded_publication(world, each) for each in data["publications"]]
    world.spool.keep_only({path for each in publications for path in each.files})
    for publication in publications:
        world.add_publication(publication)
        if publication.files and publication.sha256 is not None:
            retention.keep_media(world, publication)
    world.windows.load(data["windows"])
    _load_mailbox(world, data["mailbox"])
    world.mischief.load([Rule(**each) for each in data["mischief"]])
    _load_agenda(world, data["agenda"])


def _facts(record: Any) -> dict[str, Any]:
    return {each.name: getattr(record, each.name) for each in fields(record)}


def _unique_grants(world: "World") -> list[Grant]:
    """The grants that stand and those that only older tokens still speak of."""
    tokens = (*world.access_tokens.values(), *world.refresh_tokens.values())
    return list({id(grant): grant for grant in (*world.grants.values(), *(token.grant for token in tokens))}.values())


def _token(token: Token, numbers: dict[int, int]) -> list[Any]:
    return [token.value, numbers[id(token.grant)], token.expires_at]


def _load_consents(world: "World", data: dict[str, Any]) -> None:
    grants = [Grant(**{**each, "scopes": tuple(each["scopes"])}) for each in data["all_grants"]]
    standing = [grants[number] for number in data["grants"]]
    world.grants = {(grant.client_key, grant.username): grant for grant in standing}
    for name in ("access_tokens", "refresh_tokens"):
        tokens = [Token(value, grants[number], expires_at) for value, number, expires_at in data[name]]
        setattr(world, name, {token.value: token for token in tokens})
    codes = [Code(**{**each, "scopes": tuple(each["scopes"])}) for each in data["codes"]]
    world.codes = {code.value: code for code in codes}
    world.client_tokens = dict(data["client_tokens"])


def _publication(publication: Publication) -> dict[str, Any]:
    facts = _facts(publication)
    del facts["digest"]
    facts["files"] = [path.name for path in publication.files]
    return facts


def _loaded_publication(world: "World", facts: dict[str, Any]) -> Publication:
    """A publication with its bytes; the digest of an upload on its way is computed again from them."""
    files = [world.spool.folder / name for name in facts["files"]]
    publication = Publication(**{**facts, "files": files})
    sizes = [path.stat().st_size if path.is_file() else -1 for path in files]
    if publication.sha256 is not None:
        publication.files = files if -1 not in sizes else []
        return publication
    publication.digest = hashlib.sha256()
    if publication.upload_id is not None and not publication.is_over:
        if sizes != [chunk["size"] for chunk in publication.chunks]:  # the bytes did not survive
            publication.files, publication.chunks, publication.received_bytes = [], [], 0
        for path in publication.files:
            with path.open("rb") as file:
                while piece := file.read(PIECE):
                    publication.digest.update(piece)
    return publication


def _load_mailbox(world: "World", data: dict[str, Any]) -> None:
    mailbox = world.mailbox
    mailbox.last_id, mailbox.held, mailbox.ended = int(data["last_id"]), list(data["held"]), deque(data["ended"])
    deliveries = [Delivery(**{**each, "body": each["body"].encode()}) for each in data["deliveries"]]
    mailbox.by_id = {delivery.id: delivery for delivery in deliveries}


def _load_agenda(world: "World", saved_entries: list[Any]) -> None:
    """Put on the agenda what stood there, and what was under way when the world was saved."""
    on_agenda: set[tuple[str, Any]] = set()
    for moment, name, arguments in saved_entries:
        world.schedule(float(moment), HAPPENINGS[name], *arguments)
        on_agenda |= {(name, arguments[0])} if arguments else set()
    now = world.clock.now()
    for publication in world.publications.values():
        publish_id = publication.publish_id
        if publication.is_over:
            continue
        if publication.received_at is not None and ("conclude", publish_id) not in on_agenda:
            world.schedule(now, verdicts.inspect_again, publish_id)
        elif publication.received_at is None and publication.pulls and ("start_pull", publish_id) not in on_agenda:
            world.schedule(now, pulling.start_pull, publish_id)
    for delivery in world.mailbox.deliveries:
        names = {name for name in ("deliver", "deliver_late") if (name, delivery.id) in on_agenda}
        is_waiting = bool(names) or delivery.id in world.mailbox.held
        if delivery.state == "pending" and not is_waiting:
            world.schedule(now, webhooks.deliver, delivery.id)


def described(world: "World") -> str:
    """What was loaded, in a few words."""
    return f"{len(world.creators)} creators, {len(world.publications)} publications, at {iso(world.clock.now())}"
