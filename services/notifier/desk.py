"""The desk: every door by which people react brings their wish here. Authorised, once, on the log before the answer."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from runtime.clock import Clock
from runtime.database import Database
from runtime.log import Log, Message
from schemas.fact import encode
from schemas.feedback import AbsenceDeclared, Act, key_of_rep
from schemas.play import ActionKind, DeliverPlay
from schemas.topics import FEEDBACK
from services.notifier.courier import Courier
from services.notifier.intake import Intake
from services.notifier.metrics import REACTED, REFUSED
from services.notifier.reactions import Click, Wish, act_of, sentence_of
from services.notifier.showing import name_of, play_of
from services.notifier.tables import REACTIONS, millis
from services.notifier.upsert import put_if_absent

_log = structlog.get_logger(__name__)


class Why(StrEnum):
    """Why a reaction was refused; the value is a metric's label."""

    UNKNOWN = "unknown"
    NOT_YOURS = "not_yours"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Recorded:
    """It stands on the log. `sentence` says what was done."""

    act: Act
    sentence: str
    again: bool = False
    """The same press came before: nothing was done twice."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was done. `sentence` tells the person why, and what to do next."""

    why: Why
    sentence: str


Answer: TypeAlias = Recorded | Refused


class Desk:
    """Takes reactions. Stateless: any replica may take any press."""

    def __init__(self, log: Log, database: Database, clock: Clock, intake: Intake, courier: Courier) -> None:
        self._log, self._database, self._clock = log, database, clock
        self._intake, self._courier = intake, courier

    async def react(self, handoff: UUID, actor: str, wish: Wish, *, via: str, event: str) -> Answer:
        """Record what `actor` chose. `event` is the door's own id of this press.

        Raises `NotAChoiceError` for what is not on the closed list, `LogUnavailableError` where the log cannot
        promise to keep it: the door then says so, and nothing was done.
        """
        async with self._database.reading() as connection:
            play = await play_of(connection, handoff)
            name = await name_of(connection, actor) or actor
        refused = refusal(play, actor, wish.action)
        if play is None or isinstance(refused, Refused):
            why = refused or Refused(Why.UNKNOWN, "")
            REFUSED.labels(via, why.why.value).inc()
            return why
        click = Click(handoff, actor, self._clock.now(), via, event, play.time_zone)
        act = act_of(wish, click)
        sentence = sentence_of(act, name, play.time_zone)
        if await self._done_before(act.id):
            return Recorded(act, sentence, again=True)
        await self._log.append(FEEDBACK.name, [Message(handoff.bytes, encode(act))])
        await self._remember(act, wish.action, play, sentence)
        REACTED.labels(via, wish.action.value).inc()
        self._courier.wake.set()
        return Recorded(act, sentence)

    async def away(self, fact: AbsenceDeclared) -> None:
        """Tell the log that a rep is away, or back. Raises `LogError` where it cannot promise to keep it."""
        await self._log.append(FEEDBACK.name, [Message(key_of_rep(fact.rep), encode(fact))])

    async def _done_before(self, reaction: UUID) -> bool:
        async with self._database.reading() as connection:
            found = await connection.execute(select(REACTIONS.c.id).where(REACTIONS.c.id == reaction))
            return found.first() is not None

    async def _remember(self, act: Act, action: ActionKind, play: DeliverPlay, sentence: str) -> None:
        """So that a double click is one, and every card of the handoff says so at once."""
        row = {
            "id": act.id,
            "handoff": act.handoff,
            "person": act.actor,
            "action": action.value,
            "version": play.version,
            "at": millis(act.at),
            "sentence": sentence,
        }
        try:
            async with self._database.transaction() as connection:
                if await put_if_absent(connection, REACTIONS, [row]):
                    await self._intake.refresh(connection, act.handoff, act.at)
        except (SQLAlchemyError, OSError) as fault:
            # It stands on the log, so it is done; the card follows with the router's word.
            _log.warning("a reaction is on the log but not yet on its card", fault=type(fault).__name__)


def refusal(play: DeliverPlay | None, actor: str, action: ActionKind) -> Refused | None:
    """Why this person may not do this now; None where they may."""
    if play is None:
        return Refused(Why.UNKNOWN, "This play is not here any more.")
    if not actor or actor not in play.actors:
        return Refused(Why.NOT_YOURS, "This play is not yours: only its assignee and the team's manager can answer.")
    if action not in play.actions:
        return Refused(Why.OVER, f"This cannot be done any more: it is {play.state.value} by now.")
    return None
