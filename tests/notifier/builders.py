"""Commands, cards and settings with a voice: acme's Ada, and the reps who get her."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from runtime.log import Message
from schemas.brief import Brief, Certainty, Item
from schemas.enrolment import ChangeEnrolment, Contact, EnrolmentStep
from schemas.fact import encode
from schemas.handoff import HandoffState
from schemas.lead import Priority
from schemas.play import (
    ActionKind,
    Address,
    CardKind,
    Content,
    DeliverPlay,
    ErasePlay,
    PlayText,
    Recipient,
)
from services.notifier.card import Card, card_of

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ROOT = UUID("7c1d8a52-4a0c-5c4e-8f0e-2f1f5be1a001")
OFFERED = (ActionKind.ACCEPT, ActionKind.REJECT, ActionKind.SNOOZE)
TAKEN = (ActionKind.ATTEMPT, ActionKind.OUTCOME, ActionKind.SNOOZE, ActionKind.REJECT, ActionKind.RATE)


def a_handoff(name: str = "ada") -> UUID:
    return uuid5(ROOT, name)


def a_recipient(person: str = "grace", name: str = "Grace Hopper", *channels: str) -> Recipient:
    """Grace by default, in the inbox; `slack` and `email` get the address they would have."""
    known = {
        "slack": f"U0{person.upper()}",
        "email": f"{person}@brightwater.example",
        "inbox": person,
        "webhook": f"https://{person}.example",
    }
    wanted = channels or ("inbox",)
    addresses = tuple(Address(channel=one, address=known[one]) for one in wanted)
    return Recipient(person=person, name=name, addresses=addresses)


def a_brief(**over: Any) -> Brief:
    given: dict[str, Any] = {
        "name": "Ada Lovelace",
        "title": "Vice President Operations",
        "company": "Acme Industries",
        "email": "ada@acme.example",
        "phone": "+49 30 901820",
        "persona": "Vice president",
        "stage": "Comparing vendors",
        "awareness": "Knows the solution",
        "source": "HubSpot form “Talk to us”",
        "interest": "Pump monitoring",
        "score": 172,
        "why_now": (
            "Asked for a consultation 3 minutes ago",
            "Read the case study “Twelve plants, one dashboard” twice this week",
            "A budget is approved, and they want to decide this quarter",
        ),
        "qualification": (
            Item(label="Budget", value="Approved"),
            Item(label="Time frame", value="This quarter"),
            Item(label="Team size", value="", certainty=Certainty.UNKNOWN, evidence="Ask how many sites they run"),
            Item(
                label="Authority",
                value="Decides alone",
                certainty=Certainty.INFERRED,
                evidence="Vice President in the title",
            ),
        ),
        "history": (
            "Today 11:57 · Form “Talk to us”",
            "Mon 18:20 · Downloaded the whitepaper “Pumps that phone home”",
            "Sun 09:02 · Read Pricing",
        ),
        "account": "Acme Industries (target, tier 1)",
        "game_plan": "They run pumps of three makers. Lead with the mixed-fleet demo, never with price.",
    }
    return Brief(**{**given, **over})


def a_text(**over: Any) -> PlayText:
    given: dict[str, Any] = {
        "name": "Consultation with an executive",
        "objective": "A 30-minute call with a solution engineer this week",
        "when_to_call": "Now: within the next 10 minutes, while the page is still open",
        "talk_track": (
            "Ada, Grace from Brightwater. You asked us to talk about pump monitoring, so I will be brief. "
            "Plants like yours usually come to us for one reason: nobody sees a pump failing before it stops the line. "
            "Is that what made you write, or is it something else?"
        ),
        "voicemail": (
            "Ada, Grace from Brightwater, about your note on pump monitoring. I have two ideas for mixed fleets. "
            "I will try again at four; my number is +44 20 7946 0018."
        ),
        "follow_up": "Two hours later, then tomorrow at 9:00",
        "email_subject": "Your note about pump monitoring",
        "email_body": (
            "Hello Ada,\n\nthank you for writing. Two plants with a fleet like yours found 14 failing pumps in their "
            "first month; the two pages below say how.\n\nWould Thursday at 10:00 suit you?\n\nGrace"
        ),
        "attempts": 6,
        "attempt_window": "5 working days",
        "wedge": "Their current vendor cannot read pumps of other makers",
        "content": (
            Content(title="Case study: twelve plants, one dashboard", url="https://brightwater.example/cases/12"),
        ),
        "snippets": ("No rip and replace: the sensors clip on.",),
        "tone": "Peer to peer, no small talk",
        "questions": ("What happens today when a pump fails?", "How many sites do you look after?"),
    }
    return PlayText(**{**given, **over})


def a_play(**over: Any) -> DeliverPlay:
    """An offer to Grace, noon, twenty minutes to accept. `at` moves all its times."""
    at = over.pop("at", NOON)
    person = over.pop("person", "grace")
    given: dict[str, Any] = {
        "handoff": a_handoff(),
        "version": 2,
        "kind": CardKind.OFFER,
        "sequence": 1,
        "state": HandoffState.OFFERED,
        "priority": Priority.A,
        "at": at,
        "recipients": (a_recipient(person),),
        "actors": (person, "felix"),
        "actions": OFFERED,
        "brief": a_brief(),
        "play": a_text(),
        "assignee": person,
        "team": "enterprise",
        "accept_by": at + timedelta(minutes=20),
        "expires_at": at + timedelta(minutes=20),
        "time_zone": "Europe/London",
    }
    given.update(over)
    name = f"{given['handoff']}|{given['kind']}|{given['sequence']}|{given['version']}"
    return DeliverPlay(id=uuid5(ROOT, name), **given)


def an_update(**over: Any) -> DeliverPlay:
    """The next version: accepted by Grace."""
    given: dict[str, Any] = {
        "version": 3,
        "kind": CardKind.UPDATE,
        "sequence": 3,
        "state": HandoffState.ACCEPTED,
        "actions": TAKEN,
        "expires_at": None,
    }
    return a_play(**{**given, **over})


def a_triage(**over: Any) -> DeliverPlay:
    given: dict[str, Any] = {
        "handoff": a_handoff("triage"),
        "kind": CardKind.TRIAGE,
        "version": 1,
        "state": HandoffState.QUEUED,
        "priority": Priority.C,
        "play": None,
        "actions": (ActionKind.TRIAGE,),
        "assignee": "",
        "questions": ("Is a budget approved?", "Who else decides?"),
        "brief": a_brief(
            name="Charles Babbage",
            title="",
            company="Analytical Engines",
            why_now=("Read Pricing six times in two days",),
            game_plan="",
            account="",
        ),
    }
    return a_play(**{**given, **over})


def an_erasure(handoff: UUID | None = None, at: datetime = NOON) -> ErasePlay:
    return ErasePlay(id=uuid5(ROOT, f"erase {handoff}"), handoff=handoff or a_handoff(), at=at)


def a_card(play: DeliverPlay | None = None, **over: Any) -> Card:
    """The card Grace is shown of it."""
    given: dict[str, Any] = {"kind": CardKind.OFFER, "link": "http://127.0.0.1:8090/act/a-signed-token"}
    return card_of(play or a_play(), "grace", "Grace Hopper", **{**given, **over})


def an_enrolment(**over: Any) -> ChangeEnrolment:
    """Ada enters a track at noon."""
    at = over.pop("at", NOON)
    given: dict[str, Any] = {
        "enrolment": a_handoff("ada's stay"),
        "lead": a_handoff("ada, the lead"),
        "step": EnrolmentStep.ENROLLED,
        "track": "no_budget",
        "label": "Helps them make the case for a budget",
        "address": "https://tool.example/hooks",
        "at": at,
        "since": NOON,
        "contact": Contact(email="ada@acme.example", name="Ada Lovelace", company="Acme Industries"),
        "cause": a_handoff("the form"),
        "reason": "Not ready: “Budget approved” does not hold.",
        "resolve": "Is a budget approved?",
        "verdict": a_handoff("the verdict"),
        "expires_at": at + timedelta(days=3),
    }
    given.update(over)
    return ChangeEnrolment(id=uuid5(ROOT, f"{given['enrolment']}|{given['step']}"), **given)


def messages(*commands: DeliverPlay | ErasePlay) -> Sequence[Message]:
    return [Message(key=one.handoff.bytes, value=encode(one)) for one in commands]
