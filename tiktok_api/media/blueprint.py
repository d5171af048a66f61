"""The media blueprint, which the library's routes and the upload protocol share."""

from tiktok_api.web.blueprint import Blueprint

blp = Blueprint("media", __name__, url_prefix="/media", description="Videos and photos: uploading, checking, keeping")
