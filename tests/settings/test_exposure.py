"""Settings by which secrets travel in the clear, or a door stands open, are doubts that doctor shows"""

import pytest

from tiktok_api.settings import rules

PUBLIC = {"PUBLIC_URL": "https://api.example.com"}
DOUBTFUL = [
    ({"DATABASE_URL": "postgresql://u:p@db.example.com/x"}, "DATABASE_URL"),
    ({"DATABASE_URL": "postgresql://u:p@10.0.0.5/x?sslmode=prefer"}, "DATABASE_URL"),
    ({"DATABASE_URL": "postgresql://u:p@[2001:db8::1]/x?sslmode=disable"}, "DATABASE_URL"),
    ({"REDIS_URL": "redis://cache.example.com/0"}, "REDIS_URL"),
    ({"MAIL_URL": "smtp://u:p@mail.example.com?starttls=false"}, "MAIL_URL"),
    ({"STORAGE_URL": "s3://bucket", "S3_ENDPOINT_URL": "http://10.0.0.7:9000"}, "S3_ENDPOINT_URL"),
    ({"FRONTEND_URL": "http://app.example.com"}, "FRONTEND_URL"),
    ({"CORS_ORIGINS": "https://a.example,http://b.example"}, "CORS_ORIGINS"),
    ({"RETURN_URL_ORIGINS": "http://b.example"}, "RETURN_URL_ORIGINS"),
    ({"FORWARDED_ALLOW_IPS": "*", "BIND": "0.0.0.0:80"}, "FORWARDED_ALLOW_IPS"),
    (PUBLIC | {"OUTBOUND_NETWORKS": "127.0.0.0/8"}, "OUTBOUND_NETWORKS"),
    (PUBLIC | {"OUTBOUND_NETWORKS": "10.1.0.0/16,169.254.169.254/32"}, "OUTBOUND_NETWORKS"),
    (PUBLIC | {"OUTBOUND_NETWORKS": "0.0.0.0/0"}, "OUTBOUND_NETWORKS"),
    (PUBLIC | {"OUTBOUND_NETWORKS": "::/0"}, "OUTBOUND_NETWORKS"),
    (PUBLIC | {"OUTBOUND_ALLOW_HTTP": "true"}, "OUTBOUND_ALLOW_HTTP"),
    (PUBLIC | {"ALLOW_TEST_CLOCK": "true"}, "ALLOW_TEST_CLOCK"),  # the default is TikTok itself
    ({"TIKTOK_CLIENT_SECRET": "sim-client-secret-0001"}, "TIKTOK_CLIENT_SECRET"),
    ({"SECRET_KEY": "0123456789abcdef" * 2}, "SECRET_KEY"),
]
SOUND = [
    {"DATABASE_URL": "postgresql://u:p@db.example.com/x?sslmode=verify-full"},
    {"DATABASE_URL": "postgresql://u:p@localhost/x"},
    {"DATABASE_URL": "postgresql://u:p@127.0.0.1/x"},
    {"DATABASE_URL": "postgresql://u:p@/x?host=/run/postgresql"},
    {"DATABASE_URL": "postgresql://u:p@postgres/x"},
    {"REDIS_URL": "rediss://cache.example.com/0"},
    {"REDIS_URL": "redis://redis:6379/0"},
    {"MAIL_URL": "smtp://u:p@mail.example.com"},
    {"MAIL_URL": "smtp://localhost:25?starttls=false"},
    {"STORAGE_URL": "s3://bucket", "S3_ENDPOINT_URL": "http://minio:9000"},
    {"CORS_ORIGINS": "http://localhost:3000,https://app.example"},
    {"OUTBOUND_NETWORKS": "127.0.0.0/8"},
    {"ALLOW_TEST_CLOCK": "true", "TIKTOK_API_URL": "https://tiktok.test"},
]


def doubts(read, values):
    settings = read("\n".join(f"{name}={value}" for name, value in values.items()), needed=needed(values))
    return {doubt.partition(":")[0] for doubt in rules.doubts(settings)}


def needed(values):
    usual = {
        "SECRET_KEY": "a secret for tests, forty characters long",
        "TIKTOK_CLIENT_KEY": "key",
        "TIKTOK_CLIENT_SECRET": "secret",
    }
    return {name: value for name, value in usual.items() if name not in values}


@pytest.mark.parametrize(("values", "name"), DOUBTFUL)
def test_what_exposes_a_secret_is_named(read, values, name):
    assert name in doubts(read, values)


@pytest.mark.parametrize("values", SOUND)
def test_what_exposes_nothing_is_not_named(read, values):
    assert doubts(read, values) & values.keys() == set()


def test_tls_that_libpq_is_told_of_by_the_environment_counts(read, monkeypatch):
    settings = read("DATABASE_URL=postgresql://u:p@db.example.com/x")
    monkeypatch.setenv("PGSSLMODE", "verify-full")

    assert "DATABASE_URL" not in {doubt.partition(":")[0] for doubt in rules.doubts(settings)}
