"""What TikTok fetches from the root of this server: photos, and the file that proves whose domain it is."""

from flask import Blueprint, Response, request

from tiktok_api.errors import NotFound
from tiktok_api.extensions import limiter, service
from tiktok_api.media.downloads import responses
from tiktok_api.posts.pulling import links, services
from tiktok_api.settings import Settings
from tiktok_api.web.limits import client_network

blp = Blueprint("pulling", __name__)
_PER_MINUTE = "30000/minute"
"""Of one network: TikTok's fetches 35 photos of each post; what is none of its URLs costs no look into the database."""


@blp.get(f"{links.PULL_PATH}/<token>/<int:position>")
@limiter.shared_limit(_PER_MINUTE, scope="pulls", key_func=client_network)
def show_photo(token: str, position: int) -> Response:
    """Serve a photo of an attempt to TikTok, itself and never by a redirect: TikTok follows none."""
    attempt_id = links.attempt_of(service(Settings), token)
    if attempt_id is None:
        raise NotFound
    photo = services.find_photo(attempt_id, position, is_served=request.method != "HEAD")
    response = responses.serve(responses.photo_for_tiktok(photo), may_redirect=False)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blp.get("/tiktok<proof>.txt")
@blp.get(f"{links.PULL_PATH}/tiktok<proof>.txt")
@limiter.shared_limit(_PER_MINUTE, scope="pulls", key_func=client_network)
def show_ownership_file(proof: str) -> Response:
    """Serve the file by which TikTok's portal verifies that this address, or everything below /pull/, is the app's."""
    if proof not in service(Settings).tiktok_ownership_tokens:
        raise NotFound
    return Response(f"tiktok-developers-site-verification={proof}", content_type="text/plain; charset=utf-8")


for view in (show_photo, show_ownership_file):
    vars(view)["is_counted_apart"] = True  # see web/limits
