"""What a request is about: its endpoint, fields, creator, app and publication, found without changing the request."""

import io
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import WSGIEnvironment

from tiktok_api.simulator.models.journal import Abridger
from tiktok_api.simulator.world.json import read
from tiktok_api.simulator.world.world import World

LONGEST_ID = 200
MOST_FIELDS = 1_000
FORM = "application/x-www-form-urlencoded"
READ_AHEAD = 1 << 20
"""Bodies up to this size are read before the application reads them; bodies of uploads are not."""

PATHS = {
    ("GET", "/v2/auth/authorize/"): "authorize",
    ("POST", "/v2/auth/authorize/"): "consent",
    ("GET", "/v2/auth/authorize"): "authorize",
    ("POST", "/v2/auth/authorize"): "consent",
    ("POST", "/v2/oauth/token/"): "token",
    ("POST", "/v2/oauth/revoke/"): "revoke",
    ("GET", "/v2/user/info/"): "user_info",
    ("POST", "/v2/video/list/"): "video_list",
    ("POST", "/v2/video/query/"): "video_query",
    ("POST", "/v2/post/publish/creator_info/query/"): "creator_info",
    ("POST", "/v2/post/publish/video/init/"): "video_init",
    ("POST", "/v2/post/publish/inbox/video/init/"): "inbox_init",
    ("POST", "/v2/post/publish/content/init/"): "photo_init",
    ("POST", "/v2/post/publish/status/fetch/"): "status",
    ("POST", "/v2/post/publish/cancel/"): "cancel",
    ("PUT", "/video/"): "upload",
}
GRANTS = {"refresh_token": "refresh", "client_credentials": "client_token"}


def endpoint_and_fields(environ: WSGIEnvironment) -> tuple[str, dict[str, Any]]:
    """Returns the endpoint's name and the fields of the body; the body can be read again."""
    endpoint = PATHS.get((environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")), "other")
    fields = _read_ahead(environ) if endpoint != "upload" else {}
    if endpoint == "token":
        endpoint = GRANTS.get(str(fields.get("grant_type")), "token")
    return endpoint, fields


def facts_for_journal(world: World, environ: WSGIEnvironment, endpoint: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Returns the facts of a journal entry, without secrets."""
    query = dict(_parse_fields(environ.get("QUERY_STRING", "")))
    secrets = [app.client_secret for app in world.apps.values()]
    username, client_key, publish_id = (_id(each, secrets) for each in _subjects(world, environ, query, fields))
    return {
        "endpoint": endpoint,
        "method": environ["REQUEST_METHOD"],
        "path": Abridger(secrets).text(environ.get("PATH_INFO", "")),
        "query": Abridger(secrets).fields(query),
        "body": Abridger(secrets).fields(fields),
        "body_bytes": _announced_length(environ),
        "content_range": Abridger(secrets).text((environ.get("HTTP_CONTENT_RANGE") or "")[:LONGEST_ID]) or None,
        "username": username,
        "client_key": client_key,
        "publish_id": publish_id,
    }


def _read_ahead(environ: WSGIEnvironment) -> dict[str, Any]:
    length = _announced_length(environ)
    if not 0 < length <= READ_AHEAD:
        return {}
    raw = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(raw)
    try:
        if environ.get("CONTENT_TYPE", "").startswith("application/json"):
            fields = read(raw)
            return fields if isinstance(fields, dict) else {}
        is_form = environ.get("CONTENT_TYPE", "").startswith(FORM)
        return dict(_parse_fields(raw.decode())) if is_form else {}
    except ValueError:
        return {}


def _announced_length(environ: WSGIEnvironment) -> int:
    """Returns the length of the body according to the headers."""
    announced = environ.get("CONTENT_LENGTH") or "0"
    return int(announced) if announced.isdecimal() and len(announced) < 20 else 0


def _parse_fields(text: str) -> list[tuple[str, str]]:
    """Returns the fields of a query or a form; none if there are too many."""
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return []


def _id(value: object, secrets: list[str]) -> str | None:
    """Returns an id or a name as the journal keeps it; None for other values."""
    return Abridger(secrets).text(value) if isinstance(value, str) and len(value) <= LONGEST_ID else None


def _subjects(
    world: World, environ: WSGIEnvironment, query: dict[str, str], fields: dict[str, Any]
) -> tuple[str | None, str | None, str | None]:
    """Returns username, client_key and publish_id of a request, as far as it contains them."""
    token = world.access_tokens.get(environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer "))
    token = token or world.refresh_tokens.get(str(fields.get("refresh_token")))
    token = token or world.access_tokens.get(str(fields.get("token")))
    code = world.codes.get(str(fields.get("code")))
    upload = world.publications.uploads.get(query.get("upload_id", ""))
    known = token or code or upload
    username = known.username if known else fields.get("creator")
    client_key = known.client_key if known else fields.get("client_key") or query.get("client_key")
    return username, client_key, upload.publish_id if upload else fields.get("publish_id")
