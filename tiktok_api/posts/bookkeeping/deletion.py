"""Deleting a post: what happened to it stays in the audit trail, and what TikTok counts for its accounts stays counted.

Nothing is deleted at TikTok, where a post that is live stays live.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tiktok_api.auth import audit
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.posts.bookkeeping.attempts import keep_attempts
from tiktok_api.posts.drafts import publications_of
from tiktok_api.posts.errors import PostInProgress
from tiktok_api.posts.models import Attempt, Publication
from tiktok_api.posts.queries import get_publications
from tiktok_api.posts.schedule import written
from tiktok_api.posts.services import get_post
from tiktok_api.posts.vocabulary import PostStatus

_MOST_ATTEMPTS, _MOST_EVENTS = 5, 20
"""The last ones of a publication, where a post has few of these."""
_MOST_OF_POST = 100
"""So many attempts, and so many events, are shared by the publications of a post that has many; each keeps its last one."""
_LONGEST_TEXT = 300


def delete_post(caller: Identity, post_id: UUID) -> None:
    """Delete a post of which nothing is on its way or unconfirmed. Raises PostInProgress.

    It is followed no further: news of TikTok about it finds nothing any more.
    """
    post = get_post(caller, post_id)
    if post.status is PostStatus.PUBLISHING:
        raise PostInProgress(status=post.status)
    publications = publications_of(post)
    audit.record(caller, "post.deleted", subject_id=post.id, **_facts(caller, post_id, publications))
    for publication in publications:
        queue.cancel(publication.job_key)
        keep_attempts(publication)
    db.session.delete(post)
    db.session.flush()


def _facts(caller: Identity, post_id: UUID, publications: Sequence[Publication]) -> dict[str, Any]:
    """Returns what the audit trail keeps: nothing of it is the text of the post, nor a secret."""
    if not publications:
        return {}
    share = _MOST_OF_POST // len(publications)
    attempts, events = max(1, min(share, _MOST_ATTEMPTS)), max(1, min(share, _MOST_EVENTS))
    history = get_publications(caller, post_id)
    return {"publications": [_publication(each, attempts=attempts, events=events) for each in history]}


def _publication(found: Mapping[str, Any], *, attempts: int, events: int) -> dict[str, Any]:
    names = ("id", "account_id", "state", "reason", "publish_id", "tiktok_post_ids", "url", "published_at")
    tried, timeline = found["attempts"], found["timeline"]
    return _plain({name: found[name] for name in names}) | {
        "attempts": [_attempt(each) for each in tried[-attempts:]],
        "timeline": [_plain({"at": each.at, "event": each.event, "state": each.state}) for each in timeline[-events:]],
        "left_out": {"attempts": max(0, len(tried) - attempts), "timeline": max(0, len(timeline) - events)},
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    names = ("number", "state", "reason", "publish_id", "log_id", "intended_at", "opened_at", "final_at", "ended_at")
    return _plain({name: getattr(attempt, name) for name in names})


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    """Returns facts as JSON has them, without those that are unknown."""
    return {name: _as_json(value) for name, value in facts.items() if value is not None}


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return written(value)
    if isinstance(value, list):
        return [_as_json(each) for each in value[:10]]
    return value if isinstance(value, int) else str(value)[:_LONGEST_TEXT]
