"""The documentation: the OpenAPI document, ReDoc, Swagger UI and the list of problems, without any outside request."""

from functools import cache
from pathlib import Path
from typing import Any

import openapi_ui_bundles
from flask import Blueprint, Response, current_app, render_template, request, send_from_directory

from tiktok_api.errors import Problem
from tiktok_api.web.conditional import tag
from tiktok_api.web.openapi.operations import describe_now, plain_message
from tiktok_api.web.serializing import to_json

docs = Blueprint("docs", __name__, template_folder="templates")

# Nothing may be fetched from other servers, whatever the bundles of other versions try.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_WRITTEN = "tiktok_api.openapi_json"  # nothing changes it once the application serves
_BUNDLES: dict[str, Path] = {
    "redoc": openapi_ui_bundles.redoc.static_path,
    "swagger_ui": openapi_ui_bundles.swagger_ui.static_path,
}


@docs.get("/openapi.json")
def openapi_json() -> Response:
    """Return the OpenAPI 3.1 document."""
    written = current_app.extensions.get(_WRITTEN)
    if written is None:
        document = describe_now(current_app)
        for part in document["tags"]:  # what ReDoc shows instead of our names
            part["x-displayName"] = part["name"].replace("_", " ").capitalize().replace("Api", "API")
        written = current_app.extensions[_WRITTEN] = to_json(document)
    response = tag(Response(written, content_type="application/json"))
    response.headers["Cache-Control"] = "no-cache"  # cached, but revalidated: an upgrade may change it
    return response


@docs.get("/docs")
def redoc() -> Response:
    """Show the documentation with ReDoc."""
    return _page("redoc.html")


@docs.get("/docs/swagger")
def swagger_ui() -> Response:
    """Show the documentation with Swagger UI, to try requests out."""
    return _page("swagger_ui.html")


@docs.get("/docs/swagger/start.js")
def swagger_start() -> Response:
    """Return the few lines that start Swagger UI: the page itself may hold no script."""
    return Response(render_template("swagger_start.js"), content_type="text/javascript; charset=utf-8")


@docs.get("/docs/problems")
def problems() -> Response:
    """List every problem code, to which the `type` of problem documents refers."""
    kinds = sorted(_all_problems(Problem), key=lambda kind: (kind.status, kind.code))
    shown = [(kind.status, kind.code, plain_message(kind)) for kind in kinds]
    return _page("problems.html", problems=shown)


@docs.get("/docs/assets/redoc/redoc.standalone.js")
def redoc_script() -> Response:
    """Return ReDoc itself, with the logo that it would fetch from a CDN fetched from this server."""
    here = f"{request.script_root}/docs/assets/redoc/".encode()
    script = tag(Response(_redoc_bundle().replace(b"https://cdn.redoc.ly/redoc/", here)))
    script.headers.update({"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "public, max-age=86400"})
    return script


@cache
def _redoc_bundle() -> bytes:
    return (_BUNDLES["redoc"] / "redoc.standalone.js").read_bytes()


@docs.get("/docs/assets/<any(redoc,swagger_ui):bundle>/<path:filename>")
def asset(bundle: str, filename: str) -> Response:
    """Return a file of a bundle."""
    return send_from_directory(_BUNDLES[bundle], filename, max_age=86400)


def _page(template: str, **context: Any) -> Response:
    response = Response(
        render_template(template, root=request.script_root, **context), content_type="text/html; charset=utf-8"
    )
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def _all_problems(kind: type[Problem]) -> list[type[Problem]]:
    """One class for each code, ours and the domains'."""
    found = {kind.code: kind}
    for child in kind.__subclasses__():
        for grandchild in _all_problems(child):
            found.setdefault(grandchild.code, grandchild)
    return list(found.values())
