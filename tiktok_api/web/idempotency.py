"""Idempotency keys: a POST that is sent twice acts once, and its response is sent again.

The claim of a key is committed by itself, with a lease, so that of many at once one runs. The route's changes and its
serialised response are then committed together: a crash leaves both or neither.
"""

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from flask import Response, request
from sqlalchemy import ForeignKey, UniqueConstraint, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api.db import Model, database_now, new_id, transaction
from tiktok_api.encryption import Encryptor
from tiktok_api.errors import Conflict, Invalid
from tiktok_api.extensions import service

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=60)
_STORED_HEADERS = ("Content-Type", "Location", "ETag", "Link")


class IdempotencyKeyInUse(Conflict):
    message = "A request with this Idempotency-Key is still running; wait for its answer."


class IdempotencyKeyReused(Invalid):
    message = "This Idempotency-Key came with another request before; use a new one."


class InvalidIdempotencyKey(Invalid):
    message = "An Idempotency-Key has 1 to 255 printable characters."


class IdempotencyKey(Model):
    """One key of one user: a claim while the request runs, then its encrypted response."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("user_id", "key_hash"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    key_hash: Mapped[str]
    fingerprint: Mapped[str]
    claim: Mapped[UUID]
    leased_until: Mapped[datetime]
    kept_until: Mapped[datetime] = mapped_column(index=True)
    answer: Mapped[bytes | None]


def run(
    user_id: UUID, act: Callable[[], Response], *, before: Callable[[], None] = lambda: None, lease: timedelta = LEASE
) -> Response:
    """Returns the response of `act`, called once for each key; without the header just calls `act`.

    `before` does what is too slow for a transaction, after the claim and before `act`. Raises IdempotencyKeyInUse,
    IdempotencyKeyReused, InvalidIdempotencyKey.
    """
    key = request.headers.get(HEADER)
    if key is None:
        before()
        return act()
    if not (0 < len(key) <= 255 and key.isprintable()):
        raise InvalidIdempotencyKey.at(parameter=HEADER, code="invalid")
    row_id, claim = new_id(), new_id()
    fingerprint = _fingerprint()
    with transaction():
        found = _claim(row_id, user_id, hashlib.sha256(key.encode()).hexdigest(), fingerprint, claim, lease)
    if isinstance(found, Response):
        return found
    try:
        before()
        with transaction():
            response = act()
            _store_response(found, claim, response)
    except BaseException:
        _release(claim)
        raise
    return response


def _fingerprint() -> str:
    """A hash that is equal for equal requests. A streamed body counts by its declared length: it cannot be read twice."""
    if (request.mimetype or "").startswith("multipart/"):
        body = f"{request.mimetype} {request.content_length}".encode()
    else:
        body = request.get_data(cache=True)
    head = f"{request.method} {request.path}?{request.query_string.decode('latin-1')}\0".encode()
    return hashlib.sha256(head + body).hexdigest()


def _claim(
    row_id: UUID, user_id: UUID, key_hash: str, fingerprint: str, claim: UUID, lease: timedelta
) -> Response | UUID:
    """Returns the id of the row that this request now holds, or the response that was sent before."""
    with transaction() as session:
        mine = (IdempotencyKey.user_id == user_id, IdempotencyKey.key_hash == key_hash)
        session.execute(delete(IdempotencyKey).where(*mine, IdempotencyKey.kept_until < database_now()))
        values = {"fingerprint": fingerprint, "claim": claim, "leased_until": database_now(lease)}
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
            return _insert(row_id, user_id, key_hash, values)
        if old.fingerprint != fingerprint:
            raise IdempotencyKeyReused.at(parameter=HEADER, code="reused")
        if old.answer is None:
            raise IdempotencyKeyInUse
        return _replay(old.id, old.answer)


def _insert(row_id: UUID, user_id: UUID, key_hash: str, values: dict[str, Any]) -> UUID:
    row = {"id": row_id, "user_id": user_id, "key_hash": key_hash, "kept_until": database_now(KEPT), **values}
    with transaction() as session:
        try:
            with session.begin_nested():
                session.execute(insert(IdempotencyKey).values(row))
        except IntegrityError:  # another request was a moment faster
            raise IdempotencyKeyInUse from None
    return row_id


def _store_response(row_id: UUID, claim: UUID, response: Response) -> None:
    stored = {
        "status": response.status_code,
        "headers": {name: response.headers[name] for name in _STORED_HEADERS if name in response.headers},
        "body": base64.b64encode(response.get_data()).decode(),
    }
    encrypted = service(Encryptor).encrypt(orjson.dumps(stored).decode(), IdempotencyKey.answer, row_id)
    with transaction() as session:
        updated = session.execute(
            update(IdempotencyKey)
            .where(IdempotencyKey.id == row_id, IdempotencyKey.claim == claim)
            .values(answer=encrypted)
            .returning(IdempotencyKey.id)
        ).scalar()
    if updated is None:  # the lease ran out and another request took over: only one may have an effect
        raise IdempotencyKeyInUse


def _release(claim: UUID) -> None:
    """Delete the claim: nothing happened, so the same key may be used again."""
    with transaction() as session:
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.claim == claim, IdempotencyKey.answer.is_(None)))


def _replay(row_id: UUID, answer: bytes) -> Response:
    stored = orjson.loads(service(Encryptor).decrypt(answer, IdempotencyKey.answer, row_id))
    response = Response(base64.b64decode(stored["body"]), status=stored["status"], headers=stored["headers"])
    response.headers[REPLAYED] = "true"
    return response


def sweep() -> None:
    """Delete the keys that are older than a day."""
    with transaction() as session:
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.kept_until < database_now()))
