"""Who asked to be forgotten, as keyed hashes: enough to know them again, not enough to say who they are."""

import hashlib
from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.router.adapters import tables
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
        hashes = {self.hash(key): key for key in keys}
        rows = await state.lock(connection, tables.ERASED, [(one,) for one in sorted(hashes)])
        return {hashes[row[0]]: row[1] for row in rows}
