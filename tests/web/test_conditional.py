"""ETag, If-None-Match and If-Match, on the profile as an example of a single object."""

from uuid import UUID

import pytest
from sqlalchemy import select

from tests.web.problems import assert_problem
from tiktok_api.auth.models import User
from tiktok_api.auth.schemas import ProfileSchema
from tiktok_api.db import is_locked, locked, transaction
from tiktok_api.web.conditional import NotLocked, must_be_current


def test_a_client_that_has_the_newest_version_need_not_fetch_it(owner):
    newest = owner.get("/auth/me").headers["ETag"]

    response = owner.get("/auth/me", headers={"If-None-Match": newest})

    assert (response.status_code, response.data) == (304, b"")
    assert response.headers["ETag"] == newest


@pytest.mark.parametrize("known", ['"another"', "nonsense", 'W/"x", "y"', ""])
def test_a_client_that_has_another_version_gets_it(owner, known):
    response = owner.get("/auth/me", headers={"If-None-Match": known})

    assert response.status_code == 200


def test_a_look_at_another_version_is_refused_like_a_change(owner):
    response = owner.get("/auth/me", headers={"If-Match": '"another"'})

    assert_problem(response, 412, "stale_version")


def test_equal_versions_have_equal_tags_and_others_do_not(owner):
    first, same = owner.get("/auth/me").headers["ETag"], owner.get("/auth/me").headers["ETag"]
    owner.patch("/auth/me", json={"display_name": "Ada"})

    changed = owner.get("/auth/me").headers["ETag"]

    assert first == same != changed


def test_a_change_of_the_newest_version_is_made(owner):
    newest = owner.get("/auth/me").headers["ETag"]

    response = owner.patch("/auth/me", json={"display_name": "Ada"}, headers={"If-Match": newest})

    assert response.status_code == 200
    assert response.headers["ETag"] == owner.get("/auth/me").headers["ETag"]


@pytest.mark.parametrize("known", ["*", None])
def test_a_change_of_whatever_is_there_is_made(owner, known):
    response = owner.patch("/auth/me", json={"display_name": "Ada"}, headers={"If-Match": known} if known else {})

    assert response.status_code == 200


@pytest.mark.parametrize(
    "known", ['"another"', "nonsense", "", '"a", "b"', '"', "W/", ",", '""', 'W/"', '"a', "=,;", "x" * 5000]
)
def test_a_change_of_another_version_is_refused(owner, known):
    response = owner.patch("/auth/me", json={"display_name": "Ada"}, headers={"If-Match": known})

    assert_problem(response, 412, "stale_version")
    assert owner.get("/auth/me").json["display_name"] == ""


def test_a_change_of_an_outdated_version_is_refused(owner):
    seen = owner.get("/auth/me").headers["ETag"]
    owner.patch("/auth/me", json={"display_name": "first"})

    response = owner.patch("/auth/me", json={"display_name": "second"}, headers={"If-Match": seen})

    assert_problem(response, 412, "stale_version")


def test_a_tag_that_a_proxy_has_weakened_while_compressing_still_counts(owner):
    newest = owner.get("/auth/me").headers["ETag"]

    response = owner.patch("/auth/me", json={"display_name": "Ada"}, headers={"If-Match": f"W/{newest}"})

    assert response.status_code == 200


def test_a_version_is_held_against_nothing_but_a_locked_row(app, owner):
    with app.test_request_context("/"), transaction() as session:
        seen = session.get(User, UUID(owner.user_id))

        with pytest.raises(NotLocked):
            must_be_current(ProfileSchema, seen)

        must_be_current(ProfileSchema, locked(select(User).where(User.id == seen.id)))


def test_a_lock_ends_with_its_transaction(app, owner):
    with app.app_context():
        with transaction():
            locked(select(User).where(User.id == UUID(owner.user_id)))

        with transaction():
            assert not is_locked(UUID(owner.user_id))
