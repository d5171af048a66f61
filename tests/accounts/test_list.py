"""GET /accounts"""

import pytest

from tests.conftest import Person


@pytest.fixture
def accounts(owner, stranger, connect_account):
    """Three of the owner's, the newest last, and one of a stranger's."""
    ids = {creator: connect_account(owner, creator) for creator in ("ada", "grace", "linus")}
    owner.patch(f"/accounts/{ids['grace']}", json={"label": "50% Off_Sale", "tags": ["agency", "Berlin"]})
    owner.patch(f"/accounts/{ids['linus']}", json={"tags": ["age", "agency, old"]})
    connect_account(stranger, "margaret")
    return ids


def names(response):
    assert response.status_code == 200, response.json
    return [account["username"] for account in response.json["data"]]


def test_only_your_own_the_newest_first(owner, accounts):
    response = owner.get("/accounts")

    assert names(response) == ["linus", "grace", "ada"]
    assert response.json["has_more"] is False


def test_page_by_page(owner, accounts):
    first = owner.get("/accounts?limit=2&include_total=true")
    second = owner.get(f"/accounts?limit=2&cursor={first.json['next_cursor']}")

    assert (names(first), names(second)) == (["linus", "grace"], ["ada"])
    assert first.json["total"] == 3
    assert second.json["next_cursor"] is None


def test_filtered(owner, accounts):
    expected = {
        "tag=agency": ["grace"],
        "tag=Berlin": ["grace"],
        "tag=berlin": [],
        "tag=%25": [],
        "q=GRACE": ["grace"],
        "q=hopper": [],
        "q=p.": ["linus"],
        "q=50%25": ["grace"],
        "q=f_s": ["grace"],
        "q=_": ["grace"],
        "q=LIN&tag=age": ["linus"],
        "status=active": ["linus", "grace", "ada"],
        "status=expired": [],
    }

    found = {query: names(owner.get(f"/accounts?{query}")) for query in expected}

    assert found == expected


@pytest.mark.postgres
def test_tags_are_found_on_postgresql_too(make_app, postgresql_url, simulator_urls, connect_account):
    owner = Person(make_app(database_url=postgresql_url, **simulator_urls), "owner@example.com")
    owner.patch(f"/accounts/{connect_account(owner, 'ada')}", json={"tags": ["agency", "x"]})
    owner.patch(f"/accounts/{connect_account(owner, 'grace')}", json={"tags": ["agency2"]})

    assert names(owner.get("/accounts?tag=agency")) == ["ada"]
    assert names(owner.get("/accounts?q=ADA")) == ["ada"]


def test_invalid_filters_are_refused(owner, subtests):
    for query in ("status=sleeping", "tag=", "q=", "sort=name", "cursor=nonsense", "limit=0"):
        with subtests.test(query=query):
            response = owner.get(f"/accounts?{query}")

            assert response.status_code == 422
            assert response.json["errors"][0]["parameter"] == query.partition("=")[0]


def test_no_secret_and_nothing_internal_is_shown(owner, connect_account):
    connect_account(owner)

    shown = owner.get("/accounts").json["data"][0]

    assert not [
        name for name in shown if "token" in name or "encrypted" in name or "lease" in name or "creator_info" in name
    ]
    assert shown["defaults"]["allow_comment"] is None
