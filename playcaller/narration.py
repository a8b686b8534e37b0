"""What a service process tells the terminal that started it: one JSON line each, on its standard output."""

import sys
from typing import TypeAlias

import msgspec

from schemas.event import Event
from schemas.verdict import Verdict


class Listening(msgspec.Struct, frozen=True, kw_only=True, tag="listening"):
    """A service answers at this address now."""

    role: str
    url: str


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """A service that answers at no address of its own has begun its work."""

    role: str


class Judged(msgspec.Struct, frozen=True, kw_only=True, tag="judged"):
    """One event, without the sender's raw bytes, and what it led to."""

    event: Event
    verdict: Verdict


Narration: TypeAlias = Listening | Ready | Judged

_DECODER: "msgspec.json.Decoder[Narration]" = msgspec.json.Decoder(Listening | Ready | Judged)


def judged(event: Event, verdict: Verdict) -> Judged:
    """The narration of one decision; the raw payload stays where it is."""
    return Judged(event=msgspec.structs.replace(event, raw=None), verdict=verdict)


def say(narration: Narration) -> None:
    """Tell the parent process."""
    sys.stdout.buffer.write(msgspec.json.encode(narration) + b"\n")
    sys.stdout.buffer.flush()


def heard(line: bytes) -> Narration | None:
    """What a child said; None for a line that is no narration (a library that prints)."""
    try:
        return _DECODER.decode(line)
    except msgspec.MsgspecError:
        return None
