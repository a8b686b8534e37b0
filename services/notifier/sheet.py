"""A sheet: the words of a card as its reader sees them, so that no renderer ever touches a stranger's raw text."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.brief import Certainty
from schemas.handoff import HandoffState
from schemas.play import ActionKind, CardKind, Content
from services.notifier.card import Card
from services.notifier.rendering import (
    clean,
    defanged,
    email_address,
    linkish,
    one_line,
    phone_number,
    safe_url,
    without,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One item of the qualification; `value` is empty for an unknown, and `evidence` then says what to ask."""

    label: str
    value: str
    evidence: str
    unknown: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on the card. Every text is clean; `links` hold only https URLs of the playbook."""

    headline: str
    """Who: name, title, company."""
    name: str
    role: str
    """Title and company."""
    priority: str
    standing: str
    """One sentence: where the handoff is."""
    deadline: datetime | None
    deadline_words: str
    why_now: tuple[str, ...]
    when_to_call: str
    phone: str
    tel: str
    email: str
    mailto: str
    play: str
    objective: str
    talk_track: str
    voicemail: str
    follow_up: str
    attempts: str
    email_first: bool
    email_subject: str
    email_body: str
    wedge: str
    tone: str
    links: tuple[Content, ...]
    snippets: tuple[str, ...]
    questions: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    qualification: tuple[Line, ...]
    history: tuple[str, ...]
    game_plan: str
    notice: str
    acted: str
    actions: tuple[ActionKind, ...]
    whole: bool
    """Show the play; else only who, where it stands, and what is new."""
    reminder: bool


FORGOTTEN = "This person asked to be forgotten. Nothing about them is kept here."

_STANDING = {
    HandoffState.QUEUED: "In the team's queue",
    HandoffState.REJECTED: "Rejected",
    HandoffState.RECYCLED: "Back to nurture",
    HandoffState.DISQUALIFIED: "Disqualified",
    HandoffState.QUALIFIED: "Qualified",
    HandoffState.CONVERTED: "Converted",
    HandoffState.EXPIRED: "Expired without an answer",
    HandoffState.MERGED: "Merged into another handoff of the same lead",
    HandoffState.WITHDRAWN: "Withdrawn",
}


def standing_of(card: Card) -> str:
    """Where the handoff is, in one sentence for this reader."""
    who, yours = one_line(card.assignee, 60), card.assignee == "you"
    if card.erased:
        words = FORGOTTEN
    elif _answered(card):
        words = "Answered: being recorded"
    elif card.triage and card.open:
        words = "Not sure yet: your call" if card.mine else f"In triage with {one_line(card.team, 60) or 'the team'}"
    elif card.state is HandoffState.OFFERED:
        words = "Yours to accept" if yours else f"Offered to {who or 'the team'}"
    elif card.state is HandoffState.ACCEPTED:
        words = "Accepted: yours to work" if yours else f"Accepted by {who}"
    elif card.state is HandoffState.WORKING:
        words = "In work: yours" if yours else f"In work with {who}"
    else:
        words = _STANDING[card.state]
    return words


def local(moment: datetime, zone: str) -> datetime:
    """The instant on the reader's clock (IANA zone; UTC where the zone is unknown)."""
    try:
        return moment.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return moment


def clock_words(moment: datetime, zone: str) -> str:
    """`Tue 24 Nov, 14:30 CET`: an instant as a person in that zone would say it."""
    there = local(moment, zone)
    return f"{there:%a} {there.day} {there:%b, %H:%M} {there.tzname() or ''}".strip()


def _answered(card: Card) -> bool:
    return card.acted is not None and card.acted.decides


def deadline_of(card: Card) -> datetime | None:
    """Until when somebody has to say something; nothing once they have."""
    waits = (
        card.open and not _answered(card) and (card.triage or card.state in {HandoffState.OFFERED, HandoffState.QUEUED})
    )
    return card.accept_by if waits else None


def _deadline_words(card: Card) -> str:
    deadline = deadline_of(card)
    if deadline is None:
        return ""
    return f"{'Decide' if card.triage else 'Accept'} by {clock_words(deadline, card.time_zone)}"


def _waiting(card: Card) -> str:
    """That nobody calls yet, until when and why; nothing where they may."""
    if card.not_before is None or not card.open:
        return ""
    why = one_line(card.waits_for, 120)
    return f"Not before {clock_words(card.not_before, card.time_zone)}{f': {why}' if why else ''}. "


def _attempts(count: int, window: str) -> str:
    tries = f"{count} attempt{'' if count == 1 else 's'}" if count > 0 else ""
    return " within ".join(part for part in (tries, one_line(window, 80)) if part)


def _strangers(card: Card) -> tuple[str, ...]:
    brief = card.brief
    return linkish(
        [brief.name, brief.title, brief.company, brief.interest, brief.awareness, brief.source, brief.account]
        + [item.value for item in brief.qualification]
        + list(brief.why_now)
        + list(brief.history)
    )


def _said(texts: Iterable[str], count: int, limit: int) -> tuple[str, ...]:
    """What may hold a stranger's words, one line each, without any link."""
    return tuple(defanged(one_line(text, limit)) for text in list(texts)[:count] if text.strip())


def sheet_of(card: Card) -> Sheet:
    """The card's words, cleaned and capped. The only door from a stranger's text to a renderer."""
    brief, play = card.brief, card.play
    strangers = _strangers(card)

    def text(value: str, limit: int) -> str:
        return without(clean(value, limit), strangers)

    name = defanged(one_line(brief.name, 80)) or ("" if card.erased else "Somebody unknown")
    role = defanged(", ".join(part for part in (one_line(brief.title, 80), one_line(brief.company, 80)) if part))
    facts = (
        ("Persona", brief.persona),
        ("Stage", brief.stage),
        ("Interest", brief.interest),
        ("Awareness", brief.awareness),
        ("Source", brief.source),
        ("Account", brief.account),
        ("Score", str(brief.score) if brief.score else ""),
    )
    return Sheet(
        headline=" · ".join(part for part in (name, role) if part) or "Forgotten",
        name=name or "Forgotten",
        role=role,
        priority="" if card.erased else card.priority.value,
        standing=standing_of(card),
        deadline=deadline_of(card),
        deadline_words=_deadline_words(card),
        why_now=_said(brief.why_now, 5, 240),
        phone=one_line(brief.phone, 40) if phone_number(brief.phone) else defanged(one_line(brief.phone, 40)),
        tel=phone_number(brief.phone),
        email=brief.email if email_address(brief.email) else defanged(one_line(brief.email, 120)),
        mailto=email_address(brief.email),
        play=text(play.name, 120) if play else "Triage",
        objective=text(play.objective, 400) if play else "",
        when_to_call=f"{_waiting(card)}{text(play.when_to_call, 240)}" if play else "",
        talk_track=text(play.talk_track, 2400) if play else "",
        voicemail=text(play.voicemail, 1200) if play else "",
        follow_up=text(play.follow_up, 400) if play else "",
        attempts=_attempts(play.attempts, play.attempt_window) if play else "",
        email_first=bool(play and play.email_first),
        email_subject=without(one_line(play.email_subject, 200), strangers) if play else "",
        email_body=text(play.email_body, 2600) if play else "",
        wedge=text(play.wedge, 600) if play else "",
        tone=text(play.tone, 200) if play else "",
        links=_links(play.content if play else ()),
        snippets=tuple(text(one, 600) for one in play.snippets[:5]) if play else (),
        questions=tuple(text(one, 240) for one in (card.questions or (play.questions if play else ()))[:6]),
        facts=tuple((label, defanged(one_line(value, 120))) for label, value in facts if value.strip()),
        qualification=tuple(
            Line(
                label=defanged(one_line(item.label, 60)),
                value=defanged(one_line(item.value, 160)),
                evidence=defanged(one_line(item.evidence, 160)),
                unknown=item.certainty is Certainty.UNKNOWN or not item.value.strip(),
            )
            for item in brief.qualification[:10]
        ),
        history=_said(brief.history, 8, 200),
        game_plan=text(brief.game_plan, 1200),
        notice=_begun(text(card.notice, 300)),
        acted=one_line(card.acted.sentence, 200) if card.acted else "",
        actions=card.actions,
        whole=card.whole and card.open and card.mine,
        reminder=card.kind is CardKind.REMINDER,
    )


def _begun(text: str) -> str:
    """With a capital, whoever wrote it."""
    return text[:1].upper() + text[1:]


def _links(content: tuple[Content, ...]) -> tuple[Content, ...]:
    return tuple(
        Content(title=defanged(one_line(one.title, 120)) or "Link", url=safe_url(one.url))
        for one in content[:5]
        if safe_url(one.url)
    )
