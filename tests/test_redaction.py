"""What is hidden in logs and errors: given secrets, and what is secret by its name or its form"""

from uuid import UUID

import pytest

from tiktok_api.extensions import service
from tiktok_api.posts.pulling.links import photo_urls
from tiktok_api.redaction import HIDDEN, Redactor, redact
from tiktok_api.settings import Settings


@pytest.mark.parametrize("name", ["password", "access_token", "TIKTOK_CLIENT_SECRET", "Authorization", "upload_url"])
def test_a_value_is_secret_by_its_name(name):
    assert redact({name: "anything", "other": "shown"}) == {name: HIDDEN, "other": "shown"}


def test_everything_inside_a_value_with_a_secret_name_is_secret():
    document = {"token": {"type": "plain", "list": [{"value": "anything"}]}, "upload_url": ["anything"]}

    assert redact(document) == {"token": {"type": HIDDEN, "list": [{"value": HIDDEN}]}, "upload_url": [HIDDEN]}


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOi.eyJzdWIi.c2ln",
        "act.example12345Example!4608.va",
        "tk_0123456789",
        "cal_0123456789abcdefghij",
        "Bearer abc.def",
        "upload_token=0123",
        "client_secret=0123",
    ],
)
def test_a_text_is_secret_by_its_form(secret):
    assert redact(["before", f"before {secret} after"]) == ["before", f"before {HIDDEN} after"]


def test_the_urls_of_photos_for_tiktok_are_told_without_what_opens_them(app):
    with app.app_context():
        [url] = photo_urls(service(Settings), UUID("01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e"), 1)

    before, after = redact(f"refused: {url}").split(HIDDEN)

    assert before.startswith("refused: http")
    assert (before[-6:], after) == ("/pull/", "/0")


def test_given_secrets_are_hidden_in_texts_and_keys_plain_or_encoded():
    redactor = Redactor(["some private/words", None, "short"])

    assert redactor.redact({"some private/words": "short some+private%2Fwords"}) == {HIDDEN: f"short {HIDDEN}"}


def test_values_that_are_nested_too_deeply_are_left_out():
    nested: list = []
    for _ in range(2000):
        nested = [nested]

    assert "[too deep]" in str(redact(nested))


def test_empty_values_and_numbers_are_shown():
    assert redact({"token": None, "secret": "", "count": 3, "ok": True}) == {
        "token": None,
        "secret": "",
        "count": 3,
        "ok": True,
    }


def test_a_scope_that_ends_like_a_kind_of_authorization_hides_nothing():
    said = "The scope user.info.basic required by this call was not granted"

    assert Redactor().clean(said) == said
    assert Redactor().clean("Basic dXNlcjpwYXNz") == "[hidden]"
