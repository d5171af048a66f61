"""Cancelling while a worker claims, asks and sends: what the person is told is what TikTok shows in the end."""

import random
import threading

import pytest

from tests.media import sample_media


@pytest.fixture
def settings(public_url):
    return {"public_url": public_url}


@pytest.fixture
def shared(server, owner, connect_account, make_video, run_jobs, simulator):
    """What all posts of a test share, by kind, at a TikTok without daily caps."""
    simulator.control.knobs(post_cap=10_000)
    account = {"targets": [{"account_id": connect_account(owner, "ada")}]}
    photo = sample_media.photo()
    made = {
        "video": account | {"media_ids": [make_video()]},
        "photo": account | {"media_ids": [make_video(photo, name="photo.jpg")], "type": "photo", "caption": ""},
    }
    run_jobs()
    return made


@pytest.fixture
def cancel_at(owner, transport, run_jobs):
    """Cancel a post while a worker is at it: with its beginning, or with its `moment`th call; returns what the person is told."""

    def race(post, moment, when):
        outcomes, now = [], threading.Event()
        calls = iter(range(1, 1_000))

        def cancel():
            assert now.wait(60)
            answer = owner.elsewhere().post(f"/posts/{post['id']}/cancel")
            outcomes.extend(target["outcome"] for target in answer.json["targets"])

        def count():
            if next(calls) == moment:
                now.set()

        person = threading.Thread(target=cancel)
        person.start()
        setattr(transport, when, count)
        if moment == 0:
            now.set()
        try:
            run_jobs()
        finally:
            now.set()  # it may come to fewer calls
            person.join()
            setattr(transport, when, lambda: None)
        [outcome] = outcomes
        return outcome

    return race


@pytest.mark.parametrize("count", [pytest.param(20, id="some"), pytest.param(500, id="all", marks=pytest.mark.long)])
def test_what_a_person_is_told_who_cancels_while_a_worker_is_at_it_is_so(
    count, shared, cancel_at, publishing, run_jobs
):
    chance = random.Random(13)
    told = []
    for number in range(count):
        kind, words = (("photo", {"title": f"Race {number}"}), ("video", {"caption": f"Race {number}"}))[number % 2]
        post = publishing.make_post(**(shared[kind] | words))
        publishing.begin(post)

        outcome = cancel_at(post, chance.randrange(5), chance.choice(["before", "after"]))
        assert publishing.tiktok.settle()
        publishing.pass_time(61)
        run_jobs()
        publishing.pass_time(61)
        run_jobs()

        theirs = [each for each in publishing.tiktok.publications() if each["post_info"]["title"] == f"Race {number}"]
        live = [each for each in theirs if each["is_live"]]
        state = publishing.shown(post)["state"]
        assert (outcome, state, len(live)) in [
            ("cancelled", "cancelled", 0),
            ("too_late_unknown", "published", 1),
            ("too_late_published", "published", 1),
        ], (number, theirs)
        assert len([each for each in theirs if each["received_at"]]) == len(live)
        told.append(outcome)

    assert {"cancelled", "too_late_unknown"} <= set(told)
