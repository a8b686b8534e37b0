"""Shows a Block Kit payload as Slack would: from the very payload that is sent, so that the page cannot flatter it."""

import html
import re
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from services.notifier.rendering import safe_url

_TOKEN = re.compile(r"<!date\^(\d+)\^[^|>]*\|([^>]*)>|<(https?://[^|>]+)\|([^>]*)>|\*([^*\n]+)\*")


@dataclass(frozen=True, slots=True)
class Control:
    """A button or a menu. `action` and `choice` are what pressing it means."""

    words: str
    action: str
    choice: str
    strong: bool
    menu: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """One block: its type, its texts as safe markup, its controls."""

    type: str
    texts: tuple[Markup, ...] = ()
    controls: tuple[Control, ...] = ()


def shown(payload: dict[str, Any]) -> list[Shown]:
    """The blocks of the payload, ready for the template."""
    return [_block(block) for block in payload["blocks"]]


def _block(block: dict[str, Any]) -> Shown:
    kind = str(block["type"])
    if kind == "actions":
        return Shown(kind, controls=tuple(_control(one) for one in block["elements"]))
    if kind == "context":
        return Shown(kind, tuple(_text(one) for one in block["elements"]))
    return Shown(kind, (_text(block["text"]),))


def _text(text: dict[str, Any]) -> Markup:
    if text["type"] == "plain_text":
        return Markup(html.escape(text["text"]))  # noqa: S704  (escaped on this very line)
    return _mrkdwn(text["text"])


def _mrkdwn(text: str) -> Markup:
    parts, last = [], 0
    for match in _TOKEN.finditer(text):
        parts.append(_escaped(text[last : match.start()]))
        parts.append(_token(match))
        last = match.end()
    return Markup("").join([*parts, _escaped(text[last:])])


def _token(match: "re.Match[str]") -> Markup:
    stamp, fallback, url, label, bold = match.groups()
    if stamp is not None:
        return Markup("{}").format(html.unescape(fallback))
    if url is not None:
        link = Markup('<a href="{}" rel="noreferrer noopener" target="_blank">{}</a>')
        address = safe_url(html.unescape(url))
        return link.format(address, html.unescape(label)) if address else _escaped(label)
    return Markup("<strong>{}</strong>").format(_mrkdwn(bold))


def _escaped(text: str) -> Markup:
    return Markup(html.escape(html.unescape(text)))  # noqa: S704  (escaped on this very line)


def _control(element: dict[str, Any]) -> Control:
    action, _, choice = str(element["action_id"]).partition(":")
    menu = element["type"] == "static_select"
    words = element["placeholder" if menu else "text"]["text"]
    return Control(words, action, choice, element.get("style") == "primary", menu)
