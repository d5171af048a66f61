"""Sending a chart out: as SVG or PNG, with its version, so that an unchanged one is neither drawn as pixels nor sent again."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from flask import Response, request

from tiktok_api.analytics.charts.drawing.draw import draw
from tiktok_api.analytics.charts.drawing.look import Look
from tiktok_api.analytics.charts.drawing.sheet import Drawing, Headed
from tiktok_api.analytics.charts.png import USUAL_SCALE, to_png
from tiktok_api.analytics.charts.png_cache import PngCache
from tiktok_api.db import end_reading
from tiktok_api.web import conditional
from tiktok_api.web.openapi.operations import file_schema

SVG, PNG = "image/svg+xml", "image/png"
_UNCHANGED = {"304": {"description": "It is still the version of If-None-Match."}}
_SVG_CONTENT = {SVG: {"schema": {"type": "string"}, "example": '<svg xmlns="http://www.w3.org/2000/svg">…</svg>'}}
DOCS: Mapping[str, dict[str, Any]] = {
    SVG: {
        "200": {"description": "A self-contained picture: no script, no font, no request.", "content": _SVG_CONTENT},
        **_UNCHANGED,
    },
    PNG: {
        "200": {"description": "The same picture in pixels.", "content": {PNG: {"schema": file_schema(PNG)}}},
        **_UNCHANGED,
    },
}
"""What the document says of the answers of each kind."""
_PICTURES = PngCache()
_PRIVATE = {"Cache-Control": "private, max-age=60", "Vary": "Authorization"}


def show_svg(args: dict[str, Any], read: Callable[..., Headed]) -> Response:
    """Returns the chart that `read` makes of the arguments which are not about its look."""
    look = Look(args.pop("theme"), args.pop("width"))
    return send_svg(draw(read(**args), look), headers=_PRIVATE)


def show_png(args: dict[str, Any], read: Callable[..., Headed]) -> Response:
    """The same as PNG."""
    look, scale = Look(args.pop("theme"), args.pop("width")), args.pop("scale")
    return send_png(draw(read(**args), look), look, scale, headers=_PRIVATE)


def send_svg(drawing: Drawing, *, headers: dict[str, str]) -> Response:
    """Returns a drawing as SVG. Its policy allows its one style sheet and nothing else."""
    policy = f"default-src 'none'; style-src '{drawing.style_hash}'; frame-ancestors 'none'; sandbox"
    own = {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"}
    response = Response(drawing.svg, headers=own | headers, content_type=f"{SVG}; charset=utf-8")
    return conditional.tag(response)


def send_png(drawing: Drawing, look: Look, scale: int = USUAL_SCALE, *, headers: dict[str, str]) -> Response:
    """Returns a drawing as PNG. Pixels are made only if the client does not have this version."""
    version = conditional.etag_of(f"{PNG} {scale} {drawing.svg}".encode())
    own = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
    response = Response(headers=own | headers, content_type=PNG)
    if not request.if_none_match.contains_weak(version):
        end_reading()
        response.set_data(_PICTURES.get(version, lambda: to_png(drawing, look.theme, scale)))
    return conditional.tag(response, version)


def element_of(url: str, chart: Headed, look: Look) -> str:
    """An `<img>` that shows the chart under a URL."""
    drawing = draw(chart, look)
    said = escape(f"{drawing.title}. {drawing.description}", quote=True)
    return (
        f'<img src="{escape(url, quote=True)}" alt="{said}" width="{drawing.width}" style="max-width:100%;height:auto">'
    )
