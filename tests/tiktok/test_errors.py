"""Which error an answer becomes, for every code and status"""

import httpx2
import pytest

from tests.tiktok.doubles import ACCESS_TOKEN, enveloped
from tiktok_api.tiktok import (
    AccessRevoked,
    AccessTokenInvalid,
    CreatorCannotPost,
    ScopeMissing,
    TikTokBusy,
    TikTokError,
    TikTokRefusal,
    TikTokUnreachable,
)


def fail(client):
    with pytest.raises(TikTokError) as caught:
        client.fetch_status(ACCESS_TOKEN, "v_pub")
    return caught.value


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("access_token_invalid", 401, AccessTokenInvalid),
        ("access_token_invalid", 200, AccessTokenInvalid),
        ("scope_not_authorized", 401, ScopeMissing),
        ("scope_permission_missed", 400, ScopeMissing),
        ("rate_limit_exceeded", 429, TikTokBusy),
        ("rate_limit_exceeded", 200, TikTokBusy),
        ("rate_limit_exceeded", 503, TikTokBusy),
        ("internal_error", 500, TikTokUnreachable),
        ("internal_error", 200, TikTokUnreachable),
        ("invalid_params", 400, TikTokRefusal),
        ("invalid_param", 400, TikTokRefusal),
        ("invalid_file_upload", 400, TikTokRefusal),
        ("invalid_publish_id", 400, TikTokRefusal),
        ("token_not_authorized_for_specified_publish_id", 400, TikTokRefusal),
        ("app_version_check_failed", 400, TikTokRefusal),
        ("url_ownership_unverified", 403, TikTokRefusal),
        ("privacy_level_option_mismatch", 403, TikTokRefusal),
        ("unaudited_client_can_only_post_to_private_accounts", 403, TikTokRefusal),
        ("spam_risk_too_many_posts", 403, CreatorCannotPost),
        ("spam_risk_user_banned_from_posting", 403, CreatorCannotPost),
        ("spam_risk_too_many_pending_share", 403, CreatorCannotPost),
        ("reached_active_user_cap", 403, CreatorCannotPost),
        ("a_code_from_the_future", 418, TikTokRefusal),
        ("access_token_invalid", 502, TikTokUnreachable),  # a server that fails is not believed about the token
    ],
)
def test_every_code_has_its_error(client, tiktok, code, status, kind):
    tiktok.answers(enveloped(code=code, status=status, message="Please review."))

    error = fail(client)

    assert type(error) is kind
    assert (error.code, error.http_status, error.log_id) == (code, status, "20260101000000ABCDEF")
    assert "Please review." in str(error)


@pytest.mark.parametrize("status", [200, 301, 302, 307, 400, 401, 403, 404, 418, 500, 502, 503])
@pytest.mark.parametrize("content", [b"", b"<html>Sorry</html>", b"[]", b'"ok"', b"7", b"null", b"{}", b'{"data":{}}'])
def test_a_response_without_tiktoks_code_is_unreachable(client, tiktok, status, content):
    tiktok.answers(httpx2.Response(status, content=content))

    error = fail(client)

    assert type(error) is TikTokUnreachable
    assert error.was_sent
    assert (error.code, error.http_status) == (None, status)


@pytest.mark.parametrize("content", [b"Unsupported path(Janus)", b"  Unsupported path(Janus)\n", b"Unsupported path"])
def test_an_unsupported_path_has_no_envelope(client, tiktok, content):
    tiktok.answers(httpx2.Response(404, content=content, headers={"Content-Type": "text/plain"}))

    error = fail(client)

    assert type(error) is TikTokUnreachable
    assert not error.was_sent  # certain: the request had no effect
    assert (error.code, error.http_status) == ("unsupported_path", 404)
    assert "knows no such path" in str(error)


def test_429_needs_no_code(client, tiktok):
    tiktok.answers(httpx2.Response(429, html="Slow down"))

    assert isinstance(fail(client), TikTokBusy)


@pytest.mark.parametrize(
    ("header", "pause"), [(None, 60), ("7", 7), ("0", 60), ("999999", 3600), ("soon", 60), ("-1", 60)]
)
def test_the_pause_is_tiktoks_or_a_minute(client, tiktok, header, pause):
    tiktok.answers(httpx2.Response(429, headers={} if header is None else {"Retry-After": header}))

    assert fail(client).retry_after == pause


@pytest.mark.parametrize(
    ("body", "code", "log_id"),
    [
        ({"error": {"code": "invalid_params", "logid": "L1"}}, "invalid_params", "L1"),
        ({"error": {"code": "invalid_params", "log_id": "L1", "logid": "L2"}}, "invalid_params", "L1"),
        ({"error": {"code": "invalid_params", "log_id": 7}}, "invalid_params", None),
        ({"error": {"code": "invalid_params"}, "log_id": "L3"}, "invalid_params", "L3"),
        ({"error": "invalid_params", "error_description": "No.", "log_id": "L4"}, "invalid_params", "L4"),
        ({"code": "invalid_params", "message": "bare", "log_id": "L5"}, "invalid_params", "L5"),
        ({"code": "ok"}, None, None),
        ({"error": {"code": 0}}, None, None),
        ({"error": {"code": ["ok"]}}, None, None),
        ({"error": {"code": ""}}, None, None),
        ({"error": ["ok"]}, None, None),
    ],
)
def test_errors_come_in_many_forms(client, tiktok, body, code, log_id):
    tiktok.answers(httpx2.Response(400, json=body))

    error = fail(client)

    assert (error.code, error.log_id) == (code, log_id)
    assert isinstance(error, TikTokUnreachable if code is None else TikTokRefusal)


def test_the_gateways_log_id_is_kept_where_the_body_has_none(client, tiktok):
    tiktok.answers(httpx2.Response(502, html="<p>", headers={"X-Tt-Logid": "2026GATEWAY"}))

    assert fail(client).log_id == "2026GATEWAY"


def test_ok_is_success_whatever_the_status(client, tiktok):
    tiktok.answers(enveloped({"status": "FAILED"}, status=500))

    assert client.fetch_status(ACCESS_TOKEN, "v_pub").status == "FAILED"


@pytest.mark.parametrize(
    ("failure", "was_sent"),
    [
        (httpx2.ConnectError("[Errno 111] Connection refused"), False),
        (httpx2.ConnectTimeout(""), False),
        (httpx2.PoolTimeout(""), False),
        (httpx2.ReadTimeout(""), True),
        (httpx2.WriteTimeout(""), True),
        (httpx2.ReadError(""), True),
        (httpx2.WriteError(""), True),
        (httpx2.RemoteProtocolError(""), True),
    ],
)
def test_unreachable_knows_whether_the_request_may_have_been_sent(client, tiktok, failure, was_sent):
    tiktok.answers(failure)

    error = fail(client)

    assert isinstance(error, TikTokUnreachable)
    assert error.was_sent is was_sent
    assert error.http_status is None


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "nul\x00", "ü", "a" * 5000])
def test_a_token_that_cannot_be_sent_is_not(client, tiktok, token):
    with pytest.raises(AccessRevoked) as caught:
        client.fetch_status(token, "v_pub")

    assert tiktok.requests == []
    assert token == "" or token not in str(caught.value)


def test_excessive_nesting_is_no_crash(client, tiktok):
    tiktok.answers(httpx2.Response(200, content=b'{"data":' + b"[" * 1000 + b"]" * 1000 + b"}"))

    assert isinstance(fail(client), TikTokUnreachable)


def test_an_endless_answer_is_cut_off(client, tiktok):
    tiktok.answers(httpx2.Response(200, content=b" " * (2 * 1024 * 1024 + 1)))

    assert "exceeds 2097152 bytes" in str(fail(client))


def test_an_error_has_a_readable_text():
    error = TikTokRefusal("video/init: no", code="invalid_params", http_status=400, log_id="L")

    assert str(error) == "video/init: no (code=invalid_params, http_status=400, log_id=L)"
    assert str(TikTokRefusal("no")) == "no"


def test_plain_http_must_be_allowed(make_client):
    with pytest.raises(ValueError, match="https"):
        make_client(api_url="http://127.0.0.1:1")
    with pytest.raises(ValueError, match="https"):
        make_client(api_url="ftp://127.0.0.1:1", allow_http=True)
    make_client(api_url="http://127.0.0.1:1", allow_http=True)
