"""Avatars and covers behind signed links that expire."""

import io
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request
from PIL import Image, ImageDraw

from tiktok_api.simulator.world.growth import unit
from tiktok_api.simulator.world.world import World, current_world

blueprint = Blueprint("images", __name__, url_prefix="/cdn")

COVER_SECONDS = 21_600
CREATOR_AVATAR_SECONDS = 7_200


def link(world: World, name: str, size: tuple[int, int], seconds: float, now: float) -> str:
    """Returns a link to the image of a name, valid for some seconds from now."""
    path = f"{name}~c5_{size[0]}x{size[1]}.jpeg"
    expires = int(now + seconds)
    query = {"x-expires": expires, "x-signature": world.ids.signature(f"{path} {expires}")}
    return f"{request.host_url}cdn/{path}?{urlencode(query)}"


@blueprint.get("/<kind>/<name>~c5_<int:width>x<int:height>.jpeg")
def show(kind: str, name: str, width: int, height: int) -> Response:
    """Show an image in colours that follow from its name; 403 after its link has expired."""
    world = current_world()
    path = f"{kind}/{name}~c5_{width}x{height}.jpeg"
    expires = request.args.get("x-expires", "")
    with world.moment() as now:
        is_signed = expires.isdecimal() and request.args.get("x-signature") == world.ids.signature(f"{path} {expires}")
    if not is_signed or now >= int(expires):
        abort(403)
    return Response(drawn(name, width, height), mimetype="image/jpeg")


def drawn(name: str, width: int, height: int) -> bytes:
    """Returns a JPEG; the same name gives the same image."""
    colour = tuple(int(40 + 180 * unit(part, name)) for part in range(3))
    image = Image.new("RGB", (width, height), colour)
    reach = min(width, height) * 3 // 8
    box = (width // 2 - reach, height // 2 - reach, width // 2 + reach, height // 2 + reach)
    ImageDraw.Draw(image).ellipse(box, fill=tuple(255 - part // 2 for part in colour))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()
