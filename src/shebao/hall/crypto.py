"""Personal data at rest: AES-256-GCM for reading back, HMAC-SHA256 blind indexes for looking up.

A plain hash would not do: the space of id numbers is small enough to try them all. Every employer has a key of its
own, derived from the installation's: what one employer's key opens says nothing about another's. Stored text is
`2:<owner>:<base64 of nonce and ciphertext>`; the leading number is the key's generation, the owner is the employer's
primary key, and 0 is the register that belongs to the agency (docs/decisions/0010). Generation 1 had one key for all.
"""

import base64
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

GENERATION = "2"
REGISTER = 0
"""The owner of what belongs to no employer: the register of persons, registrations, the agency's own."""
OWNER_BYTES = 8


@lru_cache(maxsize=64)
def _derived(root: str, purpose: str) -> bytes:
    return hmac.new(bytes.fromhex(root), purpose.encode(), hashlib.sha256).digest()


@lru_cache(maxsize=4096)
def _cipher(root: str, owner: int | None) -> AESGCM:
    """The cipher of one employer; None is generation 1's."""
    return AESGCM(_derived(root, "field-encryption" if owner is None else f"field-encryption:{owner}"))


def encrypt(text: str, owner: int = REGISTER) -> str:
    """Encrypt text for storage with its owner's key; the same text never looks the same twice."""
    nonce = os.urandom(12)
    sealed = _cipher(settings.SHEBAO_FIELD_KEY, owner).encrypt(nonce, text.encode(), None)
    return f"{GENERATION}:{owner}:{base64.b64encode(nonce + sealed).decode()}"


def decrypt(stored: str) -> str:
    """The text behind `encrypt`. Raises cryptography's InvalidTag when a byte or the owner was changed."""
    generation, _, body = stored.partition(":")
    owner = None
    if generation == GENERATION:
        name, _, body = body.partition(":")
        owner = int(name)
    elif generation != "1":
        raise ValueError(f"unknown key generation {generation!r}")
    raw = base64.b64decode(body)
    return _cipher(settings.SHEBAO_FIELD_KEY, owner).decrypt(raw[:12], raw[12:], None).decode()


def seal(content: bytes, owner: int = REGISTER) -> bytes:
    """Encrypt a file's bytes for storage with its owner's key."""
    nonce = os.urandom(12)
    head = GENERATION.encode() + owner.to_bytes(OWNER_BYTES)
    return head + nonce + _cipher(settings.SHEBAO_FIELD_KEY, owner).encrypt(nonce, content, b"file")


def unseal(stored: bytes) -> bytes:
    """The bytes behind `seal`. Raises ValueError when a byte was changed."""
    generation, body, owner = stored[:1], stored[1:], None
    if generation == GENERATION.encode():
        owner, body = int.from_bytes(body[:OWNER_BYTES]), body[OWNER_BYTES:]
    elif generation != b"1":
        raise ValueError(f"unknown key generation {generation!r}")
    try:
        return _cipher(settings.SHEBAO_FIELD_KEY, owner).decrypt(body[:12], body[12:], b"file")
    except InvalidTag as error:
        raise ValueError("the stored bytes were changed") from error


def blind_index(scope: str, text: str) -> str:
    """A keyed digest to look `text` up by, separate for every scope (32 hex digits)."""
    key = _derived(settings.SHEBAO_FIELD_KEY, f"blind-index:{scope}")
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]
