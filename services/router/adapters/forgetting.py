"""Who asked to be forgotten, as keyed hashes: enough to know them again, not enough to say who they are."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.router.adapters import tables
from services.router.adapters.ask import Lock, Row
from services.router.adapters.state import State
from services.router.domain.lead import IdentifierKey


class Forgotten:
    """The list of the erased, under the deployment's key secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hashlib.sha256(secret).digest()

    def hash(self, key: IdentifierKey) -> UUID:
        """128 bits of keyed BLAKE2b of one identifier."""
        text = f"{key.kind.value}:{key.value}".encode("utf-8", "surrogatepass")
        return UUID(bytes=hashlib.blake2b(text, key=self._secret, digest_size=16).digest())

    async def among(
        self, connection: AsyncConnection, state: State, keys: Iterable[IdentifierKey]
    ) -> Mapping[IdentifierKey, int]:
        """Those of the identifiers whose person asked to be forgotten, and when (milliseconds, UTC)."""
        wanted = list(keys)
        (rows,) = await state.ask(connection, self.asking(wanted))
        return self.known(wanted, rows)

    def asking(self, keys: Iterable[IdentifierKey]) -> Lock:
        """Who of these asked to be forgotten? `known` reads the answer."""
        return Lock(tables.ERASED, [(one,) for one in sorted(map(self.hash, keys))])

    def known(self, keys: Iterable[IdentifierKey], rows: Sequence[Row]) -> Mapping[IdentifierKey, int]:
        """What the answer about these says."""
        hashes = {self.hash(key): key for key in keys}
        return {hashes[row[0]]: row[1] for row in rows}
