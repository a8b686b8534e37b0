"""The domain's values as bytes in the state: msgpack by field name, or as an array where every event reads it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import msgspec

from schemas.play import PlayText
from services.router.adapters import codec_by_name
from services.router.domain.assignment import Rotation
from services.router.domain.decision import Draw, Surroundings
from services.router.domain.handoff import Handoff, TriageItem
from services.router.domain.lead import Dossier, Ownership, Standing
from services.router.domain.world import Counted

T = TypeVar("T")
_ENCODER = msgspec.msgpack.Encoder()
EMPTY = b""
encode: Callable[[Any], bytes] = _ENCODER.encode
"""Any of the values below, as its codec writes it."""


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """One kind of value, to bytes and back."""

    decoder: "msgspec.msgpack.Decoder[T]"
    elder: Callable[[bytes], T] | None = None
    """Reads what was written before the value was kept as an array."""

    def encode(self, value: T) -> bytes:
        """Compact bytes; equal values give equal bytes as long as their mappings are in the same order."""
        return _ENCODER.encode(value)

    def decode(self, data: bytes) -> T:
        """The value. Raises `msgspec.DecodeError` where the bytes are of something else."""
        try:
            return self.decoder.decode(data)
        except msgspec.ValidationError:
            if self.elder is None:
                raise
            return self.elder(data)


DOSSIER: Codec[Dossier] = Codec(msgspec.msgpack.Decoder(Dossier), codec_by_name.dossier)
OWNERSHIP: Codec[Ownership] = Codec(msgspec.msgpack.Decoder(Ownership), codec_by_name.ownership)
STANDING: Codec[Standing] = Codec(msgspec.msgpack.Decoder(Standing))
HANDOFF: Codec[Handoff] = Codec(msgspec.msgpack.Decoder(Handoff))
TRIAGE: Codec[TriageItem] = Codec(msgspec.msgpack.Decoder(TriageItem))
SURROUNDINGS: Codec[Surroundings] = Codec(msgspec.msgpack.Decoder(Surroundings))
COUNTED: Codec[Counted] = Codec(msgspec.msgpack.Decoder(Counted))
DRAW: Codec[Draw] = Codec(msgspec.msgpack.Decoder(Draw))
PLAY_TEXT: Codec[PlayText] = Codec(msgspec.msgpack.Decoder(PlayText))
DROPPED: Codec[tuple[tuple[int, str], ...]] = Codec(msgspec.msgpack.Decoder(tuple[tuple[int, str], ...]))
CONTACTS: Codec[tuple[int, ...]] = Codec(msgspec.msgpack.Decoder(tuple[int, ...]))
ROTATION: Codec[Rotation] = Codec(msgspec.msgpack.Decoder(Rotation))

EMPTY_OWNERSHIP = Ownership()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(moment: datetime) -> int:
    """The instant as whole milliseconds since the epoch, UTC (rounded down)."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def instant(number: int) -> datetime:
    """The UTC instant of these milliseconds, exactly (no floating point)."""
    return datetime.fromtimestamp(number // 1000, UTC).replace(microsecond=number % 1000 * 1000)
