"""Of many requests at once with one external id, one has it, and the others are told which."""

from concurrent.futures import ThreadPoolExecutor

from tests.databases import on_each_database, on_postgresql
from tests.posts.interruptions import before_statements
from tests.web.problems import assert_problem
from tiktok_api.db import db

AT_ONCE = 12


def at_once(act):
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(act, range(AT_ONCE)))


@on_each_database
def test_of_many_new_posts_with_one_external_id_one_is_made(owner):
    body = {"external_id": "cms-1", "labels": ["a"]}

    answers = at_once(lambda _: owner.elsewhere().post("/posts", json=body))

    assert sorted(answer.status_code for answer in answers) == [201, *[422] * (AT_ONCE - 1)]
    [made] = [answer.json["id"] for answer in answers if answer.status_code == 201]
    others = [answer.json["errors"] for answer in answers if answer.status_code == 422]
    assert {(fault["code"], fault["post_id"]) for [fault] in others} == {("external_id_taken", made)}
    assert len(owner.get("/posts").json["data"]) == 1


@on_each_database
def test_of_many_posts_that_are_given_one_external_id_one_gets_it(owner):
    posts = [owner.post("/posts", json={}).json["id"] for _ in range(AT_ONCE)]

    answers = at_once(
        lambda place: owner.elsewhere().patch(f"/posts/{posts[place]}", json={"external_id": "cms-1", "caption": "x"})
    )

    assert sorted(answer.status_code for answer in answers) == [200, *[422] * (AT_ONCE - 1)]
    [named] = {fault["post_id"] for answer in answers if answer.status_code == 422 for fault in answer.json["errors"]}
    assert [each["id"] for each in owner.get("/posts?external_id=cms-1").json["data"]] == [named]


@on_postgresql
def test_an_external_id_that_was_taken_and_given_up_meanwhile_is_refused_without_a_post(owner, app):
    body, others = {"external_id": "cms-1"}, []
    with app.app_context():
        engine = db.engine

    def take():
        others.append(owner.elsewhere().post("/posts", json=body).json["id"])

    def give_up():
        owner.elsewhere().delete(f"/posts/{others[0]}")

    with (
        before_statements(engine, "INSERT INTO posts", 1, take),
        before_statements(engine, "ROLLBACK TO SAVEPOINT", 1, give_up),
    ):
        answer = owner.post("/posts", json=body)

    [fault] = assert_problem(answer, 422)["errors"]
    assert (fault["code"], fault.get("post_id")) == ("external_id_taken", None)
    assert len(others) == 1
