"""The floor: a bare WSGI callable that does what the four requests must do, and nothing else.

psycopg with prepared statements, orjson, a token verified once, and a count in Redis for each request; no framework, no
validation, no errors but 401, 404 and 429, no idempotency, no log. gunicorn serves it as it serves the product, so a ratio to
it says what the product itself costs, on whatever machine. Django Ninja and FastAPI are no dependencies of this project;
on two cores, in one run with such a floor, they took 8.3 and 5.6 times its CPU (geometric means of list, one post, create and
series, written as their authors would), and answered 0.14 and 0.22 times as many requests a second.
"""

import hashlib
import hmac
import os
import threading
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import orjson
import psycopg
import uuid_utils
from redis import Redis

LIST_OF_POSTS = """
    select p.id, p.type, p.mode, p.status, p.caption, p.privacy_level, p.allow_comment, p.allow_duet, p.allow_stitch, p.publish_at,
        p.created_at, p.updated_at, t.id, t.account_id, t.state, t.reason, m.media_id
    from posts p join publications t on t.post_id = p.id join post_media m on m.post_id = p.id
    where p.owner_id = %s
"""
_PAGE = f"{LIST_OF_POSTS} order by p.created_at desc, p.id desc limit %s"
_ONE = f"{LIST_OF_POSTS} and p.id = %s"
_SERIES = """
    select r.captured_at, r.followers from accounts a join account_readings r on r.account_id = a.id
    where a.id = %s and a.owner_id = %s and r.captured_at >= %s and r.captured_at < cast(%s as date) + 1 order by r.captured_at
"""
_CREATE = """
    with p as (insert into posts (id, owner_id, type, mode, status, caption, privacy_level, allow_comment, allow_duet, allow_stitch,
            brand_content_toggle, brand_organic_toggle, is_aigc, consent, publish_at, created_at, updated_at)
        values (%s, %s, 'video', 'direct', 'scheduled', %s, %s, true, true, true, false, false, false, true, %s, now(), now())
        returning id, owner_id),
    m as (insert into post_media (id, post_id, media_id, position, created_at) select %s, p.id, %s, 0, now() from p),
    t as (insert into publications (id, post_id, owner_id, account_id, overrides, state, retry_count, failed_attempts,
            tiktok_post_ids, post_created_at, created_at, updated_at)
        select %s, p.id, p.owner_id, %s, '{}', 'scheduled', 0, 0, '[]', now(), now(), now() from p),
    j as (insert into jobs (id, kind, lane, owner_id, subject, unique_key, payload, status, due_at, epoch, enqueue_count, attempts,
            created_at)
        select %s, 'posts.publish', 'publish', p.owner_id, p.id, p.id, '{}', 'waiting', %s, 0, 0, 0, now() from p)
    select id from p
"""
_POST = (
    "id",
    "type",
    "mode",
    "status",
    "caption",
    "privacy_level",
    "allow_comment",
    "allow_duet",
    "allow_stitch",
    "publish_at",
)
_TARGET = ("id", "account_id", "state", "reason")
_PER_MINUTE = 1_000_000

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class _Ours(threading.local):
    """The connections of one thread."""

    def __init__(self) -> None:
        url = os.environ["DATABASE_URL"].replace("+psycopg", "")
        connection = psycopg.connect(url, autocommit=True, prepare_threshold=0, options="-c timezone=UTC")
        self.cursor = connection.cursor(binary=True)
        self.redis: Any = Redis.from_url(os.environ["REDIS_URL"]).connection_pool.make_connection()

    def rows(self, statement: str, *values: Any) -> list[Any]:
        return self.cursor.execute(statement, values).fetchall()

    def count(self, user: str) -> int:
        key = f"floor:{user}:{int(time.time()) // 60}"
        self.redis.send_packed_command(self.redis.pack_commands([("INCR", key), ("EXPIRE", key, 60)]))
        used = int(self.redis.read_response())
        self.redis.read_response()
        return used


_ours = _Ours() if "DATABASE_URL" in os.environ else None
_key = bytes.fromhex(os.environ.get("FLOOR_KEY", ""))
_verified: dict[str, str] = {}


def _user_of(authorization: str) -> str | None:
    token = authorization[7:]
    user = _verified.get(token)
    if user is None:
        signed, _, signature = token.rpartition(".")
        right = hmac.new(_key, signed.encode(), hashlib.sha256).digest()
        claims = orjson.loads(urlsafe_b64decode(signed.partition(".")[2] + "==")) if signed else {}
        if hmac.compare_digest(right, urlsafe_b64decode(signature + "==")) and claims["exp"] > time.time():
            user = _verified[token] = str(claims["sub"])
    return user


def _as_post(row: Any) -> dict[str, Any]:
    post: dict[str, Any] = dict(zip(_POST, row, strict=False))
    post |= {"created_at": row[10], "updated_at": row[11], "media": [row[16]]}
    return post | {"targets": [dict(zip(_TARGET, row[12:16], strict=True))]}


def _list_posts(ours: _Ours, user: str, query: dict[str, str]) -> Any:
    posts = [_as_post(row) for row in ours.rows(_PAGE, user, int(query.get("limit", "50")) + 1)]
    return {"data": posts[:-1], "has_more": len(posts) > 50, "next_cursor": posts[-1]["id"]}


def _show_series(ours: _Ours, user: str, account: str, query: dict[str, str]) -> Any:
    rows = ours.rows(_SERIES, account, user, query["from"], query["to"])
    return {"account_id": account, "points": [{"date": at.date(), "value": value} for at, value in rows]}


def _create_post(ours: _Ours, user: str, sent: Any) -> Any:
    post, at, ids = _new_id(), sent["publish_at"], [_new_id() for _ in range(3)]
    media, account = sent["media_ids"][0], sent["targets"][0]["account_id"]
    said = (sent["caption"], sent["privacy_level"], at, ids[0], media, ids[1], account, ids[2], at)
    ours.rows(_CREATE, post, user, *said)
    return sent | {"id": post, "status": "scheduled"}


def _new_id() -> UUID:
    return UUID(int=uuid_utils.uuid7().int)


def _find(environ: Environ, ours: _Ours, user: str) -> Any:
    path, query = environ["PATH_INFO"], dict(parse_qsl(environ["QUERY_STRING"]))
    if path == "/api/v1/posts":
        if environ["REQUEST_METHOD"] == "POST":
            return _create_post(ours, user, orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))))
        return _list_posts(ours, user, query)
    if path.startswith("/api/v1/posts/"):
        rows = ours.rows(_ONE, user, path.rpartition("/")[2])
        return _as_post(rows[0]) if rows else None
    return _show_series(ours, user, path.split("/")[5], query) if path.startswith("/api/v1/analytics/") else None


def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """The callable that gunicorn serves: `gunicorn benchmarks.floor:app`."""
    ours, status, found = _ours, "200 OK", None
    user = _user_of(environ.get("HTTP_AUTHORIZATION", ""))
    if ours is None or user is None:
        status = "401 Unauthorized"
    elif ours.count(user) > _PER_MINUTE:
        status = "429 Too Many Requests"
    else:
        found = _find(environ, ours, user)
        status = "404 Not Found" if found is None else "201 Created" if environ["REQUEST_METHOD"] == "POST" else status
    body = orjson.dumps(found)
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
