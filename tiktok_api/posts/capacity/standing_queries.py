"""The queries of where accounts stand: the inits that count at TikTok, what waits to go out, what its refusals have taught."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    case,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from tiktok_api.accounts.models import Account
from tiktok_api.db.reads import Given, is_any, is_one_of, reading
from tiktok_api.posts.limits import REFUSALS, Cap, PostingLimit
from tiktok_api.posts.models import WORKER_DIED, Attempt, Post, Publication
from tiktok_api.posts.states import TO_GO_OUT, AttemptState, PublicationState
from tiktok_api.posts.vocabulary import PostMode, PostType

HELD_FOR = {cap: (cap.value, REFUSALS[cap]) for cap in (Cap.CREATOR_POSTS, Cap.INBOX_SHARES)}
"""By a creator's own cap, the reasons of what is held for it: ours before TikTok is asked, and TikTok's."""


_VIDEO: ColumnElement[str] = literal_column(f"'{PostType.VIDEO}'", String)
_MODE: ColumnElement[str] = func.coalesce(
    type_coerce(Post.mode, String), Attempt.kept_mode, literal_column(f"'{PostMode.DIRECT}'", String)
)
_TYPE: ColumnElement[str] = func.coalesce(
    type_coerce(Post.type, String),
    case((Attempt.video_size.is_(None), literal_column(f"'{PostType.PHOTO}'", String)), else_=_VIDEO),
)
"""Of a post, also of one that was deleted."""


@reading
def for_init(given: Given) -> Select[Any]:
    """What decides whether one account may have its next init."""
    reasons = [literal_column(f"'{reason}'", String) for pair in HELD_FOR.values() for reason in pair]
    is_held = (is_one_of(Publication.state, [PublicationState.HELD]), Publication.reason.in_(reasons))
    mine = given["account_id"]
    return _together(
        _attempts(Attempt.account_id == mine, given),
        _to_go_out(Publication.account_id == mine, *is_held),
        _limits(or_(PostingLimit.account_id == mine, PostingLimit.account_id.is_(None))),
    )


@reading
def around(given: Given) -> Select[Any]:
    """What counts for accounts, and what they have to go out from `first` to `last`; `but` is a post that does not count."""
    mine = given["account_ids"]
    planned = [is_one_of(Publication.state, TO_GO_OUT)]
    if "first" in given:
        planned.append(Publication.wanted_at > given["first"])
    if "last" in given:
        planned.append(Publication.wanted_at < given["last"])
    if "but" in given:
        planned.append(Publication.post_id != given["but"])
    arms = [
        _attempts(is_any(Attempt.account_id, mine), given),
        _to_go_out(is_any(Publication.account_id, mine), *planned),
        _limits(or_(is_any(PostingLimit.account_id, mine), PostingLimit.account_id.is_(None))),
    ]
    if "active_since" in given:
        creator = _active_since(given["active_since"]).subquery()
        nothing: Sequence[Any] = [null()] * 7
        what = literal_column("'active'", String)
        arms.append(select(what, creator.c.id, null(), creator.c.open_id, null(), creator.c.at, *nothing))
    return _together(*arms)


def _attempts(is_its: ColumnElement[bool], given: Given) -> Select[Any]:
    shown: Sequence[Any] = (
        literal_column("'attempt'", String).label("what"),
        Attempt.account_id,
        Attempt.publication_id,
        type_coerce(Attempt.state, String).label("state"),
        Attempt.reason,
        Attempt.intended_at.label("at"),
        Attempt.opened_at,
        Attempt.final_at,
        _MODE.label("mode"),
        _TYPE.label("type"),
        func.coalesce(type_coerce(Publication.state, String), Attempt.kept_state).label("publication_state"),
        cast(null(), Integer).label("allowed"),
        Publication.post_id,
    )
    query = (
        select(*shown)
        .outerjoin(Publication, Publication.id == Attempt.publication_id)
        .outerjoin(Post, Post.id == Publication.post_id)
    )
    return query.where(is_its, Attempt.intended_at > given["since"])


def _to_go_out(*conditions: ColumnElement[bool]) -> Select[Any]:
    shown: Sequence[Any] = (
        literal_column("'planned'", String),
        Publication.account_id,
        Publication.id,
        Publication.state,
        Publication.reason,
        Publication.wanted_at,
        Publication.next_try_at,
        null(),
        type_coerce(Post.mode, String),
        type_coerce(Post.type, String),
        null(),
        null(),
        Publication.post_id,
    )
    return select(*shown).join(Post, Post.id == Publication.post_id).where(*conditions)


def _limits(is_its: ColumnElement[bool]) -> Select[Any]:
    limit = PostingLimit
    times = (limit.since, limit.until)
    nothing: Sequence[Any] = (null(), null(), null(), null())
    return select(
        literal_column("'limit'", String),
        limit.account_id,
        null(),
        limit.kind,
        limit.reason,
        *times,
        *nothing,
        limit.allowed,
        null(),
    ).where(is_its)


def _together(*arms: Select[Any]) -> Select[Any]:
    return select(union_all(*arms).subquery())


@reading
def active(given: Given) -> Select[Any]:
    """The creators for whom a direct post was begun, and when last: a look into an index for each account there is."""
    return _active_since(given["since"])


def _active_since(since: Any) -> Select[Any]:
    began = or_(Attempt.opened_at.is_not(None), Attempt.state == AttemptState.INTENT, Attempt.reason == WORKER_DIED)
    last = (
        select(func.max(Attempt.intended_at))
        .outerjoin(Publication, Publication.id == Attempt.publication_id)
        .outerjoin(Post, Post.id == Publication.post_id)
        .where(Attempt.account_id == Account.id, Attempt.intended_at > since, began)
        .where(is_one_of(_MODE, [PostMode.DIRECT]))
        .correlate(Account)
        .scalar_subquery()
    )
    shown: Sequence[Any] = (Account.id, Account.open_id, last.label("at"))
    return select(*shown).where(last.is_not(None))


@reading
def planned_creators(given: Given) -> Select[Any]:
    """The creators for whom a direct post is to go out, and when first, among all accounts of the app."""
    first = (
        select(func.min(Publication.wanted_at))
        .join(Post, Post.id == Publication.post_id)
        .where(Publication.account_id == Account.id, is_one_of(Publication.state, TO_GO_OUT))
        .where(Publication.wanted_at > given["first"], Publication.wanted_at <= given["last"])
        .where(is_one_of(Post.mode, [PostMode.DIRECT]))
        .correlate(Account)
        .scalar_subquery()
    )
    shown: Sequence[Any] = (Account.id, first.label("at"))
    return select(*shown).where(first.is_not(None))
