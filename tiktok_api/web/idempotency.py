"""Idempotency keys: a POST that is sent twice acts once, and its response is sent again.

The claim of a key, the route's changes and its serialised response are committed together: a crash leaves all or nothing, and
of many at once one runs, while the others wait a little for its response. Where a body is streamed, the claim is committed
before, with a lease, and the others are told to wait.

A key belongs to the credential that sent it: to all sessions of a user, or to one API key. What the credential could reach
is part of the fingerprint, so a response is never sent again to one that has been narrowed since.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from flask import Response, g, request
from sqlalchemy import ForeignKey, UniqueConstraint, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api import clock
from tiktok_api.db import Model, database_now, db, insert_into, new_id, transaction
from tiktok_api.db.postgresql import waiting_briefly
from tiktok_api.encryption import Encryptor
from tiktok_api.errors import Conflict, Invalid
from tiktok_api.extensions import service
from tiktok_api.settings import Settings
from tiktok_api.web.authentication import Caller

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=60)
_RENEWED_AFTER_SECONDS = 10.0
LONGEST_WAIT = timedelta(seconds=2)
"""For another request with the same key, on PostgreSQL; on SQLite all writers wait for each other."""
_STORED_HEADERS = ("Content-Type", "Location", "ETag", "Link")


class IdempotencyKeyInUse(Conflict):
    message = "A request with this Idempotency-Key is still running; wait for its answer."


class IdempotencyKeyReused(Invalid):
    message = "This Idempotency-Key came with another request before; use a new one."


class InvalidIdempotencyKey(Invalid):
    message = "An Idempotency-Key has 1 to 255 printable characters."


class IdempotencyKey(Model):
    """One key of one credential: a claim while the request runs, then its encrypted response.

    `key_hash` covers the credential and the key. `fingerprint` covers the request; while a streamed body is received, only
    what came before the body.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("user_id", "key_hash"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    key_hash: Mapped[str]
    fingerprint: Mapped[str]
    claim: Mapped[UUID]
    leased_until: Mapped[datetime]
    kept_until: Mapped[datetime] = mapped_column(index=True)
    answer: Mapped[bytes | None]


@dataclass(frozen=True, slots=True)
class StreamedBody:
    """A body that is too large for memory, and goes to storage before any transaction is open.

    `receive` stores it and returns what the route gets, with its hash as `fingerprint`; `kept` deletes what was stored if
    its block raises. `read_fingerprint` returns the same hash of the same body, and stores nothing.
    """

    receive: Callable[[], Any]
    kept: Callable[[Any], AbstractContextManager[None]]
    read_fingerprint: Callable[[], str]


@dataclass(frozen=True, slots=True)
class _Request:
    """What is known of a request before its body is received: whose key it brings, and the hash of its head."""

    user_id: UUID
    key_hash: str
    head: str
    claim: UUID

    def fingerprint(self, content: str) -> str:
        """Returns the hash of the whole request, of which `content` is the hash of the body.

        A key of ours goes into it: a body may hold a password, which could be guessed from a plain hash.
        """
        key = service(Settings).derive_key("idempotency fingerprints")
        return hmac.digest(key, f"{self.head}{content}".encode(), "sha256").hex()


@dataclass(frozen=True, slots=True)
class _Answered:
    """The request that came with the key before, and its response."""

    row_id: UUID
    fingerprint: str
    answer: bytes


def run(caller: Caller, act: Callable[..., Response], *, streamed: StreamedBody | None = None) -> Response:
    """Returns the response of `act`, called once for each key; without the header just calls `act`.

    A streamed body is received after the claim, and passed to `act`; one that is sent again is only compared. Raises
    IdempotencyKeyInUse, IdempotencyKeyReused, InvalidIdempotencyKey.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return act() if streamed is None else _act_on(streamed, act)
    if not (0 < len(key) <= 255 and key.isprintable()):
        raise InvalidIdempotencyKey.at(parameter=HEADER, code="invalid")
    asked = _Request(caller.user_id, _hash_key(caller.credential, key), _hash_head(caller.rights), new_id())
    return _act_at_once(asked, act) if streamed is None else _act_after_claim(asked, act, streamed)


def _act_at_once(asked: _Request, act: Callable[[], Response]) -> Response:
    """Claim, act and store the response in one transaction; a request that comes meanwhile waits for its end."""
    body = _hash(request.get_data(cache=True))
    fingerprint = asked.fingerprint(body)
    with transaction():
        with waiting_briefly(db.session().connection(), LONGEST_WAIT, IdempotencyKeyInUse):
            found = _insert(asked, fingerprint) or _claim(asked, fingerprint)
        if not isinstance(found, _Answered):
            response = act()
            _store_response(found, asked, body, response)
            return response
    return _replay(found, fingerprint)


def _act_after_claim(asked: _Request, act: Callable[..., Response], streamed: StreamedBody) -> Response:
    """Commit the claim, receive the body without a transaction, then act and store the response in one."""
    with transaction():
        found = _claim(asked, asked.fingerprint(""))
    if isinstance(found, _Answered):
        return _replay(found, asked.fingerprint(streamed.read_fingerprint()))

    def act_and_store(received: Any) -> Response:
        with transaction():
            response = act(received)
            _store_response(found, asked, received.fingerprint, response)
        return response

    try:
        g.idempotency_claim = asked.claim
        return _act_on(streamed, act_and_store)
    except BaseException:
        _release(asked.claim)
        raise


def renewing(pieces: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """The pieces of a body; while they arrive, the request's claim is renewed. Raises IdempotencyKeyInUse if it was lost."""
    claim: UUID | None = g.get("idempotency_claim")
    renewed_at = float("-inf")
    for piece in pieces:
        if claim is not None and time.monotonic() - renewed_at > _RENEWED_AFTER_SECONDS:
            _renew(claim)
            renewed_at = time.monotonic()
        yield piece


def _act_on(streamed: StreamedBody, act: Callable[[Any], Response]) -> Response:
    received = streamed.receive()
    with streamed.kept(received):
        return act(received)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _hash_key(credential: str, key: str) -> str:
    """Returns what is stored of a key. No key contains the zero byte, so no credential can name another one's."""
    return _hash(f"{credential}\0{key}".encode() if credential else key.encode())


def _hash_head(rights: str) -> str:
    """Returns a hash of what the caller may do and of the request without its body."""
    query = request.query_string.decode("latin-1")
    return _hash("\0".join((rights, request.method, request.path, query, request.mimetype)).encode())


def _claim(asked: _Request, fingerprint: str) -> _Answered | UUID:
    """Returns the id of the row that this request now holds, or the response that was sent before."""
    with transaction() as session:
        mine = (IdempotencyKey.user_id == asked.user_id, IdempotencyKey.key_hash == asked.key_hash)
        session.execute(delete(IdempotencyKey).where(*mine, IdempotencyKey.kept_until < database_now()))
        values = {"fingerprint": fingerprint, "claim": asked.claim, "leased_until": database_now(LEASE)}
        taken = session.execute(
            update(IdempotencyKey)
            .where(*mine, IdempotencyKey.answer.is_(None), IdempotencyKey.leased_until < database_now())
            .values(values)
            .returning(IdempotencyKey.id)
        ).scalar()
        if taken is not None:
            return taken
        old = session.execute(select(IdempotencyKey).where(*mine)).scalar()
        if old is None:
            inserted = _insert(asked, fingerprint)
            if inserted is None:  # another request was a moment faster
                raise IdempotencyKeyInUse
            return inserted
        if old.answer is not None:
            return _Answered(old.id, old.fingerprint, old.answer)
        if old.fingerprint != fingerprint:
            raise IdempotencyKeyReused.at(parameter=HEADER, code="reused")
        raise IdempotencyKeyInUse


def _insert(asked: _Request, fingerprint: str) -> UUID | None:
    """Returns the id of the claim; None if there is a row with this key. One that is being inserted is awaited."""
    row = {
        "id": new_id(),
        "created_at": clock.now(),
        "user_id": asked.user_id,
        "key_hash": asked.key_hash,
        "fingerprint": fingerprint,
        "claim": asked.claim,
        "leased_until": database_now(LEASE),
        "kept_until": database_now(KEPT),
    }
    insertion = insert_into(IdempotencyKey).values(row).on_conflict_do_nothing().returning(IdempotencyKey.id)
    with transaction() as session:
        return session.execute(insertion).scalar()


def _renew(claim: UUID) -> None:
    mine = update(IdempotencyKey).where(IdempotencyKey.claim == claim, IdempotencyKey.answer.is_(None))
    renewed = mine.values(leased_until=database_now(LEASE)).returning(IdempotencyKey.id)
    with transaction() as session:
        if session.execute(renewed).scalar() is None:
            raise IdempotencyKeyInUse


def _store_response(row_id: UUID, asked: _Request, body: str, response: Response) -> None:
    stored = {
        "status": response.status_code,
        "headers": {name: response.headers[name] for name in _STORED_HEADERS if name in response.headers},
        "body": base64.b64encode(response.get_data()).decode(),
    }
    encrypted = service(Encryptor).encrypt(orjson.dumps(stored).decode(), IdempotencyKey.answer, row_id)
    with transaction() as session:
        updated = session.execute(
            update(IdempotencyKey)
            .where(IdempotencyKey.id == row_id, IdempotencyKey.claim == asked.claim)
            .values(answer=encrypted, fingerprint=asked.fingerprint(body))
            .returning(IdempotencyKey.id)
        ).scalar()
    if updated is None:  # the lease ran out and another request took over: only one may have an effect
        raise IdempotencyKeyInUse


def _release(claim: UUID) -> None:
    """Delete the claim: nothing happened, so the same key may be used again."""
    with transaction() as session:
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.claim == claim, IdempotencyKey.answer.is_(None)))


def _replay(found: _Answered, fingerprint: str) -> Response:
    if found.fingerprint != fingerprint:
        raise IdempotencyKeyReused.at(parameter=HEADER, code="reused")
    stored = orjson.loads(service(Encryptor).decrypt(found.answer, IdempotencyKey.answer, found.row_id))
    response = Response(base64.b64decode(stored["body"]), status=stored["status"], headers=stored["headers"])
    response.headers[REPLAYED] = "true"
    return response


def sweep() -> None:
    """Delete the keys that are older than a day."""
    with transaction() as session:
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.kept_until < database_now()))
