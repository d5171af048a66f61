"""GET /accounts/{id}/health"""

from tests.connecting import connect


def test_a_connected_account_can_post(owner, connect_account):
    account_id = connect_account(owner)

    response = owner.get(f"/accounts/{account_id}/health")

    assert response.status_code == 200
    assert (response.json["can_post"], response.json["reasons"]) == (True, [])


def test_a_missing_scope_is_named(owner, simulator):
    account_id = connect(simulator, owner, "ada", ticked="user.info.basic")["account_id"]

    response = owner.get(f"/accounts/{account_id}/health")

    assert response.json["can_post"] is False
    assert [reason["code"] for reason in response.json["reasons"]] == ["scope_missing"]
    assert "video.publish" in response.json["missing_scopes"]


def test_a_strangers_account_has_no_health(owner, stranger, connect_account):
    account_id = connect_account(owner)

    response = stranger.get(f"/accounts/{account_id}/health")

    assert response.status_code == 404
