"""Dossiers and ownerships as they were first written, by field name, event ids as text: still read, never written."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from services.router.domain.lead import Dossier, IdentifierKey, Ownership, Sighting, Statement


class _Sighting(msgspec.Struct, frozen=True):
    at: int
    event: str

    def now(self) -> Sighting:
        return Sighting(self.at, UUID(self.event).bytes)


class _Statement(msgspec.Struct, frozen=True):
    value: str
    attested: bool
    seen: _Sighting

    def now(self) -> Statement:
        return Statement(self.value, self.attested, self.seen.now())


class _Dossier(msgspec.Struct, frozen=True):
    counts: dict[str, dict[int, int]] = {}
    recent: dict[str, tuple[_Sighting, ...]] = {}
    statements: dict[str, dict[str, tuple[_Statement, ...]]] = {}
    read: dict[str, _Sighting] = {}
    first: _Sighting | None = None
    last: _Sighting | None = None


class _Ownership(msgspec.Struct, frozen=True):
    claims: tuple[tuple[_Sighting, str], ...] = ()
    claimed: tuple[IdentifierKey, ...] = ()


_DOSSIER = msgspec.msgpack.Decoder(_Dossier)
_OWNERSHIP = msgspec.msgpack.Decoder(_Ownership)


def dossier(data: bytes) -> Dossier:
    """The dossier in these bytes. Raises `msgspec.DecodeError` where they are of something else."""
    found = _DOSSIER.decode(data)
    return Dossier(
        found.counts,
        {signal: tuple(seen.now() for seen in sightings) for signal, sightings in found.recent.items()},
        {field: _sources(sources) for field, sources in found.statements.items()},
        {what: seen.now() for what, seen in found.read.items()},
        found.first.now() if found.first is not None else None,
        found.last.now() if found.last is not None else None,
    )


def _sources(sources: Mapping[str, tuple[_Statement, ...]]) -> dict[str, tuple[Statement, ...]]:
    return {source: tuple(each.now() for each in said) for source, said in sources.items()}


def ownership(data: bytes) -> Ownership:
    """The ownership in these bytes. Raises `msgspec.DecodeError` where they are of something else."""
    found = _OWNERSHIP.decode(data)
    return Ownership(tuple((seen.now(), by) for seen, by in found.claims), found.claimed)
