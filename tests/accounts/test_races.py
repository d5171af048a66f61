"""Two requests about one account, or about one person, at the same moment; on PostgreSQL, where they overlap."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine, delete, insert, select, text

from tests import oauth_consent
from tests.conftest import PASSWORD, Person
from tests.servers import wait_until
from tiktok_api.accounts.models import Account
from tiktok_api.auth.models import User
from tiktok_api.db import transaction
from tiktok_api.encryption import Encryptor
from tiktok_api.extensions import services_of
from tiktok_api.media.models import Media

pytestmark = pytest.mark.postgres

BLOCKED = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")


@pytest.fixture
def app(make_app, simulator_urls, postgresql_url):
    return make_app(database_url=postgresql_url, **simulator_urls)


@pytest.fixture
def person(app):
    """A user whose requests may overlap: each has a client of its own."""

    class Hasty(Person):
        def open(self, path, **options):
            self.client = app.test_client()
            return super().open(path, **options)

    return Hasty(app, "hasty@example.com")


class Elsewhere:
    """Another connection, which holds locks: `execute(…)`, `wait_for_blocked(3)` until three wait for it, `commit()`."""

    def __init__(self, connection, onlooker):
        self.execute, self.commit, self.onlooker = connection.execute, connection.commit, onlooker

    def wait_for_blocked(self, count):
        wait_until(lambda: self.onlooker.scalar(BLOCKED) == count)


@pytest.fixture
def elsewhere(postgresql_url):
    engine = create_engine(postgresql_url)
    watching = engine.execution_options(isolation_level="AUTOCOMMIT")  # a transaction would see the same for ever
    with engine.connect() as connection, watching.connect() as onlooker:
        yield Elsewhere(connection, onlooker)
    engine.dispose()


def test_of_many_disconnections_at_once_one_succeeds(person, connect_account, run_jobs, elsewhere, simulator):
    path = f"/accounts/{connect_account(person)}"
    elsewhere.execute(select(Account.id).with_for_update())
    with ThreadPoolExecutor(4) as pool:
        deletions = [pool.submit(person.delete, path) for _ in range(3)]
        change = pool.submit(person.patch, path, json={"label": "too late?"})
        elsewhere.wait_for_blocked(4)
        elsewhere.commit()
        statuses = sorted(deletion.result().status_code for deletion in deletions)

    assert statuses == [200, 404, 404]
    assert change.result().status_code in (200, 404)
    run_jobs()
    assert len(simulator.control.requests(endpoint="revoke")) == 1


def test_a_user_deleted_during_a_callback_blocks_neither(person, simulator, run_jobs, elsewhere):
    begun = oauth_consent.begin(person)
    location = simulator.control.consent(begun["authorize_url"], "ada")
    elsewhere.execute(select(User.id).with_for_update())  # as leaving does, before it deletes
    with ThreadPoolExecutor(1) as pool:
        coming_back = pool.submit(oauth_consent.come_back, person, location)
        elsewhere.wait_for_blocked(1)
        elsewhere.execute(delete(User))
        elsewhere.commit()

        assert coming_back.result().status_code == 400

    run_jobs()
    assert simulator.world.grants == {}


def test_an_account_connected_while_its_user_is_deleted_is_revoked(app, person, run_jobs, elsewhere, simulator):
    grant = _have_granted(simulator, person)
    account_id, encryptor, now = uuid4(), services_of(app)[Encryptor], datetime.now(UTC)
    encrypted = {
        f"{kind}_encrypted": encryptor.encrypt(token, getattr(Account, f"{kind}_encrypted"), account_id)
        for kind, token in grant.items()
    }
    expiries = {name: now + timedelta(hours=1) for name in ("access_expires_at", "refresh_expires_at", "renew_at")}
    row = {"id": account_id, "owner_id": UUID(person.user_id), "open_id": "ada", "connected_at": now, "created_at": now}
    elsewhere.execute(insert(Account).values(**row, **encrypted, **expiries))
    with ThreadPoolExecutor(1) as pool:
        leaving = pool.submit(person.delete, "/auth/me")
        elsewhere.wait_for_blocked(1)
        elsewhere.commit()

        assert leaving.result().status_code == 204

    run_jobs()
    assert simulator.world.grants == {}


def _have_granted(simulator, person):
    """Tokens that TikTok gave and we lost."""
    begun = oauth_consent.begin(person)
    oauth_consent.come_back(person, simulator.control.consent(begun["authorize_url"], "ada"))
    [access_token], [refresh_token] = simulator.world.access_tokens, simulator.world.refresh_tokens
    with person.app.app_context(), transaction() as session:
        session.execute(delete(Account))
    return {"access_token": access_token, "refresh_token": refresh_token}


def test_a_user_who_leaves_while_their_own_account_comes_back_leaves(
    person, connect_account, run_jobs, simulator, elsewhere
):
    connect_account(person, "ada")
    location = simulator.control.consent(oauth_consent.begin(person)["authorize_url"], "ada")
    elsewhere.execute(select(Account.id).with_for_update())
    with ThreadPoolExecutor(2) as pool:
        leaving = pool.submit(person.delete, "/auth/me", json={"current_password": PASSWORD})
        elsewhere.wait_for_blocked(1)
        coming_back = pool.submit(oauth_consent.come_back, person, location)
        elsewhere.wait_for_blocked(2)
        elsewhere.commit()

        assert (leaving.result().status_code, coming_back.result().status_code) == (204, 400)

    run_jobs()
    assert simulator.world.grants == {}


def test_a_user_who_leaves_while_a_post_is_scheduled_leaves(person, make_post, elsewhere):
    draft = make_post(person)
    what = {name: draft[name] for name in ("caption", "consent", "privacy_level", "media_ids")}
    slot = {"publish_at": "2030-01-01T12:00:00Z", "targets": [{"account_id": draft["targets"][0]["account_id"]}]}
    assert person.delete(f"/posts/{draft['id']}").status_code == 204
    elsewhere.execute(select(Media.id).with_for_update())
    with ThreadPoolExecutor(2) as pool:
        scheduling = pool.submit(person.post, "/posts", json=what | slot)
        elsewhere.wait_for_blocked(1)
        leaving = pool.submit(person.delete, "/auth/me", json={"current_password": PASSWORD})
        elsewhere.wait_for_blocked(2)
        elsewhere.commit()

        assert (scheduling.result().status_code, leaving.result().status_code) == (201, 204)
