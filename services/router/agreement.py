"""The agreement between marketing and sales: one page of plain language, made from what the playbook says."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Protocol

from schemas.brief import Brief
from schemas.verdict import Rule
from services.router.adapters.rendering import render
from services.router.domain.contact import Contact
from services.router.domain.playbook import Checklist, Playbook, Repeat, Scoring, Signal
from services.router.domain.reasons import points
from services.router.domain.team import Team

_REPEAT = {Repeat.EVERY: "", Repeat.ONCE: ", once", Repeat.ONCE_A_DAY: ", once a day"}


class Signed(Protocol):
    """Who agreed on it, when and why."""

    @property
    def number(self) -> int:
        """Its place in the history."""

    @property
    def version(self) -> str:
        """The playbook's version."""

    @property
    def reason(self) -> str:
        """Why it was changed."""

    @property
    def marketing(self) -> str:
        """Who signed for marketing."""

    @property
    def sales(self) -> str:
        """Who signed for sales."""

    @property
    def at(self) -> datetime:
        """When (UTC)."""


def agreement(book: Playbook, signed: Signed) -> str:
    """The page, in Markdown."""
    return "\n".join(_lines(book, signed)) + "\n"


def _lines(book: Playbook, signed: Signed) -> Iterator[str]:
    yield f"# {book.title}: agreement {signed.number}"
    yield ""
    yield f"{signed.marketing} for marketing and {signed.sales} for sales, on {signed.at:%d %B %Y}: {signed.reason}."
    yield f"In force from then on as version `{signed.version}`."
    yield ""
    yield "## Who goes to sales"
    yield ""
    for rule in Rule:
        if rule in book.rules:
            yield f"- **{book.rules[rule].title}.** {' '.join(book.rules[rule].why.split())}{_window(book, rule)}"
    yield ""
    yield from _checklist("What makes an SQL", book.sql)
    yield from _checklist("What makes an MQL", book.mql)
    yield from _points(book.scoring)
    yield "## Who answers, and how soon"
    yield ""
    for team in book.teams.values():
        yield f"- **{team.label}** ({', '.join(_names(book, team))}): {_promises(team)}."
    yield f"- Whom nobody else may have, {book.reps[book.last_resort].name} has."
    yield from _contacts(book.contact)
    yield ""
    yield "## What they do"
    yield ""
    nobody, somebody = Brief(name=""), book.reps[book.last_resort]
    for play in book.plays:
        days = play.attempt_window.days
        objective = " ".join(render(play, nobody, somebody).objective.split())
        yield f"- **{play.title}**: {objective} Up to {play.attempts} attempts within {days} days."
    yield ""
    lists = f"{len(book.targets)} named accounts and the lists of whom to leave alone"
    yield f"{lists} belong to it, as version `{book.lists_version}`."


def _window(book: Playbook, rule: Rule) -> str:
    half_life = book.rules[rule].half_life
    return f" Half of it is gone after {_span(half_life)}." if half_life else ""


def _contacts(contact: Contact) -> Iterator[str]:
    """How often people hear from us, where that was agreed on."""
    caps = [("Nobody", contact.person), ("No company", contact.account)]
    for who, cap in caps:
        if cap is not None:
            yield f"- {who} hears from us more than {cap.most} times within {_span(cap.within)}, unless they ask to."
    if contact.asked_for:
        yield "- Whoever names a time is called then."


def _checklist(title: str, checklist: Checklist) -> Iterator[str]:
    if checklist.items:
        yield f"## {title}"
        yield ""
        yield from (f"- {item.label}: {item.when.text}." for item in checklist.items)
        yield ""


def _points(scoring: Scoring) -> Iterator[str]:
    yield "## What counts"
    yield ""
    if not scoring.on:
        yield "Nothing is scored: lists and checklists decide."
        yield ""
        return
    yield f"From {points(scoring.threshold)} points on."
    lower = [f"{tier.replace('_', ' ')} from {points(limit)}" for tier, limit in scoring.target_thresholds.items()]
    if lower:
        yield f"Named accounts earlier: {', '.join(lower)}."
    yield ""
    for characteristic in scoring.characteristics:
        yield f"- {characteristic.label}: {points(characteristic.points)}"
    for signal in scoring.signals:
        yield f"- {signal.label}: {points(signal.points)}{_REPEAT[signal.repeat]}{_fading(signal)}"
    for product, letters in scoring.products.items():
        yield f"- Who wants {product}: priority one letter {'higher' if letters > 0 else 'lower'}"
    yield ""


def _fading(signal: Signal) -> str:
    if signal.half_life_days:
        return f", half of it after {signal.half_life_days} days"
    return f", for {signal.window_days} days" if signal.window_days else ""


def _names(book: Playbook, team: Team) -> list[str]:
    return [book.reps[rep].name for rep in team.reps if rep in book.reps]


def _promises(team: Team) -> str:
    return "; ".join(
        f"priority {priority.value} accepted within {_span(level.accept_within)}, "
        f"tried within {_span(level.attempt_within)}"
        for priority, level in team.service.items()
    )


def _span(time: timedelta) -> str:
    minutes = round(time.total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"
