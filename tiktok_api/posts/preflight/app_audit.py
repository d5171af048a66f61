"""Whether TikTok has audited the app: by the setting, or by what it has refused of an account's posts."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from tiktok_api.db.reads import Given, is_any, is_one_of, reading
from tiktok_api.posts.models import Publication
from tiktok_api.posts.publishing.verdicts import APP_UNAUDITED
from tiktok_api.posts.states import UNFINISHED, PublicationState


@reading
def _held_for_audit(given: Given) -> Select[Any]:
    """The accounts of which TikTok has refused a post, which still waits, because it has not audited the app."""
    return select(Publication.account_id).where(
        is_any(Publication.account_id, given["account_ids"]),
        is_one_of(Publication.state, UNFINISHED),
        Publication.state == PublicationState.HELD,
        Publication.reason == APP_UNAUDITED,
    )


def unaudited_among(account_ids: Collection[UUID], *, is_app_audited: bool | None) -> frozenset[UUID]:
    """Returns the accounts for which TikTok treats the app as unaudited; where the setting says nothing, those it has refused."""
    if is_app_audited is None:
        return frozenset(row.account_id for row in _held_for_audit.all(account_ids=set(account_ids)))
    return frozenset() if is_app_audited else frozenset(account_ids)
