"""GET /accounts/{id}, and what every operation on one account answers to a stranger."""

from uuid import uuid4

OPERATIONS = [
    ("GET", ""),
    ("PATCH", ""),
    ("DELETE", ""),
    ("POST", "/sync"),
    ("GET", "/creator-info"),
]


def test_a_strangers_a_missing_and_a_malformed_id_answer_alike(owner, stranger, connect_account, subtests):
    theirs = connect_account(owner)
    before = owner.get(f"/accounts/{theirs}").json
    for method, path in OPERATIONS:
        with subtests.test(method=method, path=path):
            options = {"json": {"label": "stolen"}} if method == "PATCH" else {}

            answers = [
                stranger.open(f"/accounts/{each}{path}", method=method, **options)
                for each in (theirs, uuid4(), "ada", 1)
            ]

            assert {answer.status_code for answer in answers} == {404}
            different = ("instance", "request_id")
            assert len({str({k: v for k, v in answer.json.items() if k not in different}) for answer in answers}) == 1
    assert owner.get(f"/accounts/{theirs}").json == before


def test_the_newest_version_is_not_sent_again(owner, connect_account):
    account_id = connect_account(owner)
    etag = owner.get(f"/accounts/{account_id}").headers["ETag"]

    response = owner.get(f"/accounts/{account_id}", headers={"If-None-Match": etag})

    assert response.status_code == 304


def test_a_renewed_token_changes_nothing_that_is_shown(owner, connect_account, vault, pass_time, simulator):
    account_id = connect_account(owner)
    before = owner.get(f"/accounts/{account_id}")
    pass_time(days=1)

    vault.token(account_id)

    assert len(simulator.control.requests(endpoint="refresh")) == 1
    assert owner.get(f"/accounts/{account_id}").headers["ETag"] == before.headers["ETag"]
