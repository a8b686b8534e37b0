"""Reads the story: scenes from `story.yaml`, payloads from files beside it, with fresh times and ids each time."""

import json
import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HERE = Path(__file__).parent
PLACEHOLDER = re.compile(r"\{\{([a-z_]+)(?::([\w.-]+))?([+-]\d+[smhd])?\}\}")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Post:
    """One webhook: from which source, to which of its doors, with which payload."""

    source: str
    door: str
    payload: Any


@dataclass(frozen=True, slots=True)
class Scene:
    """What happens, in a sentence, and the webhooks it makes.

    `aside` names the type of the events it makes where the story goes on before they are judged.
    """

    name: str
    tell: str
    posts: tuple[Post, ...]
    aside: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """One telling of the story: when, and the how manieth in this data directory. Its people are new each time."""

    now: datetime
    take: int

    def fill(self, node: Any) -> Any:
        """The payload with every `{{…}}` replaced.

        `{{now-5m}}` RFC 3339 in UTC · `{{ms-5m}}` and `{{s-5m}}` epoch milliseconds and seconds, as numbers where they
        stand alone · `{{id:name}}`, `{{uuid:name}}`, `{{number:name}}` stable within a telling · `{{take}}` empty, then
        2, 3, …
        """
        if isinstance(node, dict):
            return {key: self.fill(value) for key, value in node.items()}
        if isinstance(node, list):
            return [self.fill(item) for item in node]
        if not isinstance(node, str):
            return node
        whole = PLACEHOLDER.fullmatch(node)
        return self._value(whole) if whole else PLACEHOLDER.sub(lambda match: str(self._value(match)), node)

    def _value(self, match: re.Match[str]) -> str | int:
        word, name, shift = match.groups()
        moment = self.now + _shift(shift)
        own = uuid.uuid5(uuid.NAMESPACE_URL, f"{self.now.isoformat()}/{self.take}/{name}")
        values: dict[str, str | int] = {
            "now": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "ms": int(moment.timestamp() * 1000),
            "s": int(moment.timestamp()),
            "uuid": str(own),
            "id": own.hex[:20],
            "number": own.int % 10**9,
            "take": str(self.take) if self.take > 1 else "",
        }
        if word not in values:
            raise ValueError(f"{match.group()} in a story's payload is no placeholder: see Telling.fill")
        return values[word]


def _shift(text: str | None) -> timedelta:
    return timedelta(**{UNITS[text[-1]]: int(text[:-1])}) if text else timedelta()


def scenes(telling: Telling, folder: Path = HERE) -> tuple[Scene, ...]:
    """The story, ready to be sent."""
    script = YAML(typ="safe").load((folder / "story.yaml").read_text("utf-8"))
    return tuple(_scene(entry, telling, folder) for entry in script["scenes"])


def _scene(entry: dict[str, Any], telling: Telling, folder: Path) -> Scene:
    posts = tuple(
        Post(
            source=post["source"],
            door=post.get("door", ""),
            payload=telling.fill(json.loads((folder / "payloads" / post["payload"]).read_text("utf-8"))),
        )
        for post in entry["posts"]
    )
    return Scene(name=entry["name"], tell=entry["tell"], posts=posts, aside=entry.get("aside", ""))
