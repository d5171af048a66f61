"""What encrypted values are bound to: databases keep them for years, so it never changes, whatever columns are called."""

from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tiktok_api.accounts.models import Account, Connection, Revocation
from tiktok_api.analytics.reports.models import ReportSchedule
from tiktok_api.encryption import Encryptor
from tiktok_api.key_rotation import encrypted_columns
from tiktok_api.media.models import MediaImport
from tiktok_api.posts.models import Attempt
from tiktok_api.web.idempotency import IdempotencyKey

KEY, NONCE, ROW = bytes(range(32)), bytes(range(12)), UUID("01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e")
PLACES = [
    (Account.access_token_encrypted, "accounts", "access_token_sealed"),
    (Account.refresh_token_encrypted, "accounts", "refresh_token_sealed"),
    (Attempt.upload_url_encrypted, "attempts", "upload_url_sealed"),
    (Connection.code_verifier_encrypted, "connections", "code_verifier_sealed"),
    (IdempotencyKey.answer, "idempotency_keys", "answer"),
    (MediaImport.url_encrypted, "media_imports", "url_sealed"),
    (ReportSchedule.webhook_secret_encrypted, "report_schedules", "webhook_secret_sealed"),
    (Revocation.access_token_encrypted, "revocations", "access_token_sealed"),
    (Revocation.refresh_token_encrypted, "revocations", "refresh_token_sealed"),
]
"""Each column, and the table and column that its first values were bound to."""


@pytest.mark.parametrize(("column", "table", "name"), PLACES, ids=[f"{table}.{name}" for _, table, name in PLACES])
def test_the_first_values_of_a_column_are_still_readable(column, table, name):
    first = b"first:" + NONCE + AESGCM(KEY).encrypt(NONCE, b"a secret", f"{table}/{ROW}/{name}".encode())

    assert Encryptor({"first": KEY}).decrypt(first, column, ROW) == "a secret"


def test_every_encrypted_column_is_here():
    assert {column.expression for column, _, _ in PLACES} == set(encrypted_columns())
