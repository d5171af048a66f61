"""A small domain to hold `web/` against: things are made, listed and go wrong on demand. A thing is a promise, so it needs no table."""

import threading
from contextlib import nullcontext
from typing import Any, NamedTuple
from uuid import UUID

from flask import Flask, request
from marshmallow import fields, validate
from sqlalchemy import Select, select

from tiktok_api import clock
from tiktok_api.auth.identity import caller
from tiktok_api.db import db, new_id, transaction
from tiktok_api.db.reads import Given, Read
from tiktok_api.errors import Conflict, NotFound
from tiktok_api.jobs import queue
from tiktok_api.jobs.models import Job
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.idempotency import StreamedBody
from tiktok_api.web.pagination import Page, PageArgsSchema, in_pages, read_page
from tiktok_api.web.schemas import Schema, page_of

PLANTED = "shown-in-the-answer-alone"
arrived, may_go_on = threading.Event(), threading.Event()


class ThingRefused(Conflict):
    message = "Such a thing cannot be."


class PartSchema(Schema):
    """A part of a thing."""

    size = fields.Integer(required=True, strict=True, metadata={"example": 3})


class NewThingSchema(Schema):
    """What a thing is to be."""

    name = fields.String(required=True, validate=validate.Length(1, 100), metadata={"example": "a thing"})
    parts = fields.List(fields.Nested(PartSchema), load_default=list)
    colours = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata={"example": {"red": 1}})


class ThingSchema(Schema):
    """A thing."""

    id = fields.UUID(metadata={"example": "01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e"})
    kind = fields.String(metadata={"example": "a thing"})
    created_at = fields.AwareDateTime(metadata={"example": "2027-03-02T12:00:00Z"})


class NewbornThingSchema(ThingSchema):
    """A thing, with what is shown only once."""

    shown_once = fields.String(metadata={"example": "a secret"})


class ThingFilterSchema(PageArgsSchema):
    """Which things."""

    q = fields.String(metadata={"example": "thing"})


class Refusing:
    """Turns what a thing is called into what goes wrong."""

    @staticmethod
    def look_at(name: str) -> None:
        if name == "waits":
            arrived.set()
            may_go_on.wait(30)
        if name == "refused":
            raise ThingRefused
        if name == "crash":
            raise RuntimeError("a bug on purpose")


class Nothing(NamedTuple):
    """A body that was received, once the test said so."""

    fingerprint: str = ""


def _receive_slowly() -> Nothing:
    arrived.set()
    may_go_on.wait(30)
    return Nothing()


_SLOW_BODY = StreamedBody(
    receive=_receive_slowly, kept=lambda _received: nullcontext(), read_fingerprint=lambda: Nothing().fingerprint
)

KEYS = (Job.created_at, Job.id)


def _things(given: Given) -> Select[Any]:
    columns: list[Any] = [Job.id, Job.kind, Job.created_at, Job.due_at]
    query = select(*columns).where(Job.subject == given["subject"])
    if "q" in given:
        query = query.where(Job.kind.contains(given["q"]))
    return in_pages(query, given, KEYS)


def _old_things(given: Given) -> Select[Any]:
    return in_pages(select(Job).where(Job.subject == given["subject"]), given, KEYS, descending=False)


things, old_things = Read(_things), Read(_old_things)

blp = Blueprint("things", __name__, url_prefix="/things", description="Things")


@blp.post("")
@blp.arguments(NewThingSchema)
@blp.response(201, NewbornThingSchema)
@blp.raises(ThingRefused)
def create_thing(thing: dict[str, Any]) -> dict[str, Any]:
    """Make a thing"""
    with transaction():
        made = _make(thing["name"])
        Refusing.look_at(thing["name"])
        return made


@blp.post("/slow")
@blp.receives(_SLOW_BODY)
@blp.response(201, NewbornThingSchema)
def create_slow_thing(_received: Any) -> dict[str, Any]:
    """Make a thing once the test says so"""
    with transaction():
        return _make("slow")


@blp.post("/unstorable")
@blp.acts_without_key
@blp.response(201, NewbornThingSchema)
def create_unstorable_thing() -> dict[str, Any]:
    """Make a thing whose text no PostgreSQL takes"""
    with transaction():
        return _make("a\0b")


@blp.get("")
@blp.arguments(ThingFilterSchema, location="query")
@blp.response(200, page_of(ThingSchema))
def list_things(args: dict[str, Any]) -> Page:
    """List things"""
    return read_page(things, args, by=KEYS, subject=caller.user_id, q=args.get("q"))


@blp.get("/old")
@blp.arguments(PageArgsSchema, location="query")
@blp.response(200, page_of(ThingSchema))
def list_old_things(args: dict[str, Any]) -> Page:
    """List things, oldest first"""
    return read_page(old_things, args, by=KEYS, subject=caller.user_id)


@blp.get("/<uuid:thing_id>")
@blp.response(200, ThingSchema)
def show_thing(thing_id: UUID) -> Job:
    """Show a thing"""
    thing = db.session.scalar(select(Job).where(Job.id == thing_id, Job.subject == caller.user_id))
    if thing is None:
        raise NotFound
    return thing


@blp.post("/echo")
@blp.acts_without_key
@blp.response(204)
def read_nothing() -> None:
    """Answer without a look at the body"""
    request.get_data()


def _make(name: str) -> dict[str, Any]:
    thing_id = new_id()
    queue.enqueue(
        name, owner_id=caller.user_id, due_at=clock.now(), subject=caller.user_id, unique_key=f"thing:{thing_id}"
    )
    row = db.session.execute(
        select(Job.id, Job.kind, Job.created_at).where(Job.unique_key == f"thing:{thing_id}")
    ).one()
    return {"id": row.id, "kind": row.kind, "shown_once": PLANTED, "created_at": row.created_at}


def add_to(app: Flask) -> Flask:
    """Register the domain on an application made for one test."""
    app.extensions["tiktok_api.api"].register_blueprint(blp, url_prefix="/api/v1/things")
    return app
