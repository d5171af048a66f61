"""How often a link may be followed: apart from the requests of its maker, and each link by itself."""

import pytest

from tests.web.problems import assert_problem

HOST = "http://127.0.0.1:8080"
A_MINUTE = 120


@pytest.fixture
def app(make_app):
    return make_app(rate_limit_enabled=True)


def test_a_link_is_followed_more_often_than_requests_are_made_but_not_without_end(owner, make_account, client):
    account_id = make_account(owner, username="ada")
    wish = {"chart": {"kind": "series", "account_id": account_id}, "format": "svg"}
    often, other = (
        owner.post("/analytics/chart-links", json=wish | {"width": width}).json["url"].removeprefix(HOST)
        for width in (400, 500)
    )

    answers = [client.get(often).status_code for _ in range(A_MINUTE)]

    assert set(answers) == {200}
    assert_problem(client.get(often), 429, "rate_limit_exceeded")
    assert client.get(other).status_code == 200
    assert owner.get("/accounts").status_code == 200
