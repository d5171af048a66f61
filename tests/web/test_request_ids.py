"""X-Request-ID: accepted or made, answered, logged."""

from uuid import UUID

import pytest

from tests.conftest import API


@pytest.mark.parametrize("offered", ["abc", "01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e", "a" * 128, "a.b:c/d=e@f+g_h-i"])
def test_a_well_formed_id_of_the_client_is_used(client, offered):
    response = client.get(f"{API}/auth/me", headers={"X-Request-ID": offered})

    assert response.headers["X-Request-ID"] == offered
    assert response.json["request_id"] == offered


@pytest.mark.parametrize("offered", [None, "", "a" * 129, "a b", "ü", '"}', "%0d%0a", "<script>"])
def test_any_other_is_replaced_by_one_of_ours(client, offered):
    headers = {"X-Request-ID": offered} if offered is not None else {}

    response = client.get(f"{API}/auth/me", headers=headers)

    assert UUID(response.headers["X-Request-ID"]).version == 7


def test_log_lines_of_a_request_have_its_id(capsys, owner, bugs_are_answered):
    owner.post("/things", json={"name": "crash"}, headers={"X-Request-ID": "find-me-in-the-log"})

    assert '"request_id":"find-me-in-the-log"' in capsys.readouterr().err
