"""Follows a running ring: draws what happens on the terminal, and knows when everything that was sent is settled."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import msgspec

from playcaller.terminal import Terminal
from runtime.log import Record
from schemas import delivery, play
from schemas.delivery import DeliveryRecorded
from schemas.fact import MalformedFactError, NewerFactError, decode
from schemas.handoff import HandoffChanged
from schemas.play import CardKind, DeliverPlay
from schemas.topics import DELIVERIES, HANDOFFS, PLAYS
from schemas.verdict import Outcome
from services.router.narration import Narration

TOPICS = (PLAYS.name, DELIVERIES.name, HANDOFFS.name)
CHANGES = msgspec.json.Decoder(HandoffChanged)


class Audience:
    """Hears verdicts from the router and the rest from the log; keeps what a terminal needs to name people."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._news = asyncio.Event()
        self.judged: list[Narration] = []
        self.cards: list[DeliverPlay] = []
        self.delivered: list[DeliveryRecorded] = []
        self._names: dict[str, str] = {}
        self._leads: dict[UUID, str] = {}

    def hear(self, narration: Narration) -> None:
        """The router did something: judged an event, or gave one up."""
        match narration.kind:
            case "verdict":
                self.judged.append(narration)
                self._terminal.judged(narration)
            case "control" if narration.reasons:
                self._terminal.published(narration)
            case "dead_letter":
                self._terminal.lost(narration)
            case "track":
                self._terminal.moved(narration)
            case _:
                return
        self._news.set()

    def read(self, record: Record) -> None:
        """Something was appended to one of `TOPICS`."""
        try:
            self._told(record)
        except (MalformedFactError, NewerFactError):
            return  # a terminal draws what it understands; the services themselves keep the rest as dead letters
        self._news.set()

    def _told(self, record: Record) -> None:
        match record.partition.topic:
            case PLAYS.name:
                command = decode(record.value, play.DECODER)
                if isinstance(command, DeliverPlay):
                    self._show(command)
            case DELIVERIES.name:
                self.delivered.append(decode(record.value, delivery.DECODER))
            case HANDOFFS.name:
                change = decode(record.value, CHANGES)
                self._terminal.changed(change, self._names, self._leads.get(change.handoff, ""))

    def _show(self, command: DeliverPlay) -> None:
        self._names |= {recipient.person: recipient.name for recipient in command.recipients}
        self._leads[command.handoff] = command.brief.name
        self.cards.append(command)
        self._terminal.card(command)

    def at_rest(self) -> bool:
        """Has every lead that passed or went to triage its card, and has every card reached somebody?"""
        return self._passed_are_shown() and self._triage_is_shown() and self._cards_have_arrived()

    def _passed_are_shown(self) -> bool:
        shown = {card.handoff for card in self.cards}
        return all(one.handoff in shown for one in self.judged if one.outcome == Outcome.PASS)

    def _triage_is_shown(self) -> bool:
        items = {card.handoff for card in self.cards if card.kind is CardKind.TRIAGE}
        return len(items) >= len({one.lead for one in self.judged if one.outcome == Outcome.TRIAGE})

    def _cards_have_arrived(self) -> bool:
        settled = {(one.handoff, one.kind, one.sequence) for one in self.delivered}
        wanted = {(one.handoff, one.kind, one.sequence) for one in self.cards if one.kind is not CardKind.UPDATE}
        return wanted <= settled

    async def until(self, settled: Callable[[], bool], *, seconds: float) -> bool:
        """Wait until `settled()`, looking again at every piece of news; False when `seconds` pass first."""
        try:
            async with asyncio.timeout(seconds):
                while not settled():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True
