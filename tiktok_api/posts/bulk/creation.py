"""Creating many posts: each by itself, or all of them or none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tiktok_api.accounts.services import find_usernames
from tiktok_api.auth.identity import Identity
from tiktok_api.errors import Problem, fault
from tiktok_api.posts.bulk.batches import act_on_each
from tiktok_api.posts.bulk.errors import RowsRefused
from tiktok_api.posts.bulk.rows import CsvRow, name_cells, number_of
from tiktok_api.posts.bulk.usernames import explaining, usernames_in, with_ids
from tiktok_api.posts.capacity.collisions import Collision, collisions_told
from tiktok_api.posts.creation import create_post
from tiktok_api.settings import Settings


@dataclass(frozen=True, slots=True)
class CreatedPost:
    """A post that was created, and the caps that its time runs into; None: it has no time."""

    id: UUID
    collisions: Sequence[Collision] | None


Outcomes = Sequence[CreatedPost | Problem]
"""For each draft its post, or why it was refused."""


def create_each(
    caller: Identity, drafts: Sequence[Any], load: Callable[[Any], dict[str, Any]], settings: Settings
) -> Outcomes:
    """Create a post of each draft; `load` makes the arguments of `create_post` of what was sent, or raises Invalid."""
    rows = [draft for draft in drafts if isinstance(draft, CsvRow)]
    known = find_usernames(caller, {name for row in rows for name in usernames_in(row)})

    def create(draft: Any) -> CreatedPost:
        if isinstance(draft, CsvRow):
            draft.must_fit()
            draft, misnamed = with_ids(draft, known)
        else:
            misnamed = {}
        with explaining(misnamed):
            post = create_post(caller, **load(draft))
        return CreatedPost(post.id, collisions_told(post, settings))

    outcomes = act_on_each(drafts, create)
    return [
        name_cells(outcome, draft) if isinstance(draft, CsvRow) and isinstance(outcome, Problem) else outcome
        for draft, outcome in zip(drafts, outcomes, strict=True)
    ]


def results_of(drafts: Sequence[Any], outcomes: Outcomes, *, is_dry_run: bool) -> list[dict[str, Any]]:
    """Returns what became of each draft; after a dry run there is no post."""
    status = "would_be_created" if is_dry_run else "created"
    return [
        {"row": number_of(place, draft)}
        | (
            {"status": "refused", "post_id": None, "collisions": None, "problem": outcome}
            if isinstance(outcome, Problem)
            else {
                "status": status,
                "post_id": None if is_dry_run else outcome.id,
                "collisions": outcome.collisions,
                "problem": None,
            }
        )
        for place, (draft, outcome) in enumerate(zip(drafts, outcomes, strict=True))
    ]


def must_all_be_created(drafts: Sequence[Any], outcomes: Outcomes) -> None:
    """Raises RowsRefused with the faults of all drafts that were refused, at their places in the body."""
    faults = [
        {**each, "pointer": f"/posts/{place}{each['pointer']}", "row": number_of(place, draft)}
        for place, (draft, outcome) in enumerate(zip(drafts, outcomes, strict=True))
        if isinstance(outcome, Problem)
        for each in outcome.extra.get("errors") or [fault(outcome.code, outcome.detail, pointer="")]
    ]
    if faults:
        refused = sum(isinstance(outcome, Problem) for outcome in outcomes)
        raise RowsRefused(errors=faults, refused=refused, total=len(drafts))
