"""PATCH /accounts/{id}"""

import pytest


@pytest.fixture
def account_id(owner, connect_account):
    return connect_account(owner)


def test_label_tags_and_defaults_are_kept(owner, account_id):
    changes = {
        "label": "Spring 👩‍👩‍👧",
        "tags": ["agency", "berlin", "agency"],
        "defaults": {"mode": "direct", "allow_comment": True, "is_aigc": False, "allow_duet": None},
    }

    response = owner.patch(f"/accounts/{account_id}", json=changes)

    assert response.status_code == 200
    assert response.json == owner.get(f"/accounts/{account_id}").json
    assert response.json["label"] == "Spring 👩‍👩‍👧"
    assert response.json["tags"] == ["agency", "berlin"]
    defaults = {name: value for name, value in response.json["defaults"].items() if value is not None}
    assert defaults == {"mode": "direct", "allow_comment": True, "is_aigc": False}


def test_what_is_not_sent_stays(owner, account_id):
    owner.patch(f"/accounts/{account_id}", json={"label": "one", "tags": ["two"]})

    response = owner.patch(f"/accounts/{account_id}", json={"tags": []})

    assert (response.json["label"], response.json["tags"]) == ("one", [])


def test_a_response_can_be_sent_back(owner, account_id):
    defaults = owner.get(f"/accounts/{account_id}").json["defaults"]

    response = owner.patch(f"/accounts/{account_id}", json={"defaults": defaults})

    assert response.json["defaults"] == defaults


def test_an_old_version_overwrites_nothing(owner, account_id):
    etag = owner.get(f"/accounts/{account_id}").headers["ETag"]
    first = owner.patch(f"/accounts/{account_id}", json={"label": "first"}, headers={"If-Match": etag})

    second = owner.patch(f"/accounts/{account_id}", json={"label": "second"}, headers={"If-Match": etag})

    assert (first.status_code, second.status_code) == (200, 412)
    assert owner.get(f"/accounts/{account_id}").json["label"] == "first"


def test_read_only_fields_are_refused(owner, account_id, subtests):
    before = owner.get(f"/accounts/{account_id}").json
    refused = [
        ({"status": "active"}, "/status"),
        ({"owner_id": "x"}, "/owner_id"),
        ({"label": "x" * 101}, "/label"),
        ({"label": "a\nb"}, "/label"),
        ({"label": None}, "/label"),
        ({"tags": ["ok", ""]}, "/tags/1"),
        ({"tags": ["x"] * 21}, "/tags"),
        ({"tags": "agency"}, "/tags"),
        ({"defaults": {"privacy_level": "PUBLIC_TO_EVERYONE"}}, "/defaults/privacy_level"),
        ({"defaults": {"mode": "both"}}, "/defaults/mode"),
    ]
    for changes, pointer in refused:
        with subtests.test(pointer=pointer):
            response = owner.patch(f"/accounts/{account_id}", json=changes)

            assert response.status_code == 422
            assert [error["pointer"] for error in response.json["errors"]] == [pointer]
    assert owner.get(f"/accounts/{account_id}").json == before
