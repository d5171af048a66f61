"""What is read at TikTok stays within what it allows the app, and no user takes all of it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import UUID

import pytest

from tests.accounts.scene import Vault
from tests.databases import on_each_database
from tests.unpaced import make_unpaced_client
from tests.web.problems import assert_problem
from tiktok_api.accounts.rate_limits import AppCall
from tiktok_api.tiktok import TikTokBusy, TikTokClient

LIMIT = 60


@pytest.fixture
def limit():
    return LIMIT


@pytest.fixture
def start(make_app, simulator_urls, each_database_url, limit):
    """A process of the product on the one database, with TikTok's figure at `limit`."""

    def make():
        unpaced = make_unpaced_client(simulator_urls["tiktok_api_url"])
        return make_app(
            replaced={TikTokClient: unpaced},
            database_url=each_database_url,
            tiktok_reads_per_minute=limit,
            **simulator_urls,
        )

    return make


@pytest.fixture
def app(start):
    return start()


def count(app, person, calls, kind=AppCall.USER_INFO):
    """How many of so many calls the user gets."""
    got = 0
    with Vault(app)._opened() as vault:
        for _ in range(calls):
            with suppress(TikTokBusy):
                vault.count_read(kind, UUID(person.user_id))
                got += 1
    return got


@on_each_database
def test_in_no_minute_do_all_processes_together_ask_more_than_the_app_may(app, start, make_person, pass_time):
    apps, people = [app, start()], [make_person(f"person{number}@example.com") for number in range(6)]
    asked = []

    for _ in range(12):
        with ThreadPoolExecutor(6) as pool:
            places = [(apps[number % 2], person, 20) for number, person in enumerate(people)]
            asked.append(sum(pool.map(lambda place: count(*place), places)))
        pass_time(seconds=10)

    minutes = [sum(asked[first : first + 6]) for first in range(7)]
    assert max(minutes) <= LIMIT
    assert min(minutes) >= LIMIT // 2


@on_each_database
def test_a_user_who_asks_without_end_leaves_room_for_every_other(app, owner, make_person, pass_time):
    count(app, owner, 200)
    for _ in range(5):
        pass_time(seconds=5)
        count(app, owner, 200)

    others = [make_person(f"person{number}@example.com") for number in range(3)]

    assert [count(app, each, 1) for each in others] == [1, 1, 1]


def test_a_user_who_is_alone_has_nearly_the_whole_rate(app, owner, pass_time):
    count(app, owner, 200)

    got = 0
    for _ in range(60):
        pass_time(seconds=1)
        got += count(app, owner, 5)

    assert got >= LIMIT // 2


def test_kinds_are_counted_apart(app, owner):
    count(app, owner, 200)

    assert count(app, owner, 1) == 0
    assert count(app, owner, 1, AppCall.VIDEO_LIST) == 1


def test_a_clock_that_is_set_back_blocks_nothing_for_long(app, owner, pass_time):
    pass_time(days=30)
    count(app, owner, 200)
    pass_time(days=-30)

    pass_time(seconds=60)

    assert count(app, owner, 1) == 1


@pytest.mark.parametrize("limit", [4])
@on_each_database
def test_jobs_wait_until_it_is_their_turn(owner, connect_account, simulator, run_jobs, pass_time):
    account_id = connect_account(owner, "ada")
    pass_time(minutes=2)
    run_jobs()
    count(owner.app, owner, 20)
    before = owner.get(f"/accounts/{account_id}").json["synced_at"]
    simulator.control.clear_requests()

    owner.post(f"/accounts/{account_id}/sync")
    run_jobs()
    waiting = simulator.control.requests(endpoint="user_info")
    pass_time(seconds=61)
    run_jobs()

    assert waiting == []
    assert len(simulator.control.requests(endpoint="user_info")) == 1
    assert owner.get(f"/accounts/{account_id}").json["synced_at"] > before


def test_connecting_does_not_depend_on_what_is_left(app, owner, connect_account):
    count(app, owner, 200)

    account_id = connect_account(owner, "ada")

    assert owner.get(f"/accounts/{account_id}").json["status"] == "active"


def test_questions_about_posting_options_leave_some_to_publishing(
    owner, connect_account, simulator, run_jobs, pass_time
):
    account_id = connect_account(owner, "ada")
    run_jobs()
    pass_time(minutes=2)
    simulator.control.change_creator("ada", banned=True)
    simulator.control.clear_requests()

    answers = [owner.get(f"/accounts/{account_id}/creator-info") for _ in range(30)]

    document = assert_problem(answers[-1], 503, "upstream_busy")
    assert int(answers[-1].headers["Retry-After"]) >= 1, document
    assert len(simulator.control.requests(endpoint="creator_info")) <= 12


@on_each_database
def test_a_sync_may_be_asked_for_once_in_five_minutes(owner, connect_account, simulator, run_jobs, pass_time):
    account_id = connect_account(owner, "ada")
    run_jobs()
    simulator.control.clear_requests()

    pending = [owner.post(f"/accounts/{account_id}/sync") for _ in range(3)]
    run_jobs()
    early = owner.post(f"/accounts/{account_id}/sync")
    run_jobs()
    seen = len(simulator.control.requests(endpoint="user_info"))
    pass_time(minutes=5)
    later = owner.post(f"/accounts/{account_id}/sync")

    assert [each.status_code for each in pending] == [202, 202, 202]
    assert_problem(early, 429, "synced_recently")
    assert 0 < int(early.headers["Retry-After"]) <= 300
    assert seen == 1
    assert later.status_code == 202


def test_asking_again_does_not_shorten_the_wait_of_a_sync_that_is_put_off(
    owner, connect_account, simulator, run_jobs, pass_time
):
    account_id = connect_account(owner, "ada")
    run_jobs()
    simulator.control.mischief("user_info", "status", status=500, times=9)
    simulator.control.clear_requests()
    owner.post(f"/accounts/{account_id}/sync")

    for _ in range(5):
        run_jobs()
        assert owner.post(f"/accounts/{account_id}/sync").status_code == 202

    assert len(simulator.control.requests(endpoint="user_info")) == 1


@on_each_database
def test_of_many_requests_at_once_one_sync_comes(app, owner, connect_account, simulator, run_jobs):
    account_id = connect_account(owner, "ada")
    run_jobs()
    simulator.control.clear_requests()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: owner.elsewhere().post(f"/accounts/{account_id}/sync"), range(8)))
    run_jobs()

    assert {each.status_code for each in answers} == {202}
    assert len(simulator.control.requests(endpoint="user_info")) == 1
