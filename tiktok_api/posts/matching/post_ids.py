"""Storing which post on TikTok a publication became, the source of that, and the post's URL."""

from collections.abc import Sequence

from sqlalchemy import select

from tiktok_api.accounts.models import Account
from tiktok_api.db import db
from tiktok_api.posts.models import Post, Publication
from tiktok_api.posts.publishing.transitions import transition
from tiktok_api.posts.states import PublicationState
from tiktok_api.posts.vocabulary import PostIdSource


def write(post: Post, publication: Publication, ids: Sequence[str], source: PostIdSource) -> None:
    """Store the ids of a publication's posts; call it with the post locked.

    TikTok's own word replaces what was found by evidence; a draft may become several posts, one after the other.
    """
    is_better = source is PostIdSource.TIKTOK and publication.post_id_source not in (None, PostIdSource.TIKTOK)
    known = list(dict.fromkeys(ids if is_better else [*publication.tiktok_post_ids, *ids]))
    publication.tiktok_post_ids, publication.post_id_source = known, source
    publication.url = url_of(post, publication, known[0])
    detail = None if source is PostIdSource.TIKTOK else f"post id by {source}"
    transition(post, publication, PublicationState.PUBLICLY_AVAILABLE, "publicly_available", detail=detail)


def url_of(post: Post, publication: Publication, post_id: str) -> str | None:
    """Returns the post's URL; None where the username is unknown, because a URL without it leads nowhere."""
    username = db.session.scalar(select(Account.username).where(Account.id == publication.account_id))
    return f"https://www.tiktok.com/@{username}/{post.type}/{post_id}" if username else None
