"""Whose post goes out first of those that are wanted at one moment: one of each creator, before the second of any.

Workers take jobs by when they came due, and know nothing of each other. So the second post of an account for a moment comes due a
microsecond after it, the third two microseconds after it: whatever number of workers there is, all first ones come before. What is
cancelled or created at the same time blurs that a little, which nothing depends on.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from tiktok_api.db.reads import Given, is_any, is_one_of, reading
from tiktok_api.posts.models import Publication
from tiktok_api.posts.publishing.transitions import APART
from tiktok_api.posts.states import TO_GO_OUT


@reading
def _wanted_at(given: Given) -> Select[Any]:
    mine: Any = Publication.account_id
    return (
        select(mine, func.count().label("ahead"))
        .where(
            is_any(mine, given["account_ids"]),
            Publication.wanted_at == given["at"],
            is_one_of(Publication.state, TO_GO_OUT),
            Publication.post_id != given["but"],
        )
        .group_by(mine)
    )


def due_times(publications: Collection[Publication], at: datetime, *, but: UUID) -> Sequence[datetime]:
    """Returns when the job of each publication comes due that is wanted at a time; `but` is their post."""
    account_ids = {each.account_id for each in publications}
    ahead = {row.account_id: row.ahead for row in _wanted_at.all(account_ids=account_ids, at=at, but=but)}
    return [at + ahead.get(each.account_id, 0) * APART for each in publications]
