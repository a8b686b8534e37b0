"""Makes messages of what the domain wants done: cards for people, facts for systems, deadlines for the clock."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from runtime.log import Message
from schemas.dead_letter import DeadLetter
from schemas.fact import Fact, encode
from schemas.handoff import HandoffState
from schemas.play import CardKind, PlayText
from schemas.topics import DEAD_LETTERS, HANDOFFS, PLAYS
from services.router.adapters import codec
from services.router.adapters.loading import Loaded
from services.router.adapters.rendering import render
from services.router.cards import Showing, change, handoff_card, triage_card
from services.router.domain.decision import (
    ChangeTrack,
    ForgetEnrolment,
    Remind,
    ReturnTurn,
    SaveHandoff,
    SaveTriage,
    SetAbsence,
    SetTimer,
)
from services.router.domain.handoff import Handoff
from services.router.domain.lead import Dossier
from services.router.domain.world import Folded
from services.router.enrolling import blank, enrolment
from services.router.shelf import Shelf

JSON = {"content-type": b"application/json"}


@dataclass(slots=True)
class Told:
    """What one transaction has to say, in order, beside what it keeps."""

    messages: list[tuple[str, Message]] = field(default_factory=list)
    timers: list[SetTimer] = field(default_factory=list)
    queued: list[UUID] = field(default_factory=list)
    """Handoffs that wait for a rep to be drawn."""
    turns: list[ReturnTurn | SetAbsence] = field(default_factory=list)
    """What changes the rotations of teams."""
    tracks: list[ChangeTrack] = field(default_factory=list)
    """Who entered or left a nurture track."""

    def say(self, topic: str, key: UUID, fact: Fact | None) -> None:
        """One more fact on the topic, keyed by what it is about; nothing for None."""
        if fact is not None:
            self.messages.append((topic, Message(key.bytes, encode(fact), JSON)))


def dead_letter_message(letter: DeadLetter) -> tuple[str, Message]:
    """The dead letter on its way to its topic, keyed by the source."""
    return DEAD_LETTERS.name, Message(letter.source.encode("utf-8", "surrogatepass"), encode(letter), JSON)


def rendered(handoff: Handoff, shelf: Shelf, read: frozenset[str]) -> PlayText:
    """The handoff's play in words for its assignee, without what the lead has already read."""
    playbook = shelf.current
    rep = playbook.reps.get(handoff.assignee) or playbook.reps[playbook.last_resort]
    return render(shelf.play_of(handoff), handoff.brief, rep, read=read)


def already_read(dossiers: Iterable[Dossier]) -> frozenset[str]:
    """Paths and assets that the lead has seen through any of its identifiers."""
    return frozenset(path for dossier in dossiers for path in dossier.read)


def tell(folded: Folded, loaded: Loaded, shelf: Shelf, now: datetime) -> Told:
    """What the fold's commands have to say: nothing to people about who asked to be forgotten.

    Renders a play anew only where a new reason has changed which play it is.
    """
    telling = _Telling(loaded, shelf, now, folded.erased_leads)
    for command in folded.commands:
        match command:
            case SaveHandoff():
                telling.handoff(command)
            case SaveTriage():
                telling.triage(command)
            case SetTimer():
                telling.told.timers.append(command)
            case Remind():
                telling.reminds(command)
            case ChangeTrack():
                telling.track(command)
            case ForgetEnrolment():
                telling.told.say(PLAYS.name, command.enrolment, blank(command))
            case ReturnTurn() | SetAbsence():
                telling.told.turns.append(command)
    telling.remind()
    telling.told.queued = [one for one in dict.fromkeys(telling.told.queued) if telling.waits(one)]
    return telling.told


class _Telling:
    """One transaction's worth of telling."""

    def __init__(self, loaded: Loaded, shelf: Shelf, now: datetime, erased: set[UUID]) -> None:
        self._loaded, self._shelf, self._now, self._erased = loaded, shelf, now, erased
        self.told = Told()
        self._reminders: dict[tuple[UUID, str], Remind] = {}

    def waits(self, handoff: UUID) -> bool:
        """Is it still to be offered, at the end of the batch?"""
        return self._loaded.world.handoffs[handoff].state is HandoffState.QUEUED

    def handoff(self, command: SaveHandoff) -> None:
        """A fact for systems always; a card for the assignee where one was ever shown."""
        handoff = command.handoff
        self.told.say(HANDOFFS.name, handoff.id, change(handoff, command.actor, self._now, command.tell))
        if handoff.state is HandoffState.QUEUED:
            self.told.queued.append(handoff.id)
        if handoff.round == 0:
            return
        person = handoff.assignee or (handoff.passed_over[-1] if handoff.passed_over else "")
        showing = Showing(CardKind.UPDATE, handoff.version, (person,), command.tell)
        self._card(handoff, showing)

    def triage(self, command: SaveTriage) -> None:
        """The item's card, for whoever triages."""
        if command.item.lead not in self._erased:
            card = triage_card(command.item, self._shelf.current, self._now, command.tell, again=command.again)
            self.told.say(PLAYS.name, command.item.id, card)

    def track(self, command: ChangeTrack) -> None:
        """For the marketing tool that runs the track, where it says where that is."""
        self.told.tracks.append(command)
        if command.lead not in self._erased:
            self.told.say(PLAYS.name, command.enrolment, enrolment(command, self._shelf, self._now))

    def reminds(self, command: Remind) -> None:
        """Of several reminders of one handoff that came due together each person gets the last."""
        handoff = self._loaded.world.handoffs.get(command.handoff)
        for person in command.persons or ((handoff.assignee,) if handoff else ()):
            self._reminders[command.handoff, person] = command

    def remind(self) -> None:
        """The whole play once more: where the card was lost, this is the safety net."""
        for command in dict.fromkeys(self._reminders.values()):
            persons = tuple(who for (_, who), last in self._reminders.items() if last is command)
            handoff = self._loaded.world.handoffs.get(command.handoff)
            if handoff is not None:
                self._card(handoff, Showing(CardKind.REMINDER, command.version, persons, command.notice))

    def _card(self, handoff: Handoff, showing: Showing) -> None:
        if handoff.lead in self._erased:
            return
        card = handoff_card(handoff, self._text(handoff), showing, self._shelf.current, self._now)
        self.told.say(PLAYS.name, handoff.id, card)

    def _text(self, handoff: Handoff) -> PlayText | None:
        kept = self._loaded.texts.get(handoff.id, codec.EMPTY)
        if kept and self._loaded.plays.get(handoff.id) == handoff.play:
            return codec.PLAY_TEXT.decode(kept)
        if handoff.round == 0:
            return None
        members = self._loaded.world.members.get(handoff.lead, ())
        read = already_read(self._loaded.world.identifiers[key].dossier for key in members)
        text = rendered(handoff, self._shelf, read)
        self._loaded.texts[handoff.id] = codec.PLAY_TEXT.encode(text)
        self._loaded.plays[handoff.id] = handoff.play
        return text
