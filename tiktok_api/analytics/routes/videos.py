"""The list of an account's videos."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tiktok_api.analytics import queries, services
from tiktok_api.analytics.metrics import Reason
from tiktok_api.analytics.schemas.videos import AccountVideosSchema, VideoListArgsSchema
from tiktok_api.auth.identity import caller
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.pagination import Page

blp = Blueprint(
    "videos", __name__, url_prefix="/accounts", description="What an account has on TikTok", domain="analytics"
)


@dataclass(slots=True)
class AccountVideosPage(Page):
    """A page of videos, with the time when the whole list was read."""

    captured_at: datetime | None = None
    reason: Reason | None = None


@blp.get("/<uuid:account_id>/videos")
@blp.arguments(VideoListArgsSchema, location="query")
@blp.response(200, AccountVideosSchema)
def list_account_videos(args: dict[str, Any], account_id: UUID) -> Page:
    """List an account's public videos with their latest numbers, the newest first"""
    captured_at, reason = services.list_state(caller, account_id)
    page = queries.list_videos(account_id, args, include_gone=args["include_gone"])
    counted = (page.total, page.total_is_exact)
    return AccountVideosPage(page.data, page.next_cursor, page.has_more, *counted, captured_at, reason)
