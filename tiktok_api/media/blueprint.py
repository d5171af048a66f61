"""The blueprint that the routes of the library and of the drawers share."""

from flask import Response

from tiktok_api.auth.identity import caller
from tiktok_api.media.errors import MediaQuotaExceeded
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.rendering import render

blp = Blueprint("media", __name__, url_prefix="/media", description="Videos and photos: uploading, checking, keeping")


def _tell_no_totals(problem: MediaQuotaExceeded) -> Response:
    """A confined key learns from no refusal how much there is that it does not see."""
    return render(problem if caller.account_ids is None else problem.without_use())


blp.register_error_handler(MediaQuotaExceeded, _tell_no_totals)
