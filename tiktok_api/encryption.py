"""Secrets at rest: AES-256-GCM with a key ring, each secret bound to the table, row and column it lives in."""

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tiktok_api.settings import KeyRing

_NONCE_BYTES = 12  # NIST SP 800-38D, 8.2.2: random nonces of 96 bits


class DecryptionFailed(Exception):
    """The sealed bytes were made for another place, by another key, or were tampered with."""


class Encryptor:
    """Seals with the current key; opens with any key of the ring."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.current_key_id = next(iter(keys))

    def encrypt(self, secret: str, *, table: str, row: UUID, column: str) -> bytes:
        """`secret` encrypted for exactly this place: key id, `:`, nonce, ciphertext with tag."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._keys[self.current_key_id].encrypt(nonce, secret.encode(), _place(table, row, column))
        return self.current_key_id.encode() + b":" + nonce + sealed

    def decrypt(self, sealed: bytes, *, table: str, row: UUID, column: str) -> str:
        """The secret again. Raises DecryptionFailed."""
        key_id, _, rest = sealed.partition(b":")
        key = self._keys.get(key_id.decode("ascii", "replace"))
        if key is None:
            raise DecryptionFailed(f"no key {key_id!r} in the ring")
        try:
            return key.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], _place(table, row, column)).decode()
        except InvalidTag as error:
            raise DecryptionFailed(f"{table}.{column} cannot be opened") from error


def _place(table: str, row: UUID, column: str) -> bytes:
    """What a value is bound to. Columns ended with `_sealed` when the first values were encrypted, and bound they stay."""
    name = f"{column.removesuffix('_encrypted')}_sealed" if column.endswith("_encrypted") else column
    return f"{table}/{row}/{name}".encode()
