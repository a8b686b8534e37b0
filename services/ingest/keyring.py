"""The secrets of one source: several at once while they rotate, never empty, never shown."""

from collections.abc import Iterator, Sequence

from pydantic import SecretStr


def usable(secret: str) -> bool:
    """Is there anything in it? HMAC pads keys with NULs (RFC 2104), so that a key of NULs equals no key at all."""
    return bool(secret.strip(" \t\r\n\v\f\x00"))


class Keyring:
    """All secrets of a source that are accepted now. Blank ones are left out, so that they never verify anything."""

    __slots__ = ("_values",)

    def __init__(self, values: Sequence[SecretStr] = ()) -> None:
        plain = (value.get_secret_value() for value in values)
        self._values = tuple(value.encode() for value in plain if usable(value))

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Keyring({len(self._values)} hidden)"

    def labelled(self, *, default: str = "") -> Iterator[tuple[str, bytes]]:
        """(label, value) of secrets written as `label:value`; the label of one without a colon is `default`."""
        for secret in self._values:
            label, colon, value = secret.partition(b":")
            if not colon:
                yield default, secret
            elif usable(value.decode("utf-8", "replace")):
                yield label.decode("utf-8", "replace").strip(), value
