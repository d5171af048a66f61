"""What must hold of our rows and TikTok's publications after every step, and once everything is over."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from tests.posts.model.world import Theirs, World, is_over
from tiktok_api.db import db
from tiktok_api.posts.models import Publication
from tiktok_api.posts.states import LIVE, PublicationState

LIVE_THERE, IN_INBOX = "PUBLISH_COMPLETE", "SEND_TO_USER_INBOX"
NEVER_OUT = (PublicationState.FAILED, PublicationState.CANCELLED)


def check(world: World) -> None:
    """After each step: at most one of each, none without a next step, and nothing said that is not so."""
    publications = world.ours()
    theirs, unknown = world.theirs()
    assert not world.failed_jobs()
    assert not [each for each in unknown if has_arrived(each)], "bytes for a publish_id that was never written down"
    for of_one in theirs.values():
        assert len([each for each in of_one if may_be_out(each)]) <= 1, ("twice", of_one)
    due = world.due_times()
    for each in publications:
        said = (each.state, each.reason, each.next_try_at)
        check_said(each, theirs.get(each.id, []))
        assert is_over(each) or each.id in due or each.state is PublicationState.UNCONFIRMED, ("lost", said)


def check_said(publication: Publication, theirs: list[Theirs]) -> None:
    """What is shown as ended is so at TikTok."""
    state, out = publication.state, [each["status"] for each in theirs if may_be_out(each)]
    said = (state, publication.reason, theirs)
    if state in NEVER_OUT:
        assert out == [], said
    elif state in LIVE:
        assert out == [LIVE_THERE], said
    elif state is PublicationState.INBOX_DELIVERED:
        assert out in ([IN_INBOX], [LIVE_THERE]), said


def check_end(world: World) -> None:
    """Once nothing more happens: what is live is shown as live, and what has not ended asks a person, in the answer too."""
    check(world)
    theirs, _ = world.theirs()
    for publication in world.ours():
        out = [each["status"] for each in theirs.get(publication.id, []) if may_be_out(each)]
        shown = world.owner.get(f"/publications/{publication.id}").json
        said = (shown["state"], shown["reason"], shown["next_try_at"], out)
        if out == [LIVE_THERE]:
            arrived = {*LIVE, PublicationState.INBOX_DELIVERED, PublicationState.UNCONFIRMED}
            assert shown["state"] in arrived, said
        if not (publication.state.has_ended or publication.state is PublicationState.DRAFT):
            assert shown["next_try_at"] or shown["reason"], said


def check_cancellation(world: World, answer: Any) -> None:
    """What a person was told of a cancellation is so at TikTok."""
    if answer is None:
        return
    world.ours()
    theirs, _ = world.theirs()
    for target in answer["targets"]:
        out = [each["status"] for each in theirs.get(UUID(target["publication_id"]), []) if may_be_out(each)]
        right: dict[str, tuple[list[str], ...]] = {
            "cancelled": ([],),
            "too_late_published": ([LIVE_THERE],),
            "too_late_delivered": ([IN_INBOX], [LIVE_THERE]),
        }
        assert out in right.get(target["outcome"], (out,)), (target, out)


def honest_answers(world: World) -> dict[UUID, str]:
    """What a person says who has looked at the account, of what is unconfirmed; nothing of what may still go live."""
    world.ours()
    theirs, _ = world.theirs()
    with world.app.app_context():
        unconfirmed = select(Publication.id).where(Publication.state == PublicationState.UNCONFIRMED)
        ids = list(db.session.scalars(unconfirmed))
    answers = {}
    for publication_id in ids:
        of_one = theirs.get(publication_id, [])
        if any(each["status"] == LIVE_THERE for each in of_one):
            answers[publication_id] = "live"
        elif all(each["status"] == "FAILED" for each in of_one):
            answers[publication_id] = "post_again"
    return answers


def has_arrived(theirs: Theirs) -> bool:
    """True if TikTok has the last byte."""
    return theirs["received_at"] is not None


def may_be_out(theirs: Theirs) -> bool:
    """True if it is out, or may go out: TikTok has the last byte and has not ended it."""
    return has_arrived(theirs) and theirs["status"] != "FAILED"
