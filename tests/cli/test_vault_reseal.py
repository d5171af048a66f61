"""tiktok-api vault reseal"""

import base64
import hashlib
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select, update

from tests.databases import on_each_database
from tiktok_api import key_rotation
from tiktok_api.accounts.models import Account, Connection, Revocation
from tiktok_api.db import db, new_id, transaction
from tiktok_api.encryption import Encryptor
from tiktok_api.extensions import services_of
from tiktok_api.settings import Settings, load

NEW = "new:" + base64.b64encode(hashlib.sha256(b"n").digest()).decode()


@pytest.fixture
def encryptor(app) -> Encryptor:
    return services_of(app)[Encryptor]


@pytest.fixture
def app(make_app, simulator_urls, each_database_url):
    """The service as it was, with the key derived from SECRET_KEY alone."""
    return make_app(database_url=each_database_url, **simulator_urls)


@pytest.fixture
def rotated(app, make_app, monkeypatch, base_settings, simulator_urls):
    """The service with a new key before the old one."""
    before = services_of(app)[Settings]
    monkeypatch.setenv("VAULT_KEYS", NEW)
    keys = load(env_file=None).vault_keys
    return make_app(vault_keys=keys, database_url=before.database_url, **simulator_urls)


@pytest.fixture
def only_new(rotated, make_app):
    """The service once the old key has left."""
    settings = services_of(rotated)[Settings]
    return make_app(
        vault_keys={"new": settings.vault_keys["new"]},
        database_url=settings.database_url,
        tiktok_api_url=settings.tiktok_api_url,
        tiktok_authorize_url=settings.tiktok_authorize_url,
    )


@pytest.fixture
def make_revocations(app, encryptor):
    """Rows with sealed tokens, as many as that; answers their ids."""

    def make(count: int) -> list[UUID]:
        ids = [new_id() for _ in range(count)]
        with app.app_context(), transaction() as session:
            for number, row in enumerate(ids):
                sealed = {
                    column: encryptor.encrypt(f"{column} {number}", getattr(Revocation, column), row)
                    for column in ("access_token_encrypted", "refresh_token_encrypted")
                }
                session.add(Revocation(id=row, open_id=str(number), access_expires_at=datetime.now(UTC), **sealed))
        return ids

    return make


def reseal(app):
    return app.test_cli_runner().invoke(args=["vault", "reseal"])


def test_every_binary_column_holds_encrypted_values():
    names = {f"{column.table.name}.{column.name}" for column in key_rotation.encrypted_columns()}

    assert {name for name in names if not name.endswith("_encrypted")} == {"idempotency_keys.answer"}
    assert {
        "accounts.refresh_token_encrypted",
        "attempts.upload_url_encrypted",
        "connections.code_verifier_encrypted",
    } < names


@on_each_database
def test_everything_is_encrypted_again_and_the_old_key_may_leave(owner, connect_account, rotated, only_new):
    connect_account(owner, "ada")
    owner.post("/accounts/connect", json={})
    key = {"json": {"name": "x", "scopes": ["read"]}, "headers": {"Idempotency-Key": "one"}}
    first = owner.post("/auth/api-keys", **key)

    result = reseal(rotated)

    assert result.exit_code == 0, result.output
    assert "accounts.access_token_encrypted: 1 sealed anew" in result.output
    assert "Everything is sealed under new." in result.output
    with only_new.app_context():
        new = services_of(only_new)[Encryptor]
        assert [key_rotation.count_old(column, new) for column in key_rotation.encrypted_columns()] == [0] * len(
            key_rotation.encrypted_columns()
        )
        account = db.session.scalars(select(Account)).one()
        token = new.decrypt(account.access_token_encrypted, Account.access_token_encrypted, account.id)
        assert token.startswith("act.")
        assert db.session.scalars(
            select(Connection.code_verifier_encrypted).where(Connection.status == "pending")
        ).one()
    owner.client = only_new.test_client()
    assert owner.post("/auth/api-keys", **key).json == first.json


def test_a_second_run_finds_nothing_to_do(make_revocations, rotated):
    make_revocations(3)
    reseal(rotated)

    result = reseal(rotated)

    assert result.exit_code == 0
    assert "sealed anew" not in result.output.replace("Sealing anew", "")


@on_each_database
def test_more_rows_than_one_query_reads_are_all_found(make_revocations, rotated):
    make_revocations(250)

    result = reseal(rotated)

    assert "revocations.access_token_encrypted: 250 sealed anew, 0 unreadable" in result.output


class Overtaken(Encryptor):
    """While a value is being sealed anew, the service stores another one."""

    def decrypt(self, encrypted, column, row_id):
        secret = super().decrypt(encrypted, column, row_id)
        with db.engine.begin() as connection:
            newer = self.encrypt("written meanwhile", column, row_id)
            connection.execute(update(column.table).where(column.table.c.id == row_id).values({column: newer}))
        return secret


def test_what_the_service_writes_meanwhile_wins(make_revocations, rotated):
    (row,) = make_revocations(1)
    column = Revocation.__table__.c.access_token_encrypted
    keys = services_of(rotated)[Settings].vault_keys

    with rotated.app_context():
        counts = key_rotation.reseal(column, Overtaken(keys))
        kept = db.session.scalar(select(column))

    assert (counts.resealed, counts.overtaken) == (0, 1)
    assert Encryptor(keys).decrypt(kept, column, row) == "written meanwhile"


def test_unreadable_values_are_named_and_left_alone(app, make_revocations, rotated):
    make_revocations(2)
    with app.app_context(), transaction() as session:
        spoilt = session.query(Revocation).filter_by(open_id="0").one()
        spoilt.access_token_encrypted = b"derived:" + bytes(40)

    result = reseal(rotated)

    assert result.exit_code == 1
    assert "revocations.access_token_encrypted: 1 sealed anew, 1 unreadable" in result.output
    assert "keep the older keys" in result.output


def test_accounts_are_used_as_before_once_keys_are_rotated(owner, connect_account, rotated):
    account_id = connect_account(owner, "ada")
    owner.client = rotated.test_client()

    response = owner.get(f"/accounts/{account_id}/creator-info")

    assert response.status_code == 200
