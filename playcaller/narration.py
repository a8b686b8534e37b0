"""What a service process tells the terminal that started it: one JSON line each, on its standard output."""

import sys
from typing import TypeAlias

import msgspec

from services.router.narration import Narration


class Listening(msgspec.Struct, frozen=True, kw_only=True, tag="listening"):
    """A service has begun its work; `url` is where it answers, empty where it answers nowhere."""

    role: str
    url: str = ""


class Routed(msgspec.Struct, frozen=True, kw_only=True, tag="routed"):
    """The router did something."""

    narration: Narration


News: TypeAlias = Listening | Routed

_DECODER: "msgspec.json.Decoder[News]" = msgspec.json.Decoder(Listening | Routed)


def say(news: News) -> None:
    """Tell the parent process."""
    sys.stdout.buffer.write(msgspec.json.encode(news) + b"\n")
    sys.stdout.buffer.flush()


def heard(line: bytes) -> News | None:
    """What a child said; None for a line that is none of ours (a library that prints)."""
    try:
        return _DECODER.decode(line)
    except msgspec.MsgspecError:
        return None
