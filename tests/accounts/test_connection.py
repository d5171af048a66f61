"""GET /accounts/connections/{id}"""

from uuid import uuid4

import pytest

from tests import oauth_consent


def test_it_is_pending_until_the_browser_comes_back(owner):
    begun = oauth_consent.begin(owner)

    connection = owner.get(f"/accounts/connections/{begun['id']}").json

    assert connection["status"] == "pending"
    assert connection["account_id"] is None
    assert connection["expires_at"] == begun["expires_at"]


def test_it_has_failed_once_its_time_is_over(owner, pass_time):
    begun = oauth_consent.begin(owner)
    pass_time(minutes=11)

    connection = owner.get(f"/accounts/connections/{begun['id']}").json

    assert (connection["status"], connection["reason"]) == ("failed", "expired")


@pytest.mark.parametrize("which", ["theirs", "missing", "malformed"])
def test_what_is_not_yours_does_not_exist(owner, stranger, which):
    theirs = oauth_consent.begin(owner)["id"]
    path = {"theirs": theirs, "missing": uuid4(), "malformed": "ada"}[which]

    response = stranger.get(f"/accounts/connections/{path}")

    assert response.status_code == 404
    assert response.json["code"] == "not_found"
