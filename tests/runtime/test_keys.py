"""Keyed hashes: standard HMAC-SHA256 (RFC 2104), whatever the length of the secret."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.keys import hmac_sha256, keyed_hash


def test_the_second_example_of_rfc_4231_holds() -> None:
    actual = hmac_sha256(b"Jefe", b"what do ya want for nothing?").hex()

    assert actual == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


@pytest.mark.parametrize("length", [1, 63, 64, 65, 200])
def test_a_secret_of_any_length_gives_what_the_standard_library_gives(length: int) -> None:
    secret = bytes(range(1, length + 1))

    actual = hmac_sha256(secret, b"ada@acme.example")

    assert actual == hmac.digest(secret, b"ada@acme.example", "sha256")


@given(secret=st.binary(min_size=1, max_size=130), data=st.binary(max_size=300))
def test_every_secret_and_text_give_what_the_standard_library_gives(secret: bytes, data: bytes) -> None:
    actual = hmac_sha256(secret, data), hmac_sha256(secret, data)

    assert actual == (hmac.digest(secret, data, "sha256"),) * 2


def test_a_key_on_the_log_is_the_first_half_of_the_hash_of_its_text() -> None:
    actual = keyed_hash(b"a key", "email:grace@acme.example")

    assert actual == hmac.digest(b"a key", b"email:grace@acme.example", "sha256")[:16]
