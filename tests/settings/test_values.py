"""Settings: read as a whole, and every mistake named at once."""

import base64
import hashlib
import os

import pytest

from tests.settings.conftest import NEEDED
from tiktok_api.settings import SettingsInvalid, load

KEY = base64.b64encode(hashlib.sha256(b"k").digest()).decode()


@pytest.fixture
def environment(monkeypatch):
    """What is set, and nothing else."""
    for name in list(os.environ):
        if name.isupper() and name not in ("PATH", "HOME"):
            monkeypatch.delenv(name)

    def set_(**values):
        for name, value in (NEEDED | values).items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)

    set_()
    return set_


def read():
    return load(env_file=None)


def problems() -> dict[str, str]:
    with pytest.raises(SettingsInvalid) as caught:
        read()
    return dict(problem.split(": ", 1) for problem in caught.value.problems)


def test_the_required_settings_suffice(environment):
    settings = read()

    assert settings.database_url.startswith("sqlite:///")
    assert settings.rate_limit_per_minute == 100
    assert settings.tiktok_api_url == "https://open.tiktokapis.com"
    assert settings.allow_test_clock is False


def test_all_that_is_missing_or_malformed_is_named_at_once(environment):
    environment(
        SECRET_KEY="short",
        TIKTOK_CLIENT_KEY=None,
        TIKTOK_CLIENT_SECRET=None,
        PUBLIC_URL="nowhere",
        REDIS_URL="http://cache",
        DATABASE_URL="mysql://db",
        TIKTOK_API_URL="http://plain.example",
        CORS_ORIGINS="https://fine.example,https://bad.example/path,*",
        RATE_LIMIT_PER_MINUTE="0",
        LEASE_SECONDS="soon",
        JWT_KEYS="a:short",
        POLL_MIN_SECONDS="9",
        POLL_MAX_SECONDS="3",
        LOG_LEVEL="LOUD",
        REGISTRATION="perhaps",
        TRUSTED_PROXIES="-1",
    )

    found = problems()

    assert set(found) == {
        "SECRET_KEY",
        "TIKTOK_CLIENT_KEY",
        "TIKTOK_CLIENT_SECRET",
        "PUBLIC_URL",
        "REDIS_URL",
        "DATABASE_URL",
        "TIKTOK_API_URL",
        "CORS_ORIGINS",
        "RATE_LIMIT_PER_MINUTE",
        "LEASE_SECONDS",
        "JWT_KEYS",
        "POLL_MIN_SECONDS",
        "LOG_LEVEL",
        "REGISTRATION",
        "TRUSTED_PROXIES",
    }


@pytest.mark.parametrize(
    "options", ["socket_timeout=5s", "max_connections=planted", "planted=1", "ssl_cert_reqs=planted", "protocol=9x"]
)
def test_options_of_redis_are_those_of_its_client(environment, options):
    environment(REDIS_URL=f"rediss://cache/0?{options}")

    found = problems()

    assert set(found) == {"REDIS_URL"}
    assert "planted" not in str(found)


def test_no_problem_repeats_a_secret(environment):
    environment(
        SECRET_KEY="planted",
        JWT_KEYS="a:planted",
        DATABASE_URL="mysql://user:planted@db/x",
        REDIS_URL="planted",
        VAULT_KEYS="planted",
    )

    found = problems()

    assert "planted" not in str(found)


@pytest.mark.parametrize(
    "values",
    [
        {"DATABASE_URL": "postgresql://db/x"},
        {"DATABASE_URL": "postgres://u:p@db:5432/x"},
        {"DATABASE_URL": "postgresql+psycopg://u:p@db:5432/x"},
        {"REDIS_URL": "rediss://cache:6379/0"},
        {"REDIS_URL": "unix:///run/redis.sock"},
        {"REDIS_URL": "rediss://cache/0?health_check_interval=30&ssl_cert_reqs=none"},
        {"PUBLIC_URL": "https://api.example.com/"},
        {"CORS_ORIGINS": "https://a.example,http://localhost:5173"},
        {"CORS_ORIGINS": ""},
        {"TIKTOK_API_URL": "http://127.0.0.1:9000", "TIKTOK_ALLOW_HTTP": "true"},
        {"JWT_KEYS": f"new:{KEY},old:{KEY}"},
        {"OUTBOUND_NETWORKS": "10.1.0.0/16,fd00:1::/64", "OUTBOUND_PORTS": "8443, 8080"},
        {"OUTBOUND_NETWORKS": "", "OUTBOUND_PORTS": ""},
        {"STORAGE_URL": "s3://media/folder/below", "S3_ENDPOINT_URL": "http://minio:9000"},
        {"STORAGE_URL": "s3://my.media", "S3_PUBLIC_ENDPOINT_URL": "https://files.example"},
        {"STORAGE_URL": "file:///srv/media", "X_ACCEL_PREFIX": "/media-files/"},
        {"DATABASE_URL": "", "LEASE_SECONDS": "", "JWT_KEYS": "", "REDIS_URL": ""},
    ],
)
def test_valid_values_are_accepted(environment, values):
    environment(**values)

    assert read()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "/var/lib/db.sqlite3"),
        ("PUBLIC_URL", "ftp://api.example.com"),
        ("PUBLIC_URL", "https://"),
        ("TIKTOK_AUTHORIZE_URL", "http://plain.example"),
        ("RETURN_URL_ORIGINS", "app.example.com"),
        ("CORS_ORIGINS", "https://a.example/"),
        ("JWT_KEYS", f"a:{KEY},a:{KEY}"),
        ("JWT_KEYS", KEY),
        ("VAULT_KEYS", f"ключ:{KEY}"),
        ("VAULT_KEYS", f":{KEY}"),
        ("VAULT_KEYS", f"derived:{KEY}"),
        ("VAULT_KEYS", "bare"),
        ("MAIL_FROM", "unknown"),
        ("MAIL_FROM", "a@b.example\r\nBcc: c@d.example"),
        ("FRONTEND_URL", "app.example.com"),
        ("VAULT_KEYS", "a:" + base64.b64encode(b"k" * 16).decode()),
        ("POLL_MIN_SECONDS", "nan"),
        ("LEASE_SECONDS", "inf"),
        ("LEASE_SECONDS", "0"),
        ("STORAGE_URL", "media"),
        ("STORAGE_URL", "file:///"),
        ("STORAGE_URL", "s3://"),
        ("STORAGE_URL", "s3://ab/prefix"),
        ("STORAGE_URL", "s3://Bucket"),
        ("STORAGE_URL", "s3://bucket/a prefix"),
        ("STORAGE_URL", "https://bucket.s3.amazonaws.com/"),
        ("S3_LINK_SECONDS", "604801"),
        ("S3_ENDPOINT_URL", "minio:9000"),
        ("X_ACCEL_PREFIX", "media-files"),
        ("X_ACCEL_PREFIX", "/"),
        ("UPLOAD_LEASE_SECONDS", "301"),
        ("OUTBOUND_NETWORKS", "10.1.2.3/16"),
        ("OUTBOUND_NETWORKS", "intranet"),
        ("OUTBOUND_PORTS", "0"),
        ("OUTBOUND_PORTS", "https"),
        ("IMPORT_MAX_SECONDS", "0"),
    ],
)
def test_invalid_values_are_named(environment, name, value):
    environment(**{name: value})

    assert set(problems()) == {name}


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"STORAGE_URL": "s3://media", "X_ACCEL_PREFIX": "/media-files/"}, {"X_ACCEL_PREFIX"}),
        (
            {"STORAGE_URL": "s3://media", "S3_PUBLIC_ENDPOINT_URL": "https://files.example", "S3_LINK_SECONDS": "0"},
            {"S3_PUBLIC_ENDPOINT_URL"},
        ),
        (
            {"S3_ENDPOINT_URL": "http://minio:9000", "S3_PUBLIC_ENDPOINT_URL": "https://files.example"},
            {"S3_ENDPOINT_URL", "S3_PUBLIC_ENDPOINT_URL"},
        ),
    ],
)
def test_ways_of_handing_media_out_that_contradict_the_storage_are_named(environment, values, named):
    environment(**values)

    assert set(problems()) == named


def test_readings_are_kept_for_longer_than_all_of_them(environment):
    environment(READINGS_FULL_DAYS="400", READINGS_KEEP_DAYS="400")

    assert set(problems()) == {"READINGS_FULL_DAYS"}


def test_the_first_key_of_a_ring_is_the_current_one(environment):
    environment(JWT_KEYS=f"new:{KEY},old:{KEY}")

    assert list(read().jwt_keys) == ["new", "old", "derived"]


def test_the_derived_key_comes_where_it_is_named(environment):
    environment(VAULT_KEYS=f"derived,new:{KEY}")

    assert list(read().vault_keys) == ["derived", "new"]


def test_the_derived_key_is_what_it_was_without_a_ring(environment):
    before = read().vault_keys["derived"]
    environment(VAULT_KEYS=f"new:{KEY}")

    assert read().vault_keys["derived"] == before


@pytest.mark.parametrize("url", ["ftp://mail", "smtp:", "smtp://host?tls=true", "smtp://host?starttls=maybe", "mail"])
def test_a_mail_url_is_one_of_those_we_can_use(environment, url):
    environment(MAIL_URL=url)

    assert set(problems()) == {"MAIL_URL"}


@pytest.mark.parametrize(
    ("url", "chosen", "is_required"),
    [
        ("file:///srv/mail", None, False),
        ("smtp://host", None, True),
        ("smtps://host", None, True),
        ("smtp://host", "false", False),
        ("file:///srv/mail", "true", True),
    ],
)
def test_addresses_must_be_verified_once_mail_is_sent(environment, url, chosen, is_required):
    environment(MAIL_URL=url, EMAIL_VERIFICATION=chosen)

    assert read().email_verification is is_required


def test_emails_come_from_the_public_host_by_default(environment):
    environment(PUBLIC_URL="https://api.example.com")
    usual = read().mail_from
    environment(MAIL_FROM="Example <hello@example.com>")

    assert (usual, read().mail_from) == ("no-reply@api.example.com", "Example <hello@example.com>")


def test_without_rings_keys_differ_by_purpose(environment):
    settings = read()

    keys = {*settings.jwt_keys.values(), *settings.vault_keys.values(), settings.derive_key("cursors")}
    assert len(keys) == 3


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(environment, tmp_path):
    environment(WORKER_THREADS="1")
    environment(WORKER_THREADS=None)  # so that what the file sets is taken back after the test
    (tmp_path / ".env").write_text("LOG_LEVEL=ERROR\nWORKER_THREADS=7\n")
    environment(LOG_LEVEL="DEBUG")

    settings = load(env_file=tmp_path / ".env")

    assert (settings.log_level, settings.worker_threads) == ("DEBUG", 7)


def test_a_settings_repr_shows_no_secret(environment):
    settings = read()

    assert "secret" not in repr(settings)
