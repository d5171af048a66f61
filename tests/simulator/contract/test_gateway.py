"""TikTok's gateway: unknown paths, paths without their last slash, and wrong methods."""

import pytest

PATHS = [
    ("GET", "/v2/moon/"),
    ("POST", "/v2/post/publish/moon/"),
    ("GET", "/v2/user/info"),
    ("POST", "/v2/video/list"),
    ("POST", "/v2/oauth/token"),
    ("POST", "/v2/post/publish/status/fetch"),
    ("POST", "/v2/user/info/"),
    ("GET", "/v2/video/list/"),
    ("PUT", "/v2/video/query/"),
    ("DELETE", "/v2/post/publish/video/init/"),
    ("PATCH", "/v2/post/publish/cancel/"),
    ("OPTIONS", "/v2/oauth/revoke/"),
    ("GET", "/v2/post/publish/creator_info/query/"),
    ("GET", "/"),
    ("GET", "/moon"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_unknown_paths_and_wrong_methods_are_answered_in_plain_text(client, ada, method, path):
    url = f"{client.tiktok.url}{path}"

    for headers in ({}, ada.headers):
        answer = client.session.request(method, url, headers=headers, allow_redirects=False)
        assert (answer.status_code, answer.text) == (404, "Unsupported path(Janus)")
        assert answer.headers["Content-Type"].startswith("text/plain")


def test_the_consent_page_keeps_its_own_errors(client):
    answer = client.session.get(f"{client.tiktok.url}/v2/auth/moon/")

    assert answer.status_code == 404
    assert "Janus" not in answer.text
