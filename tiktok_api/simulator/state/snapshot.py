"""A whole world as JSON, and the reverse. The names of its keys are the format of state files."""

import hashlib
from collections import deque
from dataclasses import fields
from typing import Any

from tiktok_api.simulator.background import inspection, pulling, webhooks
from tiktok_api.simulator.models.apps import App
from tiktok_api.simulator.models.consents import Code, Grant, Token
from tiktok_api.simulator.models.creators import Creator
from tiktok_api.simulator.models.deliveries import WebhookDelivery
from tiktok_api.simulator.models.fault_rules import FaultRule
from tiktok_api.simulator.models.publications import SimulatedPublication
from tiktok_api.simulator.models.videos import SimulatedVideo
from tiktok_api.simulator.options.options import Options
from tiktok_api.simulator.world import seed
from tiktok_api.simulator.world.agenda import SCHEDULED_EVENTS
from tiktok_api.simulator.world.clock import Clock
from tiktok_api.simulator.world.world import World

PIECE = 1 << 20


def saved(world: World) -> dict[str, Any]:
    """Returns everything that exists as JSON, without the journal; the caller holds the world's lock."""
    grants = _unique_grants(world)
    numbers = {id(grant): number for number, grant in enumerate(grants)}
    clock = world.clock
    return {
        "clock": {
            "offset_seconds": round(clock.offset_seconds, 3),
            "frozen_at": clock.now() if clock.is_frozen else None,
        },
        "began_at": world.began_at,
        "knobs": world.options.as_dict(),
        "at_reset": world.at_reset,
        "mint": world.ids.saved(),
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
            "last_id": world.deliveries.last_id,
            "held": list(world.deliveries.held),
            "ended": list(world.deliveries.ended),
            "deliveries": [{**_facts(each), "body": each.body.decode()} for each in world.deliveries.all],
        },
        "mischief": world.faults.listed(),
        "agenda": [[moment, name, list(arguments)] for moment, name, arguments in world.agenda.entries()],
    }


def load(world: World, data: dict[str, Any], wall_clock: float) -> None:
    """Replace a fresh world by a saved one; options named at the start win over saved ones.

    Raises KeyError, TypeError, ValueError and the like if the data is no saved world; then the world must not be used.
    """
    with world.lock:
        _load_options(world, data)
        _load_records(world, data, wall_clock)
        if url := world.start_options.get("webhook_url"):
            world.options.webhook_url = url
            for client_key in seed.DEFAULT_APPS:
                if client_key in world.apps:
                    world.apps[client_key].webhook_url = url


def _load_options(world: World, data: dict[str, Any]) -> None:
    world.options.change(data["knobs"])
    world.at_reset = Options().checked(data["at_reset"])
    at_reset = Options.at_reset()
    world.options.change({name: value for name, value in world.start_options.items() if name not in at_reset})


def _load_records(world: World, data: dict[str, Any], wall_clock: float) -> None:
    frozen_at = data["clock"]["frozen_at"]
    world.clock = Clock(wall_clock + data["clock"]["offset_seconds"] if frozen_at is None else frozen_at)
    if frozen_at is not None:
        world.clock.freeze()
    world.began_at = float(data["began_at"])
    world.ids.load(data["mint"])
    world.apps = {each["client_key"]: App(**each) for each in data["apps"]}
    world.creators = {each["username"]: Creator(**each) for each in data["creators"]}
    for each in data["videos"]:
        world.videos.add(SimulatedVideo(**each))
    _load_consents(world, data)
    publications = [_loaded_publication(world, each) for each in data["publications"]]
    world.spool.keep_only({path for each in publications for path in each.files})
    for publication in publications:
        world.add_publication(publication)
        if publication.files and publication.sha256 is not None:
            world.publications.keep_media(publication, world.options.media_bytes_kept)
    world.windows.load(data["windows"])
    _load_deliveries(world, data["mailbox"])
    world.faults.load([FaultRule(**each) for each in data["mischief"]])
    _load_agenda(world, data["agenda"])


def _facts(record: Any) -> dict[str, Any]:
    return {each.name: getattr(record, each.name) for each in fields(record)}


def _unique_grants(world: World) -> list[Grant]:
    """Returns the grants in force and those to which only older tokens refer."""
    tokens = (*world.access_tokens.values(), *world.refresh_tokens.values())
    return list({id(grant): grant for grant in (*world.grants.values(), *(token.grant for token in tokens))}.values())


def _token(token: Token, numbers: dict[int, int]) -> list[Any]:
    return [token.value, numbers[id(token.grant)], token.expires_at]


def _load_consents(world: World, data: dict[str, Any]) -> None:
    grants = [Grant(**{**each, "scopes": tuple(each["scopes"])}) for each in data["all_grants"]]
    standing = [grants[number] for number in data["grants"]]
    world.grants = {(grant.client_key, grant.username): grant for grant in standing}
    for name in ("access_tokens", "refresh_tokens"):
        tokens = [Token(value, grants[number], expires_at) for value, number, expires_at in data[name]]
        setattr(world, name, {token.value: token for token in tokens})
    codes = [Code(**{**each, "scopes": tuple(each["scopes"])}) for each in data["codes"]]
    world.codes = {code.value: code for code in codes}
    world.client_tokens = dict(data["client_tokens"])


def _publication(publication: SimulatedPublication) -> dict[str, Any]:
    facts = _facts(publication)
    del facts["digest"]
    facts["files"] = [path.name for path in publication.files]
    return facts


def _loaded_publication(world: World, facts: dict[str, Any]) -> SimulatedPublication:
    """Returns a publication with its files; the digest of an unfinished upload is computed again from them."""
    files = [world.spool.folder / name for name in facts["files"]]
    publication = SimulatedPublication(**{**facts, "files": files})
    sizes = [path.stat().st_size if path.is_file() else -1 for path in files]
    if publication.sha256 is not None:
        publication.files = files if -1 not in sizes else []
        return publication
    publication.digest = hashlib.sha256()
    if publication.upload_id is not None and not publication.is_over:
        if sizes != [chunk["size"] for chunk in publication.chunks]:  # the files are lost
            publication.files, publication.chunks, publication.received_bytes = [], [], 0
        for path in publication.files:
            with path.open("rb") as file:
                while piece := file.read(PIECE):
                    publication.digest.update(piece)
    return publication


def _load_deliveries(world: World, data: dict[str, Any]) -> None:
    log = world.deliveries
    log.last_id, log.held, log.ended = int(data["last_id"]), list(data["held"]), deque(data["ended"])
    deliveries = [WebhookDelivery(**{**each, "body": each["body"].encode()}) for each in data["deliveries"]]
    log.by_id = {delivery.id: delivery for delivery in deliveries}


def _load_agenda(world: World, saved_entries: list[Any]) -> None:
    """Restore the agenda, and schedule the background tasks that ran when the world was saved."""
    on_agenda: set[tuple[str, Any]] = set()
    for moment, name, arguments in saved_entries:
        world.schedule(float(moment), SCHEDULED_EVENTS[name], *arguments)
        on_agenda |= {(name, arguments[0])} if arguments else set()
    now = world.clock.now()
    for publication in world.publications.values():
        publish_id = publication.publish_id
        if publication.is_over:
            continue
        if publication.received_at is not None and ("conclude", publish_id) not in on_agenda:
            world.schedule(now, inspection.inspect_again, publish_id)
        elif publication.received_at is None and publication.pulls and ("start_pull", publish_id) not in on_agenda:
            world.schedule(now, pulling.start_pull, publish_id)
    for delivery in world.deliveries.all:
        names = {name for name in ("deliver", "deliver_late") if (name, delivery.id) in on_agenda}
        is_waiting = bool(names) or delivery.id in world.deliveries.held
        if delivery.state == "pending" and not is_waiting:
            world.schedule(now, webhooks.deliver, delivery.id)
