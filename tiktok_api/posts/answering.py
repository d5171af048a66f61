"""What other domains ask and tell posts, in their own transactions; `app.py` subscribes these."""

from uuid import UUID

from sqlalchemy import delete, select

from tiktok_api import clock
from tiktok_api.accounts.models import Account
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.media.models import Media
from tiktok_api.posts.deriving import ENDED
from tiktok_api.posts.errors import MediaInUse
from tiktok_api.posts.models import Attempt, Post, PostMedia, Publication, PublicationState
from tiktok_api.posts.services import CANCELLABLE, PUBLISH, cancel_one


def veto_deletion(media: Media) -> None:
    """Media that a post still needs stay. Raises MediaInUse."""
    needed = (
        select(Publication.id)
        .join(PostMedia, PostMedia.post_id == Publication.post_id)
        .where(PostMedia.media_id == media.id, Publication.state.not_in([*ENDED, PublicationState.DRAFT]))
    )
    if db.session.scalar(needed.limit(1)) is not None:
        raise MediaInUse
    db.session.execute(delete(PostMedia).where(PostMedia.media_id == media.id))


def give_up_account(account: Account) -> list[UUID]:
    """Cancel what was to go out on an account that is being disconnected; answers those publications' ids.

    What may be live already stays as it is.
    """
    waiting = db.session.scalars(
        select(Publication).where(Publication.account_id == account.id, Publication.state.in_(CANCELLABLE))
    ).all()
    outcomes = []
    for post_id in dict.fromkeys(publication.post_id for publication in waiting):
        post = db.session.execute(select(Post).where(Post.id == post_id).with_for_update()).scalar_one()
        for publication in waiting:
            if publication.post_id == post_id:
                db.session.refresh(publication)
                outcomes.append(cancel_one(post, publication))
    return [outcome["publication_id"] for outcome in outcomes if outcome["outcome"] == "cancelled"]


def wake_account(account: Account) -> None:
    """An account was connected again: whatever was held for it goes on at once."""
    now = clock.now()
    waiting = (PublicationState.DRAFT, PublicationState.SCHEDULED)
    unfinished = select(Publication).where(
        Publication.account_id == account.id, Publication.state.not_in([*ENDED, *waiting])
    )
    for publication in db.session.scalars(unfinished):
        if publication.state is PublicationState.HELD:
            publication.next_try_at = now
        queue.promise(PUBLISH, due_at=now, subject=publication.id, unique_key=publication.job_key)


def find_publication(publish_id: str, *, open_id: str) -> UUID | None:
    """The publication behind a publish_id of this TikTok account."""
    return db.session.scalar(
        select(Publication.id)
        .join(Attempt, Attempt.publication_id == Publication.id)
        .join(Account, Account.id == Publication.account_id)
        .where(Attempt.publish_id == publish_id, Account.open_id == open_id)
    )


def look_again(publication_id: UUID) -> None:
    """TikTok hints that something has changed: ask it now instead of at the next poll."""
    queue.promise(PUBLISH, due_at=clock.now(), subject=publication_id, unique_key=f"{PUBLISH}:{publication_id}")
