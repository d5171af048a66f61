"""Posts that were taken down: reported by TikTok, and confirmed by their absence where TikTok lets us look."""

from uuid import UUID

from sqlalchemy import select

from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.accounts.models import VIDEO_LIST_SCOPE, Account
from tiktok_api.accounts.rate_limits import AppCall
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.db import db, end_reading, transaction
from tiktok_api.posts.models import Publication
from tiktok_api.posts.publishing.locks import FencedOff, lock
from tiktok_api.posts.publishing.transitions import transition
from tiktok_api.posts.states import VISIBLE, PublicationState
from tiktok_api.tiktok import ScopeMissing


def confirm(publication_id: UUID, reported_post_id: str | None, vault: TokenVault) -> bool:
    """Record that a publication was taken down, if it was. Returns True if so.

    With the scope `video.list` TikTok is asked; without it, or once the account must be connected again, TikTok's report is
    all there is, and the reason says so. Raises TikTokError, for the job to try again.
    """
    row = db.session.execute(
        select(Publication.account_id, Publication.tiktok_post_ids, Account.scopes)
        .outerjoin(Account, Account.id == Publication.account_id)
        .where(Publication.id == publication_id, Publication.state.in_(VISIBLE))
    ).one_or_none()
    end_reading()
    if row is None:
        return False
    post_ids = row.tiktok_post_ids or ([reported_post_id] if reported_post_id else [])
    reason = "reported_by_tiktok"
    if row.account_id is not None and VIDEO_LIST_SCOPE in (row.scopes or ()) and post_ids:
        try:
            found = vault.read(
                row.account_id, AppCall.VIDEO_QUERY, lambda token: vault.tiktok.query_videos(token, post_ids[:20])
            )
        except (ScopeMissing, AccountNeedsReconnection):
            pass
        else:
            if found:
                return False
            reason = "absent_on_tiktok"
    return _record_takedown(publication_id, reason)


def _record_takedown(publication_id: UUID, reason: str) -> bool:
    with transaction():
        try:
            post, publication = lock(publication_id)
        except FencedOff:  # deleted while TikTok was asked
            return False
        if not publication.state.is_visible:
            return False
        transition(post, publication, PublicationState.NO_LONGER_AVAILABLE, "no_longer_available", reason=reason)
    return True
