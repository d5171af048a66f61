"""Posts that people can no longer see: reported by TikTok, confirmed by their absence where we may look."""

from uuid import UUID

from sqlalchemy import select

from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.accounts.models import VIDEO_LIST_SCOPE, Account
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.db import db, end_reading, transaction
from tiktok_api.posts.models import Publication, PublicationState
from tiktok_api.posts.publishing.claims import lock
from tiktok_api.posts.publishing.transitions import move
from tiktok_api.tiktok import ScopeMissing

_SEEN = (PublicationState.PUBLISHED, PublicationState.PUBLICLY_AVAILABLE)


def confirm(publication_id: UUID, reported_post_id: str | None, vault: TokenVault) -> bool:
    """Whether the publication is gone, and if so its new state.

    With the scope `video.list` TikTok is asked; without it, or without its person's consent, TikTok's report is all
    there is, and the reason says so. Raises TikTokError for the job to try again.
    """
    row = db.session.execute(
        select(Publication.account_id, Publication.tiktok_post_ids, Account.scopes)
        .outerjoin(Account, Account.id == Publication.account_id)
        .where(Publication.id == publication_id, Publication.state.in_(_SEEN))
    ).one_or_none()
    end_reading()
    if row is None:
        return False
    post_ids = row.tiktok_post_ids or ([reported_post_id] if reported_post_id else [])
    reason = "reported_by_tiktok"
    if row.account_id is not None and VIDEO_LIST_SCOPE in (row.scopes or ()) and post_ids:
        try:
            found = vault.call(row.account_id, lambda token: vault.tiktok.query_videos(token, post_ids[:20]))
        except (ScopeMissing, AccountNeedsReconnection):
            pass
        else:
            if found:
                return False
            reason = "absent_on_tiktok"
    return _write(publication_id, reason)


def _write(publication_id: UUID, reason: str) -> bool:
    with transaction():
        post, publication = lock(publication_id)
        if publication.state not in _SEEN:
            return False
        move(post, publication, PublicationState.NO_LONGER_AVAILABLE, "no_longer_available", reason=reason)
    return True
