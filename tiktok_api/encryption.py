"""Secrets at rest: AES-256-GCM with a key ring; each value is bound to the table, row and column that holds it.

A token of ours that is only looked up is stored as its hash.
"""

import hashlib
import os
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column
from sqlalchemy.orm import InstrumentedAttribute

from tiktok_api.settings import KeyRing

_NONCE_BYTES = 12  # NIST SP 800-38D, 8.2.2: random nonces of 96 bits

EncryptedColumn = InstrumentedAttribute[Any] | Column[Any]
"""A column that holds encrypted values, as a model names it (`Account.access_token_encrypted`) or as its table does."""


class DecryptionFailed(Exception):
    """The value was encrypted for another place or with another key, or was changed."""


class Encryptor:
    """Encrypts with the current key; decrypts with any key of the ring."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.current_key_id = next(iter(keys))

    def encrypt(self, secret: str, column: EncryptedColumn, row_id: UUID) -> bytes:
        """Returns `secret` encrypted for this column of this row: key id, `:`, nonce, ciphertext with tag."""
        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = self._keys[self.current_key_id].encrypt(nonce, secret.encode(), _place(column, row_id))
        return self.current_key_id.encode() + b":" + nonce + ciphertext

    def decrypt(self, encrypted: bytes, column: EncryptedColumn, row_id: UUID) -> str:
        """Returns the secret that was encrypted for this column of this row. Raises DecryptionFailed."""
        key_id, _, rest = encrypted.partition(b":")
        key = self._keys.get(key_id.decode("ascii", "replace"))
        if key is None:
            raise DecryptionFailed(f"no key {key_id!r} in the ring")
        try:
            return key.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], _place(column, row_id)).decode()
        except InvalidTag as error:
            raise DecryptionFailed(f"{column.table.name}.{column.name} cannot be decrypted") from error


def _place(column: EncryptedColumn, row_id: UUID) -> bytes:
    """Returns what a value is bound to.

    Columns ended with `_sealed` when the first values were encrypted; those values stay bound to the old names.
    """
    name = f"{column.name.removesuffix('_encrypted')}_sealed" if column.name.endswith("_encrypted") else column.name
    return f"{column.table.name}/{row_id}/{name}".encode()


def hash_token(token: str) -> str:
    """Returns what is stored of a token: unsalted and fast on purpose, since 256 random bits cannot be guessed and the hash is looked up."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
