"""Which function listens to which event: a lower domain announces it, a higher one listens."""

from uuid import UUID

from tiktok_api import events
from tiktok_api.accounts import disconnection
from tiktok_api.accounts import services as accounts
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.analytics import queries
from tiktok_api.analytics.collection import days, ingest, publications
from tiktok_api.analytics.pictures import services as pictures
from tiktok_api.analytics.reports import listeners as reports
from tiktok_api.extensions import service
from tiktok_api.media import deduplication
from tiktok_api.posts import listeners, monitoring
from tiktok_api.posts.matching import videos
from tiktok_api.posts.recurrences import listeners as recurrences
from tiktok_api.posts.states import PublicationState
from tiktok_api.posts.waiting import breaker, caps, pending_media, places


def subscribe() -> None:
    """Register every listener. Listeners of one event run in this order; registering again changes nothing."""
    events.subscribe("accounts.named", accounts.get_accounts)
    events.subscribe("user.deleting", _disconnect_accounts)
    events.subscribe("user.deleting", recurrences.forget_recurrences)
    events.subscribe("user.deleting", reports.forget_user)
    events.subscribe("user.deleting", listeners.forget_posts)
    events.subscribe("user.deleting", deduplication.release_all_bytes)
    events.subscribe("media.is_used", listeners.is_shown)
    events.subscribe("media.is_used", recurrences.is_rotated)
    events.subscribe("media.is_visible", recurrences.is_within_reach)
    events.subscribe("media.changing", listeners.veto_change)
    events.subscribe("media.changing", recurrences.veto_change)
    events.subscribe("media.inspected", pending_media.check_posts_of)
    events.subscribe("media.lapsed", pending_media.check_posts_of)
    events.subscribe("media.may_be_deleted", listeners.veto_deletion)
    events.subscribe("media.may_be_deleted", recurrences.veto_deletion)
    events.subscribe("account.disconnecting", listeners.give_up_account)
    events.subscribe("account.disconnecting", pictures.release_pictures)
    events.subscribe("account.disconnecting", reports.forget_account)
    events.subscribe("account.disconnecting", recurrences.look_again)
    events.subscribe("account.taken_over", listeners.lose_account)
    events.subscribe("account.taken_over", recurrences.look_again)
    events.subscribe("account.reconnected", listeners.resume_account)
    events.subscribe("account.reconnected", recurrences.look_again)
    events.subscribe("user.zone_changed", days.request_count)
    events.subscribe("account.profile_read", ingest.store_profile)
    events.subscribe("account.profile_read", pictures.request_pictures)
    for state in PublicationState:
        events.subscribe(f"publication.{state}", monitoring.count_transition)
    for state in places.MAY_GIVE_WAY:
        events.subscribe(f"publication.{state}", places.give_way)
    events.subscribe(f"publication.{PublicationState.PUBLICLY_AVAILABLE}", publications.link_named)
    events.subscribe(f"publication.{PublicationState.HELD}", caps.learn)
    events.subscribe(f"publication.{PublicationState.FAILED}", breaker.open_after)
    events.subscribe("storage.keys_held", pictures.used_keys)
    events.subscribe("storage.keys_held", reports.used_keys)
    events.subscribe("account.sync_requested", ingest.request_video_sync)
    events.subscribe("account.videos_listed", videos.enqueue_matching)
    events.subscribe("account.videos", queries.listed_since)


def _disconnect_accounts(user_id: UUID) -> None:
    disconnection.disconnect_all(user_id, service(TokenVault))
