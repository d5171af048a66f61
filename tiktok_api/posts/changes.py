"""What a request would really change of a post: a client may send back all that it was shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from tiktok_api.media.models import Media
from tiktok_api.posts.models import Post, PostStatus, Publication


def what_differs(
    post: Post, changes: Mapping[str, Any], *, media: Sequence[Media], publications: Sequence[Publication]
) -> dict[str, Any]:
    """Those of `changes` that differ from the post as it is; a slot is the same only while the post is scheduled."""
    slot = changes.get("slot", {})
    named = slot.keys() if post.status is PostStatus.SCHEDULED else ()
    now: dict[str, Any] = {
        "media_ids": [item.id for item in media],
        "targets": [{"account_id": each.account_id, **each.overrides} for each in publications],
        "slot": {name: getattr(post, name) for name in named},
    }
    return {
        name: value for name, value in changes.items() if value != (now[name] if name in now else getattr(post, name))
    }
