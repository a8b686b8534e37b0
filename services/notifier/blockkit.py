"""A card as a Slack message (https://docs.slack.dev/reference/block-kit), within every limit, documented or found.

Whatever a stranger may have typed stands in `plain_text` with `emoji: false`, where Slack reads no markup at all;
`mrkdwn` holds only our own words. The top-level text carries the whole play: it is all that screen readers read.
"""

import json
import re
from datetime import datetime
from itertools import chain
from typing import Any, TypeAlias
from uuid import UUID

from schemas.play import ActionKind
from services.notifier.card import Card
from services.notifier.choices import SNOOZE, STARS, TRIAGE
from services.notifier.rendering import clipped, units
from services.notifier.sheet import Sheet, clock_words, sheet_of

Block: TypeAlias = dict[str, Any]
MOST = 11_000
"""UTF-16 units of JSON for all blocks; Slack refuses at about 13 200 (`msg_blocks_too_long`)."""
LONGEST_SECTION = 2_900
"""Of one section's text; Slack refuses more than 3 000."""
LONGEST_TEXT = 3_800
"""Of the top-level text; `chat.update` refuses more than 4 000."""

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
"""The ampersand first: it stands in the others."""
ACTION_WORDS = {
    ActionKind.ACCEPT: "Accept",
    ActionKind.REJECT: "Reject…",
    ActionKind.ATTEMPT: "Log attempt…",
    ActionKind.OUTCOME: "Outcome…",
}


def message(card: Card) -> dict[str, Any]:
    """`text` and `blocks` for chat.postMessage and chat.update; a follow-up in a thread has text alone."""
    if "slack" not in card.drawn:
        sheet = sheet_of(card)
        card.drawn["slack"] = {"text": escaped(fallback(sheet), LONGEST_TEXT), "blocks": blocks(card, sheet)}
    drawn: dict[str, Any] = card.drawn["slack"]
    return drawn


def escaped(text: str, limit: int) -> str:
    """The text with Slack's three control characters escaped, cut so that no entity is broken."""
    whole = text
    for character, entity in _ENTITIES.items():
        whole = whole.replace(character, entity)
    if units(whole) <= limit:
        return whole
    kept: list[str] = []
    total = 0
    for character in text:
        safe = _ENTITIES.get(character, character)
        total += units(safe)
        if total > limit:
            break
        kept.append(safe)
    return "".join(kept) + "…"


def fallback(sheet: Sheet) -> str:
    """The whole play as plain text, the most urgent first."""
    parts = [
        sheet.notice,
        sheet.acted,
        " · ".join(part for part in (sheet.priority, sheet.headline, sheet.standing, sheet.deadline_words) if part),
    ]
    if sheet.whole:
        parts += [
            _labelled("Why now", "\n".join(f"• {one}" for one in sheet.why_now)),
            _labelled("When to call", _calling(sheet)),
            _labelled("Say", sheet.talk_track),
            _labelled("Ask", "\n".join(f"• {one}" for one in sheet.questions)),
            _labelled("Voicemail", sheet.voicemail),
            _labelled("Follow up", "\n".join(part for part in (sheet.follow_up, sheet.attempts) if part)),
            _labelled("Email", "\n".join(part for part in (sheet.email_subject, sheet.email_body) if part)),
        ]
    return "\n\n".join(part for part in parts if part)


def blocks(card: Card, sheet: Sheet) -> list[Block]:
    """The blocks: what is needed to act first, the rest as long as there is room."""
    head = _head(card, sheet)
    buttons = _buttons(card, sheet)
    if not sheet.whole:
        return head + buttons if card.whole else head
    needed = [*head, *_urgent(sheet), *buttons]
    details = _details(sheet)
    whole = [*needed, *chain.from_iterable(details)]
    if _size([*whole, *_MORE]) <= MOST:
        return whole
    room, extra = MOST - _size([*needed, *_MORE]), list[Block]()
    for wanted in details:
        room -= _size(wanted)  # sizes add up: what a comma takes between two lists, their brackets took
        if room < 0:
            break
        extra += wanted
    return [*needed, *extra, *_MORE]


def _size(some: list[Block]) -> int:
    return units(json.dumps(some, ensure_ascii=False))


def _plain(text: str, limit: int = LONGEST_SECTION) -> Block:
    return {"type": "plain_text", "text": clipped(text, limit) or " ", "emoji": False}


def _labelled(label: str, text: str) -> str:
    return f"{label}:\n{text}" if text else ""


def _part(label: str, text: str) -> list[Block]:
    if not text:
        return []
    return [
        {"type": "context", "elements": [{"type": "mrkdwn", "text": f"*{label}*"}]},
        {"type": "section", "text": _plain(text)},
    ]


_MORE: list[Block] = [{"type": "context", "elements": [_plain("The rest of the play is in your inbox.")]}]


def _head(card: Card, sheet: Sheet) -> list[Block]:
    marked = f"{sheet.priority} · {sheet.headline}" if sheet.priority else sheet.headline
    standing: list[Block] = [_plain(sheet.standing, 300)]
    if sheet.deadline is not None and sheet.deadline_words:
        standing.append(
            {"type": "mrkdwn", "text": _date(sheet.deadline, sheet.deadline_words.split()[0], card.time_zone)}
        )
    head: list[Block] = [
        {"type": "header", "text": _plain(marked, 150)},
        {"type": "context", "elements": standing},
    ]
    if sheet.notice:
        head.append({"type": "section", "text": _plain(sheet.notice)})
    if sheet.acted:
        head.append({"type": "context", "elements": [_plain(sheet.acted, 300)]})
    return head


def _date(moment: datetime, verb: str, zone: str) -> str:
    """Slack shows `<!date^…>` on the reader's own clock; the fallback is on the rep's."""
    shown = "{date_short_pretty} at {time}"
    return f"*{verb} by <!date^{int(moment.timestamp())}^{shown}|{clock_words(moment, zone)}>*"


def _calling(sheet: Sheet) -> str:
    reach = " · ".join(part for part in (sheet.phone, sheet.email) if part)
    return "\n".join(part for part in (sheet.when_to_call, reach) if part)


def _urgent(sheet: Sheet) -> list[Block]:
    first = ("Email first", "\n".join(part for part in (sheet.email_subject, sheet.email_body) if part))
    say = ("Say this", clipped(sheet.talk_track, 2000))
    return [
        *_part("Why now", clipped("\n".join(f"• {one}" for one in sheet.why_now), 900)),
        *_part("When to call", clipped(_calling(sheet), 400)),
        *_part(*((first[0], clipped(first[1], 2000)) if sheet.email_first else say)),
        *_part("Ask", clipped("\n".join(f"• {one}" for one in sheet.questions), 900)),
    ]


def _linked(sheet: Sheet) -> list[Block]:
    """The playbook's own links: the only ones that can be clicked, and never a stranger's."""
    if not sheet.links:
        return []
    rows = [f"<{escaped(one.url, 2000)}|{_label(one.title)}>" for one in sheet.links]
    texts = rows if len("\n".join(rows)) <= LONGEST_SECTION else rows[:1]
    return [
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "*Send*"}]},
        {"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(texts)}},
    ]


def _label(title: str) -> str:
    return escaped(re.sub(r"[|*_~`<>]", " ", title).strip(), 140) or "Link"


def _details(sheet: Sheet) -> list[list[Block]]:
    known = [f"{label}: {value}" for label, value in sheet.facts]
    known += [f"{one.label}: {'unknown' if one.unknown else one.value}" for one in sheet.qualification]
    mail = "\n".join(part for part in (sheet.email_subject, sheet.email_body) if part)
    called = ("If they pick up", sheet.talk_track) if sheet.email_first else ("Email", mail)
    parts = [
        _part("Objective", sheet.objective),
        _part("If voicemail", sheet.voicemail),
        _part("Follow up", "\n".join(part for part in (sheet.follow_up, sheet.attempts) if part)),
        _part(*called),
        _part("Wedge", sheet.wedge),
        _linked(sheet),
        _part("Game plan", sheet.game_plan),
        _part("What we know", "\n".join(known)),
        _part("Tone", sheet.tone),
        _part("Snippets", "\n".join(sheet.snippets)),
        _part("What they did", "\n".join(f"• {one}" for one in sheet.history)),
    ]
    return [part for part in parts if part]


def _buttons(card: Card, sheet: Sheet) -> list[Block]:
    handoff = card.handoff
    if ActionKind.TRIAGE in sheet.actions:
        triage = [_button(f"triage:{choice}", words, handoff) for choice, words in TRIAGE.items()]
        triage[0]["style"] = "primary"
        return [{"type": "actions", "block_id": "triage", "elements": triage}]
    row = [_button(kind.value, words, handoff) for kind, words in ACTION_WORDS.items() if kind in sheet.actions]
    if row and ActionKind.ACCEPT in sheet.actions:
        row[0]["style"] = "primary"
    selects = []
    if ActionKind.SNOOZE in sheet.actions:
        selects.append(_select("snooze", "Snooze…", SNOOZE, handoff))
    if ActionKind.RATE in sheet.actions:
        selects.append(_select("rate", "Rate the play…", STARS, handoff))
    rows = [("act", row), ("more", selects)]
    return [{"type": "actions", "block_id": name, "elements": some} for name, some in rows if some]


def _button(action: str, words: str, handoff: UUID) -> Block:
    text = {"type": "plain_text", "text": words, "emoji": False}
    return {"type": "button", "action_id": action, "value": str(handoff), "text": text}


def _select(action: str, words: str, choices: dict[str, str], handoff: UUID) -> Block:
    return {
        "type": "static_select",
        "action_id": action,
        "placeholder": {"type": "plain_text", "text": words, "emoji": False},
        "options": [
            {"text": {"type": "plain_text", "text": text, "emoji": False}, "value": f"{handoff}:{choice}"}
            for choice, text in choices.items()
        ],
    }
