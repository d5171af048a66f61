"""A take-over at the same moment as what the former owner does: neither fails, and the creator is held by one row."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from tests import oauth_consent
from tests.conftest import PASSWORD, Person
from tests.databases import on_each_database
from tiktok_api.accounts.models import Account
from tiktok_api.db import db

ROUNDS = 3


def disconnect(person, account_id):
    return person.delete(f"/accounts/{account_id}").status_code in (200, 404)


def leave(person, account_id):
    return person.delete("/auth/me", json={"current_password": PASSWORD}).status_code == 204


def rename(person, account_id):
    return person.patch(f"/accounts/{account_id}", json={"label": "mine"}).status_code == 200


def connect_again(person, account_id):
    return person.post(f"/accounts/{account_id}/reconnect", json={}).status_code == 201


@on_each_database
@pytest.mark.parametrize("act", [disconnect, leave, rename, connect_again], ids=lambda act: act.__name__)
def test_it_goes_with_whatever_the_former_owner_does(app, simulator, connect_account, stranger, act):
    outcomes = []
    for number in range(ROUNDS):
        former = Person(app, f"former{number}@example.com")
        account_id = connect_account(former, "ada")
        simulator.control.disconnect("ada")
        begun = oauth_consent.begin(stranger)
        location = simulator.control.consent(begun["authorize_url"], "ada")

        with ThreadPoolExecutor(2) as pool:
            acting = pool.submit(act, former, account_id)
            coming_back = pool.submit(oauth_consent.come_back, stranger, location)
            outcomes.append((acting.result(), coming_back.result().status_code))
        _give_up(stranger)

    assert outcomes == [(True, 200)] * ROUNDS
    with app.app_context():
        held = select(func.count()).select_from(Account).where(Account.taken_over_at.is_(None))
        assert db.session.scalar(held) == 0


def _give_up(person):
    """The new owner disconnects it, for the next round."""
    [account] = person.get("/accounts").json["data"]
    assert person.delete(f"/accounts/{account['id']}").status_code == 200
