def test_an_account_is_connected(owner, connect_account):
    account_id = connect_account(owner, "ada")

    account = owner.get(f"/accounts/{account_id}").json

    assert account["username"] == "ada"
