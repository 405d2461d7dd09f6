"""Personal data at rest: AES-256-GCM for reading back, HMAC-SHA256 blind indexes for looking up.

A plain hash would not do: the space of id numbers is small enough to try them all. Stored text is
`1:<base64 of nonce and ciphertext>`; the leading number is the key's generation.
"""

import base64
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

GENERATION = "1"


@lru_cache(maxsize=8)
def _derived(root: str, purpose: str) -> bytes:
    return hmac.new(bytes.fromhex(root), purpose.encode(), hashlib.sha256).digest()


@lru_cache(maxsize=8)
def _cipher(root: str) -> AESGCM:
    return AESGCM(_derived(root, "field-encryption"))


def encrypt(text: str) -> str:
    """Encrypt text for storage; the same text never looks the same twice."""
    nonce = os.urandom(12)
    sealed = _cipher(settings.SHEBAO_FIELD_KEY).encrypt(nonce, text.encode(), None)
    return f"{GENERATION}:{base64.b64encode(nonce + sealed).decode()}"


def decrypt(stored: str) -> str:
    """The text behind `encrypt`. Raises cryptography's InvalidTag when a byte was changed."""
    generation, _, body = stored.partition(":")
    if generation != GENERATION:
        raise ValueError(f"unknown key generation {generation!r}")
    raw = base64.b64decode(body)
    return _cipher(settings.SHEBAO_FIELD_KEY).decrypt(raw[:12], raw[12:], None).decode()


def seal(content: bytes) -> bytes:
    """Encrypt a file's bytes for storage."""
    nonce = os.urandom(12)
    return GENERATION.encode() + nonce + _cipher(settings.SHEBAO_FIELD_KEY).encrypt(nonce, content, b"file")


def unseal(stored: bytes) -> bytes:
    """The bytes behind `seal`. Raises ValueError when a byte was changed."""
    if stored[:1] != GENERATION.encode():
        raise ValueError(f"unknown key generation {stored[:1]!r}")
    try:
        return _cipher(settings.SHEBAO_FIELD_KEY).decrypt(stored[1:13], stored[13:], b"file")
    except InvalidTag as error:
        raise ValueError("the stored bytes were changed") from error


def blind_index(scope: str, text: str) -> str:
    """A keyed digest to look `text` up by, separate for every scope (32 hex digits)."""
    key = _derived(settings.SHEBAO_FIELD_KEY, f"blind-index:{scope}")
    return hmac.digest(key, text.encode(), "sha256").hex()[:32]
