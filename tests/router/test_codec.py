"""What the state holds can be read again: as it is written now, and as it was written by field name."""

from uuid import UUID

import msgspec
import pytest

from schemas.event import IdentifierKind
from services.router.adapters import codec
from services.router.domain.lead import Dossier, IdentifierKey, Ownership, Sighting, Statement
from tests.router.builders import an_id

_VISIT, _FORM = an_id("a visit"), an_id("a form")
_COOKIE = IdentifierKey(IdentifierKind.COOKIE, "website:c1")


def seen(at: int, event: UUID) -> Sighting:
    return Sighting(at, event.bytes)


ADA = Dossier(
    {"visit": {739_873: 2, 739_874: 1}},
    {"visit": (seen(2_000, _FORM), seen(1_000, _VISIT))},
    {"title": {"website": (Statement("VP Sales", False, seen(2_000, _FORM)),)}},
    {"/pricing": seen(1_000, _VISIT)},
    seen(1_000, _VISIT),
    seen(2_000, _FORM),
)
OWNED = Ownership(((seen(2_000, _FORM), "ada@acme.example"),), (_COOKIE,))


def by_name(value: object) -> object:
    """As the first version wrote it: names instead of places, ids as text, nothing that is empty."""
    if isinstance(value, msgspec.Struct):
        found = {name: by_name(getattr(value, name)) for name in value.__struct_fields__}
        return {name: one for name, one in found.items() if one not in (None, {}, [])}
    if isinstance(value, dict):
        return {key: by_name(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return [by_name(one) for one in value]
    return str(UUID(bytes=value)) if isinstance(value, bytes) else value


@pytest.mark.parametrize("dossier", [Dossier(), ADA], ids=["nothing known", "Ada"])
def test_a_dossier_is_read_as_it_was_written_now_and_before(dossier: Dossier) -> None:
    before = msgspec.msgpack.encode(by_name(dossier))

    assert codec.DOSSIER.decode(codec.DOSSIER.encode(dossier)) == codec.DOSSIER.decode(before) == dossier


@pytest.mark.parametrize("ownership", [Ownership(), OWNED], ids=["nobody's", "Ada's"])
def test_an_ownership_is_read_as_it_was_written_now_and_before(ownership: Ownership) -> None:
    before = msgspec.msgpack.encode(by_name(ownership))

    assert codec.OWNERSHIP.decode(codec.OWNERSHIP.encode(ownership)) == codec.OWNERSHIP.decode(before) == ownership


def test_a_dossier_takes_half_the_bytes_it_took_by_name() -> None:
    before = msgspec.msgpack.encode(by_name(ADA))

    assert len(codec.DOSSIER.encode(ADA)) <= 0.6 * len(before)


def test_bytes_of_something_else_are_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        codec.DOSSIER.decode(msgspec.msgpack.encode({"counts": "many"}))
