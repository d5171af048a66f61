"""The blueprint that the routes of the library and of the drawers share."""

from tiktok_api.web.blueprint import Blueprint

blp = Blueprint("media", __name__, url_prefix="/media", description="Videos and photos: uploading, checking, keeping")
