"""A secret that can be guessed is refused at the start; a generated one never is"""

import base64
import random
import string
import uuid

import pytest

from tiktok_api.cli.stack.settings import make_secrets
from tiktok_api.settings import SettingsInvalid
from tiktok_api.settings.secret_strength import is_weak_key, weakness

WORDS = ["secret", "password", "hunter2", "changeme", "correct horse ", "tiktok-api", "0123456789", "qwerty", "ab", "x"]
GUESSED = [
    *(letter * 32 for letter in string.ascii_letters + string.digits + "-_. é☃"),
    *(f"{(word * 40)[:length]}" for word in WORDS for length in (32, 47, 64)),
    "changeme-changeme-0f9a8b7c6d5e4f3a",
    "please change this to something random",
    "CHANGE_ME_IN_PRODUCTION_1234567890",
    "replace-me-with-32-random-characters",
    "your-secret-key-goes-in-this-place",
    "abcdefghijklmnopqrstuvwxyz012345",
    "zyxwvutsrqponmlkjihgfedcba987654",
    "00112233445566778899aabbccddeeff",
    "aabbccddeeffgghhiijjkkllmmnnoopp",
    "qwertyuiopasdfghjklzxcvbnm1234567",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaabc",
    "1" * 31 + "2",
]
# Keys drawn from 32 bytes in one byte or in a count.
GUESSED_KEYS = [
    *(bytes([value]) * 32 for value in range(0, 256, 5)),
    bytes(range(32)),
    bytes(range(255, 223, -1)),
    b"ab" * 16,
]


def generated(seed, many):
    """As `secrets.token_urlsafe`, `token_hex`, `openssl rand` and password managers write them."""
    source = random.Random(seed)
    for _ in range(many):
        yield base64.urlsafe_b64encode(source.randbytes(48)).decode()
        yield base64.b64encode(source.randbytes(32)).decode()
        yield source.randbytes(32).hex()
        yield source.randbytes(16).hex()
        yield str(uuid.UUID(bytes=source.randbytes(16), version=4))
        yield "".join(source.choices(string.ascii_letters + string.digits + string.punctuation, k=32))


@pytest.mark.parametrize("secret", GUESSED)
def test_a_secret_key_that_can_be_guessed_is_refused(read, secret):
    with pytest.raises(SettingsInvalid) as refused:
        read(needed={"SECRET_KEY": secret, "TIKTOK_CLIENT_KEY": "key", "TIKTOK_CLIENT_SECRET": "secret"})

    (problem,) = refused.value.problems
    assert problem.startswith("SECRET_KEY: ")
    assert secret not in problem


@pytest.mark.parametrize(
    "token", ["x" * 16, "abcabcabcabcabcabc", "changemechangeme", "tokentokentoken!", "1111111111111112"]
)
def test_a_metrics_token_that_can_be_guessed_is_refused(read, token):
    with pytest.raises(SettingsInvalid, match=r"METRICS_TOKEN: .* can be guessed"):
        read(f"METRICS_TOKEN={token}")


@pytest.mark.parametrize("name", ["JWT_KEYS", "VAULT_KEYS"])
@pytest.mark.parametrize("key", GUESSED_KEYS[::7], ids=bytes.hex)
def test_a_key_that_can_be_guessed_is_refused(read, name, key):
    with pytest.raises(SettingsInvalid, match=f"{name}: .* can be guessed"):
        read(f"{name}=new:{base64.b64encode(key).decode()}")


def test_every_key_of_a_pattern_is_weak():
    assert [key.hex() for key in GUESSED_KEYS if not is_weak_key(key)] == []


def test_no_generated_secret_is_refused():
    source = random.Random(2)

    refused = [secret for secret in generated(1, 3000) if weakness(secret)]

    assert refused == []
    assert [key for key in (source.randbytes(32) for _ in range(3000)) if is_weak_key(key)] == []


def test_the_secret_of_a_demo_is_accepted(read, tmp_path):
    made = [make_secrets(tmp_path / str(number)).read_text() for number in range(20)]

    keys = {
        read(text, needed={"TIKTOK_CLIENT_KEY": "key", "TIKTOK_CLIENT_SECRET": "secret"}).secret_key for text in made
    }

    assert len(keys) == 20
