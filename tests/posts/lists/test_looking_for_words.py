"""`q` finds a part of a caption, of a title or of a description, with an index of their words and without."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert

from tests.databases import on_each_database, on_postgresql
from tiktok_api import clock
from tiktok_api.db import db, new_id, transaction
from tiktok_api.db.search_indexes import missing_indexes
from tiktok_api.posts.models import Post

CAPTIONS = [
    "A Day in the studio",
    "100% cotton",
    "100 cotton",
    "snake_case",
    "snakeXcase",
    'she said "go" / went',
    "grüße aus Köln",
    "🎉🎬🚀 party",
    "東京の朝ごはん",
    "ab",
    "",
    "*star* AND OR NOT (near) col:umn ^",
    "it's",
]
FOUND = {
    "studio": ["A Day in the studio"],
    "a dAY IN": ["A Day in the studio"],
    "day studio": [],
    "100% c": ["100% cotton"],
    "%": ["100% cotton"],
    "%%%": [],
    "_": ["snake_case"],
    "e_c": ["snake_case"],
    "___": [],
    "ab": ["ab"],
    "abc": [],
    '"go"': ['she said "go" / went'],
    '"': ['she said "go" / went'],
    '" / w': ['she said "go" / went'],
    "grüße": ["grüße aus Köln"],
    "üß": ["grüße aus Köln"],
    "🎉": ["🎉🎬🚀 party"],
    "🎉🎬🚀": ["🎉🎬🚀 party"],
    "🚀🎬🎉": [],
    "京の朝": ["東京の朝ごはん"],
    "*star* AND OR NOT (near) col:umn ^": ["*star* AND OR NOT (near) col:umn ^"],
    "t's": ["it's"],
    "x" * 200: [],
}


PHOTOS = [
    {"title": "Autumn in Köln", "description": "Ten photos of the Rhine 🍂"},
    {"title": "Ten pictures", "description": ""},
    {"title": "", "description": "From the KÖLN cathedral, 100% handmade"},
    {"title": "The end of one", "description": "begins the other"},
]


@pytest.fixture
def app(make_app, each_database_url):
    return make_app(database_url=each_database_url)


@pytest.fixture
def written(owner, stranger):
    """The owner's posts; another user has the same ones."""
    for person in (owner, stranger):
        for caption in CAPTIONS:
            assert person.post("/posts", json={"caption": caption}).status_code == 201


def find(person, q, *, said_in="caption", **more):
    return [post[said_in] for post in posts_with(person, q, **more)]


def find_words(person, q):
    """What the posts say that are found: the caption, or the title and the description."""
    return [post["caption"] or f"{post['title']}|{post['description']}" for post in posts_with(person, q)]


def posts_with(person, q, **more):
    answer = person.get("/posts", query_string={"q": q, "include_total": "true"} | more)
    assert answer.status_code == 200, answer.json
    assert answer.json["total"] == len(answer.json["data"])
    return answer.json["data"]


@on_each_database
def test_every_part_of_a_caption_finds_it_and_nothing_else_does(owner, written):
    found = {q: find(owner, q) for q in FOUND}

    assert found == FOUND


@pytest.fixture
def make_photos(app):
    def make(person, **words):
        return person.post("/posts", json={"type": "photo"} | words).json

    return make


@on_each_database
@pytest.mark.parametrize("name", ["caption", "title", "description"])
def test_every_part_of_each_text_finds_the_post_as_one_of_a_caption_does(owner, name):
    for text in CAPTIONS:
        answer = owner.post("/posts", json={name: text, "type": "video" if name == "caption" else "photo"})
        assert answer.status_code == 201, answer.json

    assert {q: find(owner, q, said_in=name) for q in FOUND} == FOUND


@on_each_database
def test_photos_are_found_by_their_title_and_by_their_description(owner, stranger, make_photos):
    for person in (owner, stranger):
        for words in PHOTOS:
            make_photos(person, **words)
    owner.post("/posts", json={"caption": "Ten videos"})

    found = {q: find_words(owner, q) for q in ("autumn", "TEN ", "rhine 🍂", "100% h", "🍂", "K", "zzz")}

    ten, of_description, no_title = "Ten pictures|", "Autumn in Köln|Ten photos of the Rhine 🍂", ""
    assert found["autumn"] == found["rhine 🍂"] == found["🍂"] == [of_description]
    assert found["TEN "] == ["Ten videos", ten, of_description]
    assert found["100% h"] == [f"{no_title}|From the KÖLN cathedral, 100% handmade"]
    assert found["K"] == [found["100% h"][0], of_description]
    assert found["zzz"] == []


@on_each_database
def test_letters_with_accents_are_found_in_titles_as_in_captions(owner, make_photos):
    texts = ["Köln", "KÖLN", "Koln", "ÉTÉ", "été", "STRASSE", "Straße", "İstanbul"]
    for text in texts:
        owner.post("/posts", json={"caption": text})
        make_photos(owner, title=text)
        make_photos(owner, description=text)

    for q in (*texts, "köln", "öl", "straße", "istanbul", "İs", "o", "É"):
        answer = owner.get("/posts", query_string={"q": q, "limit": 100}).json["data"]
        found = [sorted(post[name] for post in answer if post[name]) for name in ("caption", "title", "description")]
        assert found[0] == found[1] == found[2], q
        assert q in found[0] or q not in texts


@on_each_database
def test_a_text_that_begins_in_the_title_and_ends_in_the_description_is_in_neither(owner, make_photos):
    make_photos(owner, **PHOTOS[3])

    assert [find_words(owner, q) for q in ("one begins", "onebegins", "one|begins", "one\nbegins")] == [[]] * 4
    assert [len(find_words(owner, q)) for q in ("end of one", "begins the")] == [1, 1]


@on_each_database
@pytest.mark.parametrize("name", ["title", "description"])
def test_photos_are_found_by_what_they_say_now(owner, make_photos, name):
    post = make_photos(owner, title="At the studio", description="At the studio")
    other = "description" if name == "title" else "title"
    owner.patch(f"/posts/{post['id']}", json={other: ""})

    owner.patch(f"/posts/{post['id']}", json={name: "By the seaside"})

    assert [len(find_words(owner, q)) for q in ("studio", "seaside", "by the")] == [0, 1, 1]
    assert owner.delete(f"/posts/{post['id']}").status_code == 204
    assert find_words(owner, "seaside") == []


@on_each_database
def test_a_word_and_other_filters_are_all_heeded(owner, written):
    nothing = [find(owner, "studio", status="scheduled"), find(owner, "studio", account_id=str(uuid4()))]
    planned = find(owner, "studio", **{"from": "2027-01-01"})

    assert find(owner, "studio", status="draft", type="video") == ["A Day in the studio"]
    assert [*nothing, planned] == [[], [], []]


@on_each_database
def test_a_caption_is_found_by_what_it_says_now(owner, written):
    [post] = owner.get("/posts?q=studio").json["data"]

    owner.patch(f"/posts/{post['id']}", json={"caption": "At the seaside"}, headers={"If-Match": "*"})

    assert find(owner, "studio") == []
    assert find(owner, "seaside") == ["At the seaside"]


@on_each_database
def test_a_deleted_post_is_found_no_more(owner, written):
    [post] = owner.get("/posts?q=studio").json["data"]

    assert owner.delete(f"/posts/{post['id']}").status_code == 204

    assert find(owner, "studio") == []
    assert find(owner, "snake") == ["snakeXcase", "snake_case"]


def test_on_sqlite_nothing_is_left_of_the_words_of_a_deleted_user(app, owner, stranger, written):
    with app.app_context(), transaction() as session:
        session.connection().exec_driver_sql("DELETE FROM users WHERE email = 'owner@example.com'")

    with app.app_context(), db.engine.connect() as connection:
        left = connection.exec_driver_sql(
            "SELECT count(*) FROM posts_search JOIN posts_search_numbers ON number = posts_search.rowid"
            " WHERE posts_search MATCH '\"stu\"'"
        ).scalar()
        numbered = connection.exec_driver_sql("SELECT count(*) FROM posts_search_numbers").scalar()
        connection.exec_driver_sql("INSERT INTO posts_search (posts_search) VALUES ('integrity-check')")
    assert (left, numbered) == (1, len(CAPTIONS))
    assert find(stranger, "studio") == ["A Day in the studio"]


def test_sqlite_finds_the_same_after_the_file_was_made_anew(app, owner, written):
    [first] = owner.get("/posts?q=studio").json["data"]
    owner.delete(f"/posts/{first['id']}")
    with app.app_context(), db.engine.connect() as connection:
        connection.connection.driver_connection.execute("VACUUM")

    found = {q: find(owner, q) for q in ("snake_", "朝ごはん", "studio")}

    assert found == {"snake_": ["snake_case"], "朝ごはん": ["東京の朝ごはん"], "studio": []}


@on_postgresql
def test_without_its_extension_postgresql_finds_the_same(app, owner, written):
    with app.app_context():
        assert {"posts.caption", "posts.title", "posts.description", "media.name"} == set(missing_indexes(db.engine))

    assert find(owner, "STUDIO") == ["A Day in the studio"]


@on_each_database
def test_a_total_ends_at_ten_thousand_and_says_so(app, owner):
    now = clock.now()
    post = {"owner_id": UUID(owner.user_id), "caption": "one of many", "created_at": now}
    with app.app_context(), transaction() as session:
        session.execute(insert(Post), [post | {"id": new_id()} for _ in range(10_001)])
    many = [owner.get(f"/posts?include_total=true&limit=1{more}").json for more in ("", "&q=many", "&status=draft")]
    two = owner.get("/posts?include_total=true&limit=1&status=draft&status=failed").json

    owner.delete(f"/posts/{many[0]['data'][0]['id']}")

    exact = owner.get("/posts?include_total=true&limit=1").json
    without = owner.get("/posts?limit=1").json
    assert [(page["total"], page["total_is_exact"]) for page in [*many, two]] == [(10_000, False)] * 4
    assert (exact["total"], exact["total_is_exact"]) == (10_000, True)
    assert not {"total", "total_is_exact"} & without.keys()
