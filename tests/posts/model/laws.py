"""What must hold of our rows and TikTok's publications at every moment, after every step, and once everything is over."""

import threading
from datetime import timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import select

from tests.posts.model.world import Seen, Theirs, World, is_over
from tiktok_api.db import db
from tiktok_api.posts.models import UPLOAD_URL_LIFETIME, Attempt, Post, Publication
from tiktok_api.posts.states import ALIVE, LIVE, RECEIVED, TO_GO_OUT, PublicationState
from tiktok_api.posts.vocabulary import LatePolicy

LIVE_THERE, IN_INBOX = "PUBLISH_COMPLETE", "SEND_TO_USER_INBOX"
NOT_OUT = (PublicationState.DRAFT, *TO_GO_OUT, PublicationState.FAILED, PublicationState.CANCELLED)
"""What may still be sent, or never will be: TikTok has nothing of it that is out or may go out."""
LATE_AFTER = timedelta(hours=1, minutes=1)
A_MOMENT = timedelta(seconds=5)
"""Real time goes by while a worker works."""


def watch(world: World) -> None:
    """Check what holds at every moment, in the middle of a worker's work; what does not is kept for the next check."""

    def look() -> None:
        try:
            check_moment(world)
        except AssertionError as error:
            world.untrue = world.untrue or error

    other = threading.Thread(target=look)  # not the worker's, to which things happen
    other.start()
    other.join()


def check(world: World) -> None:
    """After each step: also none without a next step, nothing early, and nothing late against its person's will."""
    if world.untrue is not None:
        raise world.untrue
    seen = check_moment(world)
    assert not world.failed_jobs()
    due = world.due_times()
    for each in seen.publications:
        said = (each.state, each.reason, each.next_try_at)
        assert is_over(each) or each.id in due or each.state is PublicationState.UNCONFIRMED, ("lost", said)
    check_times(world)


def check_moment(world: World) -> Seen:
    """At most one of each at TikTok, of a publish_id that is written down, and nothing said that is not so."""
    seen = world.look()
    assert not [each for each in seen.unknown if each["received_bytes"]], (
        "bytes for a publish_id that is not written down"
    )
    for publication_id, of_one in seen.theirs.items():
        out = statuses_out(of_one)
        assert len(out) <= 1, ("twice", of_one)
        assert not (out and publication_id in world.cancelled), ("cancelled", of_one)
        for each in of_one:
            check_attempt(seen.attempts.get(each["publish_id"]), each)
    for publication in seen.publications:
        is_cancelled = publication.id in world.cancelled
        assert not is_cancelled or publication.state is PublicationState.CANCELLED, "begun again though cancelled"
        check_said(publication, seen.of(publication.id))
    return seen


def check_attempt(attempt: Attempt | None, theirs: Theirs) -> None:
    """The last byte leaves after the commit point only, and nothing that TikTok may publish is given up."""
    if attempt is not None and has_arrived(theirs):
        said = (attempt.state, attempt.reason, theirs)
        assert attempt.final_at is not None, ("the last byte left before the commit point", said)
        assert attempt.state in RECEIVED or not may_be_out(theirs), ("given up", said)


def check_said(publication: Publication, theirs: list[Theirs]) -> None:
    """What is shown as still to go out, or as ended, is so at TikTok."""
    state, out = publication.state, statuses_out(theirs)
    said = (state, publication.reason, theirs)
    if state in NOT_OUT:
        assert out == [], said
    elif state in LIVE:
        assert out == [LIVE_THERE], said
    elif state is PublicationState.INBOX_DELIVERED:
        assert out in ([IN_INBOX], [LIVE_THERE]), said


def check_times(world: World) -> None:
    """Nothing goes out before its time, and nothing by itself that is later than its person wants."""
    with world.app.app_context():
        rows = db.session.execute(
            select(Attempt, Publication.wanted_at, Post.if_late)
            .join(Publication, Publication.id == Attempt.publication_id)
            .join(Post, Post.id == Publication.post_id)
            .order_by(Attempt.publication_id, Attempt.number)
        ).all()
        db.session.expunge_all()
    for _, of_one in groupby(rows, lambda row: row[0].publication_id):
        tried_until = None
        for attempt, wanted_at, if_late in of_one:
            begun_at = attempt.intended_at
            assert attempt.state not in ALIVE or begun_at >= wanted_at - A_MOMENT, ("early", begun_at, wanted_at)
            if if_late is not LatePolicy.PUBLISH:
                late = begun_at - max(wanted_at, tried_until or wanted_at)
                assert late <= LATE_AFTER + A_MOMENT, ("late", begun_at, wanted_at, tried_until)
            if attempt.opened_at is not None:
                tried_until = attempt.opened_at + UPLOAD_URL_LIFETIME


def check_end(world: World) -> None:
    """Once nothing more happens: what is live is shown as live, and what has not ended asks a person, in the answer too."""
    check(world)
    seen = world.look()
    for publication in seen.publications:
        out = statuses_out(seen.of(publication.id))
        shown = world.owner.get(f"/publications/{publication.id}").json
        said = (shown["state"], shown["reason"], shown["next_try_at"], out)
        if out == [LIVE_THERE]:
            arrived = {*LIVE, PublicationState.INBOX_DELIVERED, PublicationState.UNCONFIRMED}
            assert shown["state"] in arrived, said
        if not (publication.state.has_ended or publication.state is PublicationState.DRAFT):
            assert shown["next_try_at"] or shown["reason"], said


def check_cancellation(world: World, answer: Any) -> None:
    """What a person was told of a cancellation is so at TikTok, and stays so."""
    if answer is None:
        return
    seen = world.look()
    for target in answer["targets"]:
        publication_id = UUID(target["publication_id"])
        out = statuses_out(seen.of(publication_id))
        right: dict[str, tuple[list[str], ...]] = {
            "cancelled": ([],),
            "too_late_published": ([LIVE_THERE],),
            "too_late_delivered": ([IN_INBOX], [LIVE_THERE]),
        }
        assert out in right.get(target["outcome"], (out,)), (target, out)
        if target["outcome"] == "cancelled":
            world.cancelled.add(publication_id)


def honest_answer(world: World, publication_id: UUID) -> str | None:
    """What a person says of a publication who has looked at the account; None while it may still go live."""
    of_one = world.look().of(publication_id)
    if any(each["status"] == LIVE_THERE for each in of_one):
        return "live"
    return "post_again" if all(each["status"] == "FAILED" for each in of_one) else None


def statuses_out(theirs: list[Theirs]) -> list[str]:
    """The statuses of those that are out, or may go out."""
    return [each["status"] for each in theirs if may_be_out(each)]


def has_arrived(theirs: Theirs) -> bool:
    """True if TikTok has the last byte."""
    return theirs["received_at"] is not None


def may_be_out(theirs: Theirs) -> bool:
    """True if it is out, or may go out: TikTok has the last byte and has not ended it."""
    return has_arrived(theirs) and theirs["status"] != "FAILED"
