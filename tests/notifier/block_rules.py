"""Slack's rules for a message and a modal, as its reference states them, and the undocumented total.

https://docs.slack.dev/reference/block-kit, https://docs.slack.dev/reference/methods/chat.postMessage
"""

import json
import re
from collections.abc import Iterable
from typing import Any

TOTAL = 13_200
_ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")
_MARKED = re.compile(r"<(?:!date\^\d+\^[^|<>]+\|[^|<>]+|https://[^|<>\s]+\|[^|<>]+)>")
Fault = tuple[str, str]


def faults_of(given: dict[str, Any], longest_text: int = 40_000) -> Fault | None:
    """(Slack's error, why) for the first rule that chat.postMessage's or chat.update's arguments break."""
    text, blocks = given.get("text", ""), given.get("blocks") or []
    if not text and not blocks:
        return "no_text", ""
    if _units(text) > longest_text:
        return "msg_too_long", f"{_units(text)}"
    if _ENTITY.search(text) or "<" in text or ">" in text:
        return "invalid_arguments", "the text holds an unescaped character"
    if len(json.dumps(blocks, ensure_ascii=False)) > TOTAL:
        return "msg_blocks_too_long", f"{len(json.dumps(blocks))}"
    return faults_of_blocks(blocks, 50)


def faults_of_view(view: dict[str, Any]) -> Fault | None:
    """The same for views.open."""
    for name in ("title", "submit", "close"):
        if name in view and (fault := _text(view[name], 24, plain=True)):
            return "invalid_arguments", f"{name}: {fault}"
    if view["type"] != "modal" or "title" not in view or len(view.get("private_metadata", "")) > 3000:
        return "invalid_arguments", "no modal"
    if any(one["type"] == "input" for one in view["blocks"]) and "submit" not in view:
        return "invalid_arguments", "an input needs a submit"
    return faults_of_blocks(view["blocks"], 100)


def faults_of_blocks(blocks: list[dict[str, Any]], most: int) -> Fault | None:
    """The first block that breaks a rule."""
    if len(blocks) > most:
        return "invalid_blocks", f"{len(blocks)} blocks"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)):
        return "invalid_blocks", "two blocks have one id"
    for block in blocks:
        rule = _RULES.get(block.get("type", ""))
        fault = rule(block) if rule else f"unknown block {block.get('type')!r}"
        if fault:
            return "invalid_blocks", f"{block.get('type')}: {fault}"
    return None


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _text(text: dict[str, Any], limit: int, *, plain: bool = False) -> str:
    if text.get("type") not in ({"plain_text"} if plain else {"plain_text", "mrkdwn"}):
        return f"a text of type {text.get('type')!r}"
    if not 1 <= _units(text.get("text", "")) <= limit:
        return f"{_units(text.get('text', ''))} characters"
    if set(text) - {"type", "text", "emoji", "verbatim"} or (text["type"] == "mrkdwn" and "emoji" in text):
        return f"unknown fields {sorted(text)}"
    if text["type"] == "mrkdwn":
        rest = _MARKED.sub("", text["text"])
        if "<" in rest or ">" in rest or _ENTITY.search(rest):
            return "an unescaped character in mrkdwn"
    return ""


def _first(faults: Iterable[str]) -> str:
    return next((fault for fault in faults if fault), "")


def _header(block: dict[str, Any]) -> str:
    return _text(block["text"], 150, plain=True)


def _section(block: dict[str, Any]) -> str:
    return _text(block["text"], 3000)


def _context(block: dict[str, Any]) -> str:
    elements = block["elements"]
    return f"{len(elements)} elements" if not 1 <= len(elements) <= 10 else _first(_text(one, 2000) for one in elements)


def _actions(block: dict[str, Any]) -> str:
    elements = block["elements"]
    ids = [one.get("action_id", "") for one in elements]
    if not 1 <= len(elements) <= 25 or len(ids) != len(set(ids)):
        return f"{len(elements)} elements with the ids {ids}"
    return _first(_element(one) for one in elements)


def _input(block: dict[str, Any]) -> str:
    hint = _text(block["hint"], 2000, plain=True) if "hint" in block else ""
    return _text(block["label"], 2000, plain=True) or hint or _element(block["element"])


def _element(element: dict[str, Any]) -> str:
    if not 1 <= len(element.get("action_id", "")) <= 255:
        return "an action_id that is missing or too long"
    match element["type"]:
        case "button":
            fault = _text(element["text"], 75, plain=True)
            known = element.get("style") in {None, "primary", "danger"}
            return fault or ("" if known and len(element.get("value", "")) <= 2000 else "a button's style or value")
        case "static_select":
            groups = element.get("option_groups", [{"label": None, "options": element.get("options", [])}])
            labels = _first(_text(one["label"], 75, plain=True) for one in groups if one["label"])
            placeholder = _text(element.get("placeholder", {"type": "plain_text", "text": "x"}), 150, plain=True)
            return labels or placeholder or _first(_options(one["options"]) for one in groups)
        case "plain_text_input":
            return "" if 0 < element.get("max_length", 1) <= 3000 else "a max_length"
        case "datepicker":
            known = set(element) <= {"type", "action_id", "initial_date", "confirm", "focus_on_load", "placeholder"}
            return "" if known else f"unknown fields {sorted(element)}"
        case other:
            return f"unknown element {other!r}"


def _options(options: list[dict[str, Any]]) -> str:
    values = [one["value"] for one in options]
    if not 1 <= len(options) <= 100 or len(values) != len(set(values)):
        return f"{len(options)} options"
    return _first(
        _text(one["text"], 75, plain=True) or ("" if 1 <= len(one["value"]) <= 150 else "an option's value")
        for one in options
    )


_RULES = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "input": _input,
    "divider": lambda _: "",
}
