"""Labels and external ids: free words of the owner's, and the client's own name for a post, which one post has at a time."""

import pytest

from tests.auth.keys import make_key
from tests.web.problems import assert_problem
from tiktok_api.db import transaction


@pytest.fixture
def draft(owner):
    """A draft; returns it."""

    def make(**content):
        answer = owner.post("/posts", json=content)
        assert answer.status_code == 201, answer.json
        return answer.json

    return make


def found_by(person, label):
    return [post["id"] for post in person.get("/posts", query_string={"label": label}).json["data"]]


def test_labels_are_trimmed_kept_once_and_shown_in_their_order(owner, draft):
    post = draft(labels=["  b ", "a", "b"])

    shown = owner.get(f"/posts/{post['id']}").json["labels"]

    assert post["labels"] == shown == ["b", "a"]
    assert owner.get("/posts").json["data"][0]["labels"] == ["b", "a"]


@pytest.mark.parametrize(
    "labels", [["x" * 51], [""], ["   "], [str(n) for n in range(21)], ["a\nb"], "a", [1], [None], None], ids=str
)
def test_what_is_no_list_of_labels_is_refused(owner, labels):
    assert_problem(owner.post("/posts", json={"labels": labels}), 422, "invalid")


def test_labels_are_replaced_as_a_whole(owner, draft):
    post = draft(labels=["old", "both"])

    changed = owner.patch(f"/posts/{post['id']}", json={"labels": ["both", "new"]}).json

    assert changed["labels"] == ["both", "new"]
    assert changed["updated_at"] > post["updated_at"]
    assert [found_by(owner, each) for each in ("old", "both", "new")] == [[], [post["id"]], [post["id"]]]


def test_labels_and_external_id_of_what_is_out_may_be_changed_and_nothing_else(owner, publishing):
    post = publishing.make_post()
    publishing.begin(post)
    publishing.run_until_published(post)

    labelled = owner.patch(f"/posts/{post['id']}", json={"labels": ["done"], "external_id": "cms-1"})
    with_words = owner.patch(f"/posts/{post['id']}", json={"labels": ["other"], "caption": "other"})
    at_another_time = owner.patch(f"/posts/{post['id']}", json={"labels": [], "publish_at": "2099-01-01T00:00:00Z"})

    assert (labelled.json["labels"], labelled.json["external_id"]) == (["done"], "cms-1")
    assert_problem(with_words, 409, "post_not_movable")
    assert_problem(at_another_time, 409, "post_not_movable")
    assert found_by(owner, "done") == [post["id"]]


def test_a_label_is_found_by_its_owner_alone_and_goes_with_its_post(owner, stranger, draft):
    post = draft(labels=["mine"])

    assert found_by(stranger, "mine") == []
    owner.delete(f"/posts/{post['id']}")
    assert found_by(owner, "mine") == []


@pytest.mark.parametrize("sort", ["publish_at", "-publish_at"])
def test_lists_by_account_and_label_follow_each_new_time(owner, make_post, sort):
    first = make_post(labels=["a"])
    [account_id] = [target["account_id"] for target in first["targets"]]
    shared = {"media_ids": first["media_ids"], "targets": [{"account_id": account_id}], "labels": ["a"]}
    second = make_post(**shared, publish_at="2090-01-02T00:00:00Z")
    third = make_post(**shared)
    for post, day in ((first, 3), (third, 1), (third, 4)):
        slot = {"publish_at": f"2090-01-0{day}T00:00:00Z"}
        assert owner.post(f"/posts/{post['id']}/schedule", json=slot).status_code == 200
    owner.patch(f"/posts/{second['id']}", json={"targets": [{"account_id": account_id, "privacy_level": "SELF_ONLY"}]})
    owner.patch(f"/posts/{second['id']}", json={"labels": ["b", "a"]})

    by_account, by_label, by_both, all_posts = (
        [post["id"] for post in owner.get(f"/posts?sort={sort}&{query}").json["data"]]
        for query in (f"account_id={account_id}", "label=a", f"label=a&account_id={account_id}", "")
    )

    expected = [each["id"] for each in (second, first, third)]
    assert by_account == by_label == by_both == all_posts == (expected if sort == "publish_at" else expected[::-1])


def test_an_external_id_is_one_posts_of_its_user(owner, stranger, draft):
    post = draft(external_id="cms-1")

    again = owner.post("/posts", json={"external_id": "cms-1"})
    other = stranger.post("/posts", json={"external_id": "cms-1"})

    assert_problem(again, 422, "external_id_taken")
    [fault] = again.json["errors"]
    assert (fault["pointer"], fault["found"], fault["post_id"]) == ("/external_id", "cms-1", post["id"])
    assert other.status_code == 201
    assert [each["id"] for each in owner.get("/posts?external_id=cms-1&external_id=x").json["data"]] == [post["id"]]


def test_a_taken_external_id_is_told_with_all_else_that_is_wrong(owner, draft):
    draft(external_id="cms-1")
    unknown = {"media_ids": ["01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e"], "external_id": "cms-1"}

    alone, with_form = owner.post("/posts", json=unknown), owner.post("/posts", json=unknown | {"consent": "yes"})

    assert {fault["code"] for fault in alone.json["errors"]} == {"external_id_taken", "unknown_media"}
    assert {fault["pointer"] for fault in with_form.json["errors"]} == {"/external_id", "/media_ids/0", "/consent"}


def test_an_external_id_can_be_changed_given_up_and_taken_over(owner, draft):
    first, second = draft(external_id="cms-1"), draft(external_id="cms-2")

    taken = owner.patch(f"/posts/{second['id']}", json={"external_id": "cms-1"})
    same = owner.patch(f"/posts/{first['id']}", json={"external_id": "cms-1"})
    given_up = owner.patch(f"/posts/{first['id']}", json={"external_id": None})
    taken_over = owner.patch(f"/posts/{second['id']}", json={"external_id": "cms-1"})

    assert_problem(taken, 422, "external_id_taken")
    assert (same.status_code, same.json["updated_at"]) == (200, first["updated_at"])
    assert given_up.json["external_id"] is None
    assert taken_over.json["external_id"] == "cms-1"


def test_with_a_taken_external_id_nothing_else_is_changed(owner, draft):
    draft(external_id="cms-1")
    post = owner.get(f"/posts/{draft(labels=['before'])['id']}").json

    answer = owner.patch(f"/posts/{post['id']}", json={"external_id": "cms-1", "labels": ["after"], "caption": "after"})

    assert_problem(answer, 422, "external_id_taken")
    assert owner.get(f"/posts/{post['id']}").json == post


@pytest.mark.parametrize("external_id", ["", "x" * 201, "a\nb", 1], ids=str)
def test_what_is_no_external_id_is_refused(owner, external_id):
    assert_problem(owner.post("/posts", json={"external_id": external_id}), 422, "invalid")


def test_a_confined_key_is_not_told_which_post_has_it(owner, connect_account, draft):
    inside, outside = connect_account(owner, "ada"), connect_account(owner, "grace")
    draft(external_id="cms-1", targets=[{"account_id": outside}])
    key = make_key(owner, account_ids=[inside])

    answer = key.post("/posts", json={"external_id": "cms-1", "targets": [{"account_id": inside}]})

    assert_problem(answer, 422, "external_id_taken")
    assert "post_id" not in answer.json["errors"][0]


def test_a_deleted_user_leaves_no_labels(app, owner, draft):
    draft(labels=["a"])

    answer = owner.delete("/auth/me")

    with app.app_context(), transaction() as session:
        left = session.connection().exec_driver_sql("SELECT count(*) FROM post_labels").scalar()
    assert (answer.status_code < 300, left) == (True, 0)
