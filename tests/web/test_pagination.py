"""Lists by cursor."""

import pytest

from tests.web.problems import assert_problem


@pytest.fixture
def ten_things(owner) -> list[str]:
    """The names of ten things, the newest first."""
    for number in range(10):
        assert owner.post("/things", json={"name": f"thing {number}"}).status_code == 201
    return [f"thing {number}" for number in reversed(range(10))]


def names(page) -> list[str]:
    return [thing["kind"] for thing in page.json["data"]]


def test_pages_put_together_are_the_list(owner, ten_things):
    found, query = [], "?limit=3"
    for _ in range(4):
        page = owner.get(f"/things{query}")
        found += names(page)
        query = f"?limit=3&cursor={page.json['next_cursor']}"

    assert found == ten_things
    assert page.json["has_more"] is False
    assert page.json["next_cursor"] is None


def test_rows_added_meanwhile_move_no_page(owner, ten_things):
    first = owner.get("/things?limit=5")
    owner.post("/things", json={"name": "newer"})

    second = owner.get(f"/things?limit=5&cursor={first.json['next_cursor']}")

    assert names(first) + names(second) == ten_things


def test_an_ascending_list_continues_with_rows_added_meanwhile(owner, ten_things):
    first = owner.get("/things/old?limit=10")
    almost = owner.get("/things/old?limit=9")
    owner.post("/things", json={"name": "newer"})

    rest = owner.get(f"/things/old?limit=9&cursor={almost.json['next_cursor']}")

    assert names(first) == ten_things[::-1]
    assert names(rest) == [ten_things[0], "newer"]


def test_a_full_last_page_has_no_next_cursor(owner, ten_things):
    page = owner.get("/things?limit=10")

    assert (len(page.json["data"]), page.json["has_more"], page.json["next_cursor"]) == (10, False, None)


def test_an_empty_list_is_a_page_too(owner):
    page = owner.get("/things")

    assert page.json == {"data": [], "next_cursor": None, "has_more": False}
    assert "Link" not in page.headers


def test_the_next_page_is_linked(owner, ten_things):
    page = owner.get("/things?limit=4&q=thing")

    link, relation = page.headers["Link"].split("; ")
    followed = owner.client.get(link.strip("<>"), headers={"Authorization": f"Bearer {owner.tokens['access_token']}"})
    assert relation == 'rel="next"'
    assert names(followed) == ten_things[4:8]


def test_the_last_page_links_to_none(owner, ten_things):
    page = owner.get("/things?limit=100")

    assert "Link" not in page.headers


def test_the_whole_list_is_counted_only_if_asked_for(owner, ten_things):
    plain, counted = owner.get("/things?limit=2"), owner.get("/things?limit=2&include_total=true&q=thing 1")

    assert "total" not in plain.json
    assert counted.json["total"] == 1


@pytest.mark.parametrize("limit", [1, 100])
def test_a_page_may_be_as_short_or_long_as_that(owner, limit):
    response = owner.get(f"/things?limit={limit}")

    assert response.status_code == 200


def test_without_a_limit_a_page_has_fifty(owner):
    for _ in range(51):
        owner.post("/things", json={"name": "a"})

    page = owner.get("/things")

    assert (len(page.json["data"]), page.json["has_more"]) == (50, True)


def test_a_cursor_that_is_not_ours_is_refused(owner, ten_things):
    real = owner.get("/things?limit=3").json["next_cursor"]
    changed = ("B" if real[30] == "A" else "A").join([real[:30], real[31:]])
    forged = [
        changed,
        real[:-4],
        real + "AAAA",
        real + "=",
        "!" + real,
        real.lower(),
        "",
        "x",
        "WyIyMDI3Il0",
        "ä",
        "a" * 9000,
    ]

    answers = [owner.get("/things", query_string={"limit": 3, "cursor": cursor}) for cursor in forged]

    for answer in answers:
        document = assert_problem(answer, 422, "invalid_cursor")
        assert document["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize("path", ["/things/old?", "/things?q=thing&", "/things?q=&"])
def test_a_cursor_of_another_list_or_filter_is_refused(owner, ten_things, path):
    cursor = owner.get("/things?limit=3").json["next_cursor"]

    response = owner.get(f"{path}cursor={cursor}")

    assert_problem(response, 422, "invalid_cursor")


def test_another_persons_cursor_shows_nothing_of_theirs(owner, stranger, ten_things):
    cursor = owner.get("/things?limit=3").json["next_cursor"]

    response = stranger.get(f"/things?cursor={cursor}")

    assert response.json["data"] == []
