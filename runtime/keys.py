"""Keys on the log: keyed hashes, so that nobody who reads the log reads who it is about."""

import hashlib
from functools import lru_cache

_BLOCK = 64
"""Bytes that SHA-256 takes at once."""
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


def keyed_hash(secret: bytes, text: str) -> bytes:
    """16 bytes: HMAC-SHA256 (RFC 2104) of the text, truncated. Equal text, equal key, equal partition."""
    return hmac_sha256(secret, text.encode("utf-8", "surrogatepass"))[:16]


def hmac_sha256(secret: bytes, data: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104). What depends on the secret alone is made once, as its section 4 proposes."""
    first, last = _begun(secret)
    inner, outer = first.copy(), last.copy()
    inner.update(data)
    outer.update(inner.digest())
    return outer.digest()


@lru_cache(maxsize=256)
def _begun(secret: bytes) -> "tuple[hashlib._Hash, hashlib._Hash]":
    key = (hashlib.sha256(secret).digest() if len(secret) > _BLOCK else secret).ljust(_BLOCK, b"\0")
    return hashlib.sha256(key.translate(_INNER)), hashlib.sha256(key.translate(_OUTER))
