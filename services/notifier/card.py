"""A card: what one person is shown of one handoff, in no channel's language yet."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.brief import Brief
from schemas.enrolment import ChangeEnrolment
from schemas.handoff import OPEN, HandoffState
from schemas.lead import Priority
from schemas.play import ActionKind, CardKind, DeliverPlay, PlayText

ONCE = frozenset({ActionKind.ACCEPT, ActionKind.REJECT, ActionKind.OUTCOME, ActionKind.TRIAGE})
"""What decides the handoff's state: while one of these is being recorded, none of them is offered again."""


@dataclass(frozen=True, slots=True)
class Acted:
    """What somebody has just done. Shown until the router's next version says what really became of it."""

    sentence: str
    decides: bool
    """It was one of `ONCE`."""


@dataclass(frozen=True, slots=True)
class Card:
    """Everything a channel may show. All text may hold what a stranger typed: render it through `sheet.sheet_of`."""

    handoff: UUID
    version: int
    kind: CardKind
    whole: bool
    """The whole play with its buttons; else a short follow-up in the thread."""
    person: str
    recipient: str
    state: HandoffState
    priority: Priority
    at: datetime
    brief: Brief
    play: PlayText | None
    questions: tuple[str, ...]
    actions: tuple[ActionKind, ...]
    """What this person may do now."""
    mine: bool
    """This person may act on it, when it is open."""
    assignee: str
    """`you`, a name, or nothing."""
    team: str
    accept_by: datetime | None
    time_zone: str
    notice: str = ""
    acted: Acted | None = None
    link: str = ""
    """The page on which this person can act, signed for them; empty where there is none."""
    erased: bool = False
    not_before: datetime | None = None
    waits_for: str = ""
    enrolment: ChangeEnrolment | None = None
    """What a marketing tool is told, instead of all the above: no person reads it."""
    drawn: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What a channel has drawn of it, by the channel's name: a card never changes, so neither does its drawing."""

    @property
    def open(self) -> bool:
        """Is there still something to do?"""
        return not self.erased and self.state in OPEN

    @property
    def triage(self) -> bool:
        """Is it a question to a person, rather than a play?"""
        return self.play is None


def card_of(
    play: DeliverPlay,
    person: str,
    name: str,
    *,
    kind: CardKind,
    whole: bool = True,
    notice: str = "",
    acted: Acted | None = None,
    link: str = "",
    assignee: str = "",
) -> Card:
    """What `person` is shown of this command. `assignee` is the assignee's name, where it is somebody else."""
    mine = person in play.actors
    deciding = acted is not None and acted.decides
    actions = tuple(one for one in play.actions if not (deciding and one in ONCE)) if mine else ()
    return Card(
        handoff=play.handoff,
        version=play.version,
        kind=kind,
        whole=whole,
        person=person,
        recipient=name,
        state=play.state,
        priority=play.priority,
        at=play.at,
        brief=play.brief,
        play=play.play,
        questions=play.questions,
        actions=actions,
        mine=mine,
        assignee="you" if play.assignee == person else assignee or play.assignee,
        team=play.team,
        accept_by=play.accept_by,
        time_zone=play.time_zone,
        notice=notice,
        acted=acted,
        link=link,
        not_before=play.not_before,
        waits_for=play.waits_for,
    )


def erased_card(handoff: UUID, version: int, person: str, at: datetime) -> Card:
    """What is left to show of somebody who asked to be forgotten: that they did."""
    return Card(
        handoff=handoff,
        version=version,
        kind=CardKind.UPDATE,
        whole=True,
        person=person,
        recipient="",
        state=HandoffState.WITHDRAWN,
        priority=Priority.D,
        at=at,
        brief=Brief(name=""),
        play=None,
        questions=(),
        actions=(),
        mine=False,
        assignee="",
        team="",
        accept_by=None,
        time_zone="UTC",
        erased=True,
    )


def enrolment_card(told: ChangeEnrolment, version: int, at: datetime) -> Card:
    """What a marketing tool is told of an enrolment; `version` is its place in the stay's story."""
    nobody = erased_card(told.enrolment, version, told.track, at)
    return replace(nobody, kind=CardKind.ENROLMENT, whole=False, erased=False, enrolment=told)
