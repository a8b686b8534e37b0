"""Keys on the log: keyed hashes, so that nobody who reads the log reads who it is about."""

import hmac


def keyed_hash(secret: bytes, text: str) -> bytes:
    """16 bytes: HMAC-SHA256 (RFC 2104) of the text, truncated. Equal text, equal key, equal partition."""
    return hmac.digest(secret, text.encode("utf-8", "surrogatepass"), "sha256")[:16]
