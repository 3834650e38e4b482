"""Small things kept on disk that only this person's csvpn can read again: AES-256-GCM.

The key comes from the credential store (`CredentialStore.sealing_key`) and never lies beside what
it seals. What is sealed is bound to what it is about, so that it cannot be put somewhere else.

    magic "csv1" | fingerprint of the key, 6 bytes | nonce, 12 bytes | ciphertext and tag
"""

import base64
import binascii
import os
from typing import Final, Self

import msgspec

from tui.safety.secret import Secret

KEY_BYTES: Final = 32
_MAGIC: Final = b"csv1"
_MARK_BYTES: Final = 6
_NONCE_BYTES: Final = 12
_HEAD: Final = len(_MAGIC) + _MARK_BYTES
_SHORTEST: Final = _HEAD + _NONCE_BYTES + 16


class SealError(Exception):
    """What was sealed cannot be read; `str()` says why."""


class AnotherKey(SealError):
    """It was sealed with a key that is not the one at hand."""


class SealBroken(SealError):
    """It is not what was sealed, or is not about what it should be about."""


class SealingKey(msgspec.Struct, frozen=True):
    """A random key of 256 bits; printing it shows nothing of it."""

    secret: Secret
    """The key in base64, as a keyring keeps it."""
    persistent: bool
    """Whether a later start has it too. Without, nothing sealed with it outlives this run."""

    @classmethod
    def new(cls, *, persistent: bool) -> Self:
        """A key that nobody has had before."""
        return cls(Secret(base64.b64encode(os.urandom(KEY_BYTES)).decode()), persistent)

    @property
    def mark(self) -> str:
        """Twelve hexadecimal digits by which two keys are told apart; no secret."""
        return self.secret.fingerprint()

    def raw(self) -> bytes:
        """The 32 bytes. Raises `SealError` where the store gave back something else."""
        try:
            key = base64.b64decode(self.secret.reveal(), validate=True)
        except (binascii.Error, ValueError) as error:
            raise SealError("the key for sealing is not base64") from error
        if len(key) != KEY_BYTES:
            raise SealError(f"the key for sealing has {len(key)} bytes and not {KEY_BYTES}")
        return key


def seal(key: SealingKey, plaintext: bytes, about: bytes) -> bytes:
    """`plaintext`, sealed; the same `about` (not secret) has to be given to read it again."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # slow to load, seldom needed

    nonce = os.urandom(_NONCE_BYTES)
    head = _MAGIC + bytes.fromhex(key.mark)
    return head + nonce + AESGCM(key.raw()).encrypt(nonce, plaintext, head + about)


def unseal(key: SealingKey, sealed: bytes, about: bytes) -> bytes:
    """What `seal` was given. Raises `AnotherKey` or `SealBroken`."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(sealed) < _SHORTEST or not sealed.startswith(_MAGIC):
        raise SealBroken("this is nothing that csvpn has sealed")
    head, rest = sealed[:_HEAD], sealed[_HEAD:]
    if head[len(_MAGIC) :].hex() != key.mark:
        raise AnotherKey("this was sealed with another key, which this run does not have")
    nonce, box = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
    try:
        return AESGCM(key.raw()).decrypt(nonce, box, head + about)
    except InvalidTag as error:
        raise SealBroken("what was sealed has been changed, or is about something else") from error
