"""What TikTok would refuse for a reason that can be known is told before, and nothing else is: on generated posts."""

from collections import Counter
from uuid import UUID

import hypothesis
import pytest

from tests.generated_examples import OF_REQUESTS
from tests.posts.validation.predicted import BY_GUIDELINE, MEDIA, PHOTOS, PREDICTED_BY, TikTok, worlds
from tests.simulator.other_server import other_server
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.extensions import services_of
from tiktok_api.settings import Settings

APP = "awsimclient0001"


@pytest.fixture
def stage(app, owner, simulator, connect_account, make_video, pass_time, run_jobs):
    """An account and media of every kind; TikTok for that account."""
    simulator.control.knobs(pending_share_cap=100_000)
    account_id = connect_account(owner, "ada")
    media = {name: make_video(make(), name=name) for name, make in MEDIA.items()}
    run_jobs()
    with other_server() as host:
        for name in PHOTOS:
            host.host(f"/{name}", PHOTOS[name]())
        yield account_id, media, TikTok(services_of(app)[TokenVault], UUID(account_id), pass_time, host.url)


def is_predictable(refusal, world):
    """TikTok does not tell what a creator may choose while it lets them post nothing; drafts it takes all the same."""
    is_told = world["content"]["mode"] == "direct" or world["creator"]["post_cap"] > 0
    return is_told or refusal != "duration_check_failed"


@pytest.mark.parametrize(
    "examples", [pytest.param(40, id="sample"), pytest.param(500, id="all", marks=pytest.mark.long)]
)
def test_each_refusal_of_tiktok_is_predicted_and_nothing_that_it_takes_is_refused(
    app, simulator, validate, stage, examples
):
    account_id, media, tiktok = stage
    usual, seen = services_of(app)[Settings], Counter()

    @hypothesis.settings(OF_REQUESTS, max_examples=examples)
    @hypothesis.given(world=worlds)
    def hold_against_tiktok(world):
        tiktok.pass_time(61)  # a creator's answer is live for a minute
        simulator.control.change_creator("ada", **world["creator"])
        simulator.control.change_app(APP, audited=world["is_audited"])
        services_of(app)[Settings] = usual.replace(tiktok_app_audited=world["is_audited"])
        content = world["content"]
        body = content | {
            "media_ids": [media[name] for name in world["media"]],
            "targets": [{"account_id": account_id}],
        }

        problems = validate(body)["problems"]
        codes = {problem["code"] for problem in problems}
        by_guess = {problem["code"] for problem in problems if problem["checked"] == "cached"}
        with app.app_context():
            refusal = tiktok.refusal_of(content, world["media"])

        seen[content["type"], refusal] += 1
        if refusal is None:
            assert codes <= BY_GUIDELINE | by_guess, (world, codes)
            assert not by_guess or not is_predictable("duration_check_failed", world)
        elif is_predictable(refusal, world):
            assert codes & PREDICTED_BY[refusal], (world, codes, refusal)

    hold_against_tiktok()

    assert sum(seen.values()) >= examples
    assert len(seen) > 5, seen
