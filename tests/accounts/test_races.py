"""Two requests about one account, or about one person, at the same moment; on PostgreSQL, where they overlap."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine, delete, insert, select, text

from tests import connecting
from tests.conftest import Person
from tests.servers import wait_until
from tiktok_api.accounts.models import Account
from tiktok_api.auth.models import User
from tiktok_api.db import transaction
from tiktok_api.encryption import Encryptor
from tiktok_api.extensions import services_of

pytestmark = pytest.mark.postgres

BLOCKED = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")


@pytest.fixture
def app(make_app, simulator, postgresql_url):
    urls = {"tiktok_api_url": simulator.url, "tiktok_authorize_url": f"{simulator.url}/v2/auth/authorize/"}
    return make_app(database_url=postgresql_url, **urls)


@pytest.fixture
def person(app):
    """Somebody whose requests may overlap: each has a client of its own."""

    class Hasty(Person):
        def open(self, path, **options):
            self.client = app.test_client()
            return super().open(path, **options)

    return Hasty(app, "hasty@example.com")


@pytest.fixture
def elsewhere(postgresql_url):
    """Another connection, which may hold what others wait for: `elsewhere.execute(…)`, then `elsewhere.commit()`."""
    engine = create_engine(postgresql_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def wait_for_blocked(postgresql_url):
    """Until so many wait for a lock."""
    engine = create_engine(
        postgresql_url, isolation_level="AUTOCOMMIT"
    )  # inside a transaction it sees the same for ever
    with engine.connect() as onlooker:
        yield lambda count: wait_until(lambda: onlooker.scalar(BLOCKED) == count)
    engine.dispose()


def test_of_many_who_disconnect_it_one_does(person, connect_account, run_jobs, elsewhere, wait_for_blocked, simulator):
    path = f"/accounts/{connect_account(person)}"
    elsewhere.execute(select(Account.id).with_for_update())
    with ThreadPoolExecutor(4) as pool:
        deletions = [pool.submit(person.delete, path) for _ in range(3)]
        change = pool.submit(person.patch, path, json={"label": "too late?"})
        wait_for_blocked(4)
        elsewhere.commit()
        statuses = sorted(deletion.result().status_code for deletion in deletions)

    assert statuses == [200, 404, 404]
    assert change.result().status_code in (200, 404)
    run_jobs()
    assert len(simulator.control.requests(endpoint="revoke")) == 1


def test_whoever_leaves_while_an_account_comes_back_stands_in_nobodys_way(
    person, simulator, run_jobs, elsewhere, wait_for_blocked
):
    begun = connecting.begin(person)
    location = simulator.control.consent(begun["authorize_url"], "ada")
    elsewhere.execute(select(User.id).with_for_update())  # as leaving does, before it deletes
    with ThreadPoolExecutor(1) as pool:
        coming_back = pool.submit(connecting.come_back, person, location)
        wait_for_blocked(1)
        elsewhere.execute(delete(User))
        elsewhere.commit()

        assert coming_back.result().status_code == 400

    run_jobs()
    assert simulator.world.grants == {}


def test_an_account_that_comes_while_its_person_leaves_is_let_go_of(
    app, person, run_jobs, elsewhere, wait_for_blocked, simulator
):
    grant = _have_granted(simulator, person)
    account_id, encryptor, now = uuid4(), services_of(app)[Encryptor], datetime.now(UTC)
    sealed = {
        f"{kind}_encrypted": encryptor.encrypt(token, getattr(Account, f"{kind}_encrypted"), account_id)
        for kind, token in grant.items()
    }
    expiries = {name: now + timedelta(hours=1) for name in ("access_expires_at", "refresh_expires_at", "renew_at")}
    row = {"id": account_id, "owner_id": UUID(person.user_id), "open_id": "ada", "connected_at": now, "created_at": now}
    elsewhere.execute(insert(Account).values(**row, **sealed, **expiries))
    with ThreadPoolExecutor(1) as pool:
        leaving = pool.submit(person.delete, "/auth/me")
        wait_for_blocked(1)
        elsewhere.commit()

        assert leaving.result().status_code == 204

    run_jobs()
    assert simulator.world.grants == {}


def _have_granted(simulator, person):
    """Tokens that TikTok gave and we lost."""
    begun = connecting.begin(person)
    connecting.come_back(person, simulator.control.consent(begun["authorize_url"], "ada"))
    [access_token], [refresh_token] = simulator.world.access_tokens, simulator.world.refresh_tokens
    with person.app.app_context(), transaction() as session:
        session.execute(delete(Account))
    return {"access_token": access_token, "refresh_token": refresh_token}
