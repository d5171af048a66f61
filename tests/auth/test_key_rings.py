"""Rotating the keys that sign tokens: no session ends, in whatever order processes learn of the new key."""

import base64
import hashlib
from itertools import pairwise

import jwt
import pytest

from tests.auth.devices import is_signed_in, log_in, refresh
from tests.web.problems import assert_problem
from tiktok_api.settings import load

NEW = "new:" + base64.b64encode(hashlib.sha256(b"n").digest()).decode()
NEWER = "newer:" + base64.b64encode(hashlib.sha256(b"m").digest()).decode()


@pytest.fixture
def make_client(make_app, base_settings, monkeypatch):
    """A process whose JWT_KEYS are those, on the same database as the others."""

    def make(ring: str):
        monkeypatch.setenv("JWT_KEYS", ring)
        settings = load(env_file=None)
        return make_app(jwt_keys=settings.jwt_keys).test_client()

    return make


def test_tokens_from_before_there_was_a_ring_are_still_good(client, owner, make_client):
    rotated = make_client(NEW)

    response = refresh(rotated, owner.tokens["refresh_token"])

    assert is_signed_in(rotated, owner.tokens)
    assert response.status_code == 200
    assert is_signed_in(rotated, response.json)


def test_a_new_key_is_known_to_all_before_any_signs_with_it(owner, make_client):
    rings = ["derived", f"derived,{NEW}", NEW, f"{NEW},{NEWER}", f"{NEWER},{NEW}"]
    processes = [make_client(ring) for ring in rings]
    tokens = owner.tokens

    for older, newer in pairwise(processes):  # those that run side by side at each step
        for process in (older, newer):
            tokens = refresh(process, tokens["refresh_token"]).json
            assert is_signed_in(older, tokens)
            assert is_signed_in(newer, tokens)


def test_tokens_of_a_key_that_has_left_are_refused(owner, make_client):
    tokens = log_in(make_client(f"{NEW}"), owner)
    without = make_client(NEWER)

    assert not is_signed_in(without, tokens)
    assert_problem(refresh(without, tokens["refresh_token"]), 401, "invalid_token")


def test_new_tokens_name_the_new_key(owner, make_client):
    tokens = log_in(make_client(f"{NEWER},{NEW}"), owner)

    assert jwt.get_unverified_header(tokens["access_token"])["kid"] == "newer"
