"""How much of the database publishing one post takes: counted, because the time it takes depends on the machine."""

import pytest

from tests.databases import on_postgresql
from tests.servers import wait_until
from tests.transactions import counted_transactions
from tiktok_api.db import db

MOST_TRANSACTIONS = 14
"""Two of them claim its job: before it goes out, and before TikTok is asked what became of it."""
LOOKING = "SELECT jobs.id FROM jobs"
"""By the test itself; a worker looks for several jobs at a time."""


@pytest.fixture
def settings():
    """Without the test clock, which is read from the database whenever the time is asked for."""
    return {"allow_test_clock": False, "poll_min_seconds": 0.05}


@pytest.fixture
def transactions(app, publishing):
    """Those that a worker needs to publish a private post of one chunk, each with its statements."""
    publishing.tiktok.knobs(processing_seconds=0.0)
    post = publishing.make_post()
    publishing.run()
    publishing.begin(post)
    found = []

    def is_published() -> bool:
        with app.app_context(), counted_transactions(db.engine) as counted:
            publishing.run()
        found.extend(each for each in counted if not each[0].startswith(LOOKING))
        return bool(publishing.shown(post)["state"] == "published")

    wait_until(is_published)
    return found


@on_postgresql
def test_a_post_is_published_in_few_transactions(transactions):
    assert len(transactions) <= MOST_TRANSACTIONS, "\n".join(statements[-1] for statements in transactions)


@on_postgresql
def test_how_long_each_state_lasted_is_read_from_the_timeline_once_at_most(transactions):
    reads = [each for statements in transactions for each in statements if "FROM publication_timeline" in each]

    assert len(reads) == 1


@on_postgresql
def test_the_last_step_of_a_run_and_what_becomes_of_its_job_are_one_transaction(transactions):
    recorded = [
        [each.split(" SET ")[0] for each in statements if each.startswith(("UPDATE attempts", "UPDATE jobs", "DELETE"))]
        for statements in transactions
    ]

    ends = [acts for acts in recorded if any("jobs" in act for act in acts) and acts[0].startswith("UPDATE attempts")]
    assert len(ends) == 2, recorded
