"""What other domains ask of posts and tell them, in their own transactions; `app.py` subscribes these."""

from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from tiktok_api import clock
from tiktok_api.accounts.models import Account
from tiktok_api.accounts.tokens import TAKEN_OVER
from tiktok_api.auth.errors import KeyConfined
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.db.reads import Given
from tiktok_api.jobs import queue
from tiktok_api.media.errors import MediaInUse
from tiktok_api.media.models import Media
from tiktok_api.posts.models import Attempt, Post, PostMedia, Publication, job_key
from tiktok_api.posts.publishing.transitions import enqueue_in_order, enqueue_publication
from tiktok_api.posts.queries import visible_to
from tiktok_api.posts.services import CANCELLED_BY_USER, cancel_publication
from tiktok_api.posts.states import CANCELLABLE, ENDED, UNFINISHED, PublicationState


def veto_deletion(media: Media) -> None:
    """Refuse to delete media that a post still needs. Raises MediaInUse."""
    shows_it = select(PostMedia.post_id).where(PostMedia.media_id == media.id)
    # Locked, so that none of them is scheduled between this look and the deletion.
    post_ids = db.session.scalars(
        select(Post.id).where(Post.id.in_(shows_it)).order_by(Post.id).with_for_update()
    ).all()
    still_needs_it = Publication.state.not_in([*ENDED, PublicationState.DRAFT])
    needed = select(Publication.id).where(Publication.post_id.in_(post_ids), still_needs_it)
    if db.session.scalar(needed.limit(1)) is not None:
        raise MediaInUse
    db.session.execute(delete(PostMedia).where(PostMedia.media_id == media.id))


def veto_change(caller: Identity, media: Media) -> None:
    """Refuse that a confined key changes media that a post outside its reach shows too. Raises KeyConfined."""
    reach = select(Post.id).where(*visible_to(caller))
    outside = select(PostMedia.id).where(PostMedia.media_id == media.id, PostMedia.post_id.not_in(reach))
    if db.session.scalar(outside.limit(1)) is not None:
        raise KeyConfined


def is_shown_within_reach(caller: Identity | Given, media_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Returns the condition that a post within the caller's reach shows the media of this column."""
    reach = select(Post.id).where(*visible_to(caller))
    return exists().where(PostMedia.media_id == media_id, PostMedia.post_id.in_(reach))


def is_shown(media_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Returns the condition that a post shows the media whose id is in this column."""
    return exists().where(PostMedia.media_id == media_id)


def give_up_account(account: Account) -> list[UUID]:
    """Cancel what was to go out on an account that is being disconnected. Returns the ids of those publications.

    What may be live already stays as it is; a draft keeps its target, without an account. Attempts of deleted posts go too.
    """
    is_left_alone = (Attempt.account_id == account.id, Attempt.publication_id.is_(None))
    db.session.execute(delete(Attempt).where(*is_left_alone).execution_options(synchronize_session=False))
    return _cancel_waiting(account, reason=CANCELLED_BY_USER)


def _cancel_waiting(account: Account, *, reason: str) -> list[UUID]:
    unfinished = select(Publication.post_id).where(
        Publication.account_id == account.id, Publication.state.not_in(ENDED)
    )
    cancelled: list[UUID] = []
    fresh = {"populate_existing": True}
    posts = db.session.scalars(select(Post).where(Post.id.in_(unfinished)).order_by(Post.id).with_for_update()).all()
    for post in posts:
        waiting = select(Publication).where(
            Publication.post_id == post.id,
            Publication.account_id == account.id,
            Publication.state.in_(CANCELLABLE),
        )
        outcomes = [
            cancel_publication(post, each, reason=reason)
            for each in db.session.scalars(waiting.execution_options(**fresh)).all()
        ]
        cancelled += [each["publication_id"] for each in outcomes if each["outcome"] == "cancelled"]
    return cancelled


def lose_account(account: Account) -> list[UUID]:
    """Cancel what was to go out on an account that another user has connected. Returns the ids of those publications.

    What TikTok may have already loses its account, as when it is disconnected: no token of its owner's can ask for a verdict
    any more, so the question goes to the owner. What has ended keeps it.
    """
    cancelled = _cancel_waiting(account, reason=TAKEN_OVER)
    left = (Publication.account_id == account.id, Publication.state.in_(UNFINISHED))
    for publication in db.session.scalars(select(Publication).where(*left).execution_options(populate_existing=True)):
        publication.account_id = None
        enqueue_publication(publication.id, clock.now())
    db.session.flush()
    return cancelled


def forget_posts(user_id: UUID) -> None:
    """Delete a user's posts, before the user is deleted: media that a post shows cannot be deleted.

    Posts are locked before jobs, as a worker does that records what became of its post and its job.
    """
    db.session.execute(select(Post.id).where(Post.owner_id == user_id).order_by(Post.id).with_for_update())
    theirs = select(Publication.id).where(Publication.owner_id == user_id)
    for publication_id in db.session.scalars(theirs):
        queue.cancel(job_key(publication_id))
    accounts = select(Account.id).where(Account.owner_id == user_id)
    its = or_(Attempt.publication_id.in_(theirs), Attempt.account_id.in_(accounts))
    db.session.execute(delete(Attempt).where(its).execution_options(synchronize_session=False))
    db.session.execute(delete(Post).where(Post.owner_id == user_id).execution_options(synchronize_session=False))


def resume_account(account: Account) -> None:
    """Run the jobs of an account's publications now: it was connected again, and they may have been held for that.

    It only enqueues. Locking posts here, under the account's lock, would be the wrong way round: a worker locks its post
    first and then, by a foreign key, the account.
    """
    unfinished = select(Publication.id).where(Publication.account_id == account.id, Publication.state.in_(UNFINISHED))
    enqueue_in_order(db.session.scalars(unfinished.order_by(Publication.wanted_at)), clock.now())


def find_publication(publish_id: str, *, open_id: str) -> UUID | None:
    """Returns the id of the publication with a publish_id of this TikTok account."""
    return db.session.scalar(
        select(Publication.id)
        .join(Attempt, Attempt.publication_id == Publication.id)
        .join(Account, Account.id == Publication.account_id)
        .where(Attempt.publish_id == publish_id, Account.open_id == open_id)
    )


def look_again(publication_id: UUID) -> None:
    """Ask TikTok now instead of at the next poll: its webhook says that something has changed.

    What has ended has a job only while TikTok may tell more of it; without one there is nothing left to ask.
    """
    state = db.session.scalar(select(Publication.state).where(Publication.id == publication_id))
    if state in ENDED:
        queue.run_now(job_key(publication_id))
    else:
        enqueue_publication(publication_id, clock.now())
