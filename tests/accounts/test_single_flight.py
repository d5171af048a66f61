"""One renewal per expiry, however many workers and processes ask; what a killed worker leaves behind."""

import contextlib
import json
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, update

from tests.posts.interruptions import between_transactions
from tests.servers import wait_until
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.accounts.models import Account
from tiktok_api.db import database_now, db, transaction
from tiktok_api.extensions import services_of
from tiktok_api.settings import Settings
from tiktok_api.tiktok import TikTokBusy, TikTokUnreachable


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def app(request, make_app, simulator_urls, database_url):
    url = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else database_url
    return make_app(database_url=url, **simulator_urls)


@pytest.fixture
def crowds(app, simulator, monkeypatch):
    """Start processes full of threads that wait for a word."""
    settings = services_of(app)[Settings]
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("TIKTOK_API_URL", simulator.url)
    monkeypatch.setenv("TIKTOK_AUTHORIZE_URL", settings.tiktok_authorize_url)
    with contextlib.ExitStack() as stack:

        def start(account_id, *, processes, threads):
            command = [sys.executable, "-m", "tests.accounts.crowd", account_id, str(threads)]
            pipe = subprocess.PIPE
            crowd = [
                stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True))
                for _ in range(processes)
            ]
            for process in crowd:
                stack.callback(process.kill)
                assert process.stdout.readline() == "ready\n"
            return crowd

        yield start


def ask_together(crowd):
    for process in crowd:
        process.stdin.write("go\n")
        process.stdin.flush()
    return {answer for process in crowd for answer in json.loads(process.stdout.readline())}


def run_rounds(scene, crowd, rounds):
    seen = set()
    for number in range(1, rounds + 1):
        scene.pass_time(days=1)  # and with it the life of every access token
        answers = ask_together(crowd)
        assert len(answers) == 1, answers
        assert len(answers.copy().pop()) == 64, answers
        assert len(scene.refreshes()) == number
        seen |= answers
    assert len(seen) == rounds


def test_threads_of_several_processes_cause_one_refresh_per_expiry(scene, crowds):
    crowd = crowds(scene.account_id, processes=2, threads=8)

    run_rounds(scene, crowd, rounds=2)


@pytest.mark.long
def test_eighty_threads_in_four_processes_a_hundred_times_over(scene, crowds):
    crowd = crowds(scene.account_id, processes=4, threads=20)  # PostgreSQL gives out 100 connections as it comes

    run_rounds(scene, crowd, rounds=100)


def test_waiting_workers_get_the_result_of_the_one_that_renews(scene):
    scene.pass_time(days=1)
    scene.simulator.control.mischief("refresh", "delay", delay_seconds=0.5)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: scene.token(), range(8)))

    assert len(set(answers)) == 1
    assert len(scene.refreshes()) == 1


@pytest.fixture
def lease(app):
    """Another worker's lease on renewing: `lease(timedelta(seconds=60))`, or None for none."""

    def lease(until):
        moment = None if until is None else datetime.now(UTC) + until
        with app.app_context(), transaction() as session:
            session.execute(update(Account).values(refresh_leased_until=moment))

    return lease


@pytest.fixture
def lookers(app):
    """The threads that have looked at an account."""
    seen = set()

    def note(_connection, _cursor, statement, *_):
        if statement.startswith("SELECT accounts.status"):
            seen.add(threading.get_ident())

    with app.app_context():
        event.listen(db.engine, "after_cursor_execute", note)
    return seen


def test_workers_that_waited_in_vain_do_not_storm_tiktok(scene, lease, lookers):
    scene.pass_time(days=1)
    lease(timedelta(seconds=60))

    with ThreadPoolExecutor(8) as pool:
        attempts = [pool.submit(scene.token) for _ in range(8)]
        wait_until(lambda: len(lookers) == 8)
        lease(None)  # as a worker does that got no usable answer

    assert {type(attempt.exception()) for attempt in attempts} == {TikTokUnreachable}
    assert scene.refreshes() == []


@pytest.mark.parametrize("patience_seconds", [0.1, 1.2])
def test_waiting_for_another_worker_ends(scene, patience_seconds, lease):
    scene.pass_time(days=1)
    lease(timedelta(seconds=20))

    with pytest.raises(TikTokBusy):
        scene.token(patience_seconds=patience_seconds)

    assert scene.refreshes() == []


def test_a_lease_that_has_run_out_is_taken_over(scene, lease):
    scene.pass_time(days=1)
    lease(timedelta(seconds=-1))

    scene.token()

    assert len(scene.refreshes()) == 1


def test_a_renewal_that_fails_late_leaves_the_lease_of_its_successor_alone(scene):
    scene.pass_time(days=1)
    scene.simulator.control.mischief("refresh", "status", status=500)
    taken_over = {
        "refresh_epoch": Account.refresh_epoch + 1,
        "refresh_leased_until": database_now(timedelta(minutes=1)),
    }

    def take_over():
        assert scene.refreshes() == [500]
        with scene.app.app_context(), transaction() as session:
            session.execute(update(Account).values(taken_over))

    with scene.app.app_context():
        engine = db.engine
    with between_transactions(engine, 3, take_over), pytest.raises(TikTokUnreachable):  # a look, a lease, its release
        scene.token()

    with pytest.raises(TikTokBusy):
        scene.token(patience_seconds=0.1)
    assert scene.refreshes() == [500]


def test_a_worker_that_slept_longer_than_its_lease_saves_the_account(scene, lease):
    scene.pass_time(days=1)
    scene.simulator.control.mischief("refresh", "delay", when="after", delay_seconds=1)
    with ThreadPoolExecutor(1) as pool:
        sleeper = pool.submit(scene.token)
        wait_until(lambda: scene.refreshes() == [200])
        lease(timedelta(seconds=-1))
        with pytest.raises(AccountNeedsReconnection):
            scene.token()
        assert scene.status() == "expired"

        token = sleeper.result()

    assert scene.status() == "active"
    assert scene.token() == token


def test_a_worker_killed_between_tiktoks_answer_and_our_commit_costs_a_reconnection_and_no_loop(scene, crowds, lease):
    (process,) = crowds(scene.account_id, processes=1, threads=1)
    scene.pass_time(days=1)
    scene.simulator.control.mischief("refresh", "delay", when="after", delay_seconds=3)
    process.stdin.write("go\n")
    process.stdin.flush()
    wait_until(lambda: len(scene.simulator.world.refresh_tokens) and scene.refreshes() == [200])
    process.send_signal(signal.SIGKILL)
    process.wait()
    lease(timedelta(seconds=-1))  # a minute later

    for _ in range(3):
        with pytest.raises(AccountNeedsReconnection):
            scene.token()

    account = scene.show()
    assert (account["status"], account["status_reason"]) == ("expired", "grant_rejected")
    assert len(scene.refreshes()) == 2
