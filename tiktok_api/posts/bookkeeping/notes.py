"""What the owner may change of any post, whatever became of it: its labels and its external id."""

from collections.abc import Mapping
from typing import Any

from tiktok_api import clock
from tiktok_api.auth.identity import Identity
from tiktok_api.posts.bookkeeping.external_ids import claiming, must_be_free
from tiktok_api.posts.bookkeeping.labels import set_labels
from tiktok_api.posts.models import Post

NOTES = ("labels", "external_id")


def set_notes(caller: Identity, post: Post, notes: Mapping[str, Any]) -> None:
    """Set those of NOTES that are given and differ, on a locked post. Raises ExternalIdTaken."""
    changed = {name: value for name, value in notes.items() if value != getattr(post, name)}
    if "labels" in changed:
        set_labels(post, changed["labels"])
    if "external_id" in changed:
        must_be_free(caller, post, changed["external_id"])
        with claiming(caller, post, changed["external_id"]):
            post.external_id = changed["external_id"]
    if changed:
        post.updated_at = clock.now()
