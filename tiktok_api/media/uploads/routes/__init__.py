"""The endpoints of uploads: by tus, which can resume, and in one request. Importing adds them to the blueprint of media."""

from tiktok_api.media.uploads.routes import one_request, tus

__all__ = ["one_request", "tus"]
