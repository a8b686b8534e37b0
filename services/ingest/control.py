"""The operator's door: correct an event, forget a person, say who is away. Each is a fact; nothing is rewritten."""

from datetime import date, timedelta

import msgspec
import structlog
from pydantic import BaseModel, ConfigDict, Field

from runtime.clock import Clock
from runtime.log import Log, LogError, Message, RecordTooLargeError
from schemas.event import IdentifierKind
from schemas.fact import Trust, encode
from schemas.feedback import AbsenceDeclared, LeadErased, key_of_rep
from schemas.topics import FEEDBACK
from services.ingest import metrics
from services.ingest.answer import Answer, json_answer, problem
from services.ingest.correcting import Correction, NothingToCorrectError, correcting, is_said
from services.ingest.identity import email
from services.ingest.lookup import find_line
from services.ingest.operators import NEEDS, Operators
from services.ingest.records import JSON, Recorder
from services.ingest.refusal import Refusal

_NAME = "control"
_OFF_RETRY_AFTER = 60
_RETRY_AFTER = 5
_LONGEST = timedelta(days=731)
"""Nobody is away for more than two years: it is a slip of the pen."""
_REP = "as the team's page names them; of whom the playbook does not know, it becomes a dead letter that says so"
_log = structlog.get_logger(__name__)


class Erasure(BaseModel):
    """A person who asked to be forgotten."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=254, examples=["ada@acme.example"])


class Absence(BaseModel):
    """A rep who is out of office, in whole days of their own zone; without a last day they are back."""

    model_config = ConfigDict(extra="forbid")

    rep: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$", examples=["maya"], description=_REP)
    first: date | None = Field(None, description="the first day away; from now on where none is said")
    last: date | None = Field(None, description="the last day away; none: back again")


class _Accepted(msgspec.Struct, frozen=True):
    id: str
    """Of the fact that now stands on the log: by it its verdict is found."""
    status: str = "accepted"


class Control:
    """What operators may do. Every answer but a refusal means: it stands on the log."""

    def __init__(self, operators: Operators, log: Log, recorder: Recorder, clock: Clock) -> None:
        self._operators, self._log, self._recorder, self._clock = operators, log, recorder, clock

    async def correct(self, authorization: str, correction: Correction) -> Answer:
        """Put the correcting event onto its lane. Of what was corrected before, the last correction is corrected."""
        actor = self._operators.named(authorization)
        if not actor:
            return self._stranger(authorization)
        try:
            return await self._correct(correction, actor)
        except NothingToCorrectError as fault:
            return _refused(400, Refusal.MALFORMED, str(fault))
        except RecordTooLargeError:
            return _refused(413, Refusal.TOO_LARGE, "the corrected event does not fit on the log: say less")
        except LogError:
            return _unavailable()

    async def _correct(self, correction: Correction, actor: str) -> Answer:
        line = await find_line(self._log, correction.event)
        if not line:
            mend = "the log holds no such event (any more): give its whole id; what is older cannot be corrected"
            return _refused(404, Refusal.UNKNOWN_EVENT, mend)
        original, now = line[-1], self._clock.now()
        if is_said(line, correction):
            return _accepted(str(original.id))
        event = correcting(original, correction, self._recorder.id_at(now), now, actor)
        topic, message = self._recorder.message(event, {"content-type": JSON, "source": original.source.encode()})
        await self._log.append(topic, [message])
        _log.info("event corrected", corrects=str(original.id), change=correction.change.value, actor=actor)
        return _accepted(str(event.id))

    async def erase(self, authorization: str, erasure: Erasure) -> Answer:
        """Ask the router, on the log, to forget who has this email address."""
        actor = self._operators.named(authorization)
        if not actor:
            return self._stranger(authorization)
        person = email(erasure.email, Trust.ATTESTED)
        if person is None:
            return _refused(400, Refusal.MALFORMED, "email: this is no email address")
        now = self._clock.now()
        fact = LeadErased(id=self._recorder.id_at(now), email=person.value, actor=actor, at=now)
        key = self._recorder.keyed(f"{IdentifierKind.EMAIL.value}:{person.value}")
        return await self._said(key, fact)

    async def absent(self, authorization: str, absence: Absence) -> Answer:
        """Tell the routers, on the log, that a rep is away or back: nobody draws them meanwhile."""
        actor = self._operators.named(authorization)
        if not actor:
            return self._stranger(authorization)
        now = self._clock.now()
        begins, ends = absence.first or now.date() - timedelta(days=1), absence.last
        if ends is not None and not begins <= ends <= (now + _LONGEST).date():
            return _refused(
                400, Refusal.MALFORMED, "last: give a last day that is not before the first, within two years"
            )
        fact = AbsenceDeclared(
            id=self._recorder.id_at(now),
            rep=absence.rep,
            actor=actor,
            at=now,
            first=absence.first,
            last=absence.last,
            via="control",
        )
        return await self._said(key_of_rep(absence.rep), fact)

    async def _said(self, key: bytes, fact: LeadErased | AbsenceDeclared) -> Answer:
        try:
            await self._log.append(FEEDBACK.name, [Message(key, encode(fact), {"content-type": JSON})])
        except LogError:
            return _unavailable()
        _log.info("said on the log", what=type(fact).__name__, request=str(fact.id), actor=fact.actor)
        return _accepted(str(fact.id))

    def _stranger(self, authorization: str) -> Answer:
        if not self._operators.any:
            mend = f"this door is off: {NEEDS}"
            return _refused(503, Refusal.SOURCE_OFF, mend, retry_after=_OFF_RETRY_AFTER)
        if not authorization:
            return _refused(401, Refusal.CREDENTIAL_MISSING, "send `Authorization: Bearer <your token>`")
        return _refused(401, Refusal.CREDENTIAL_WRONG, "this token belongs to no operator: ask for a new one")


def _accepted(name: str) -> Answer:
    metrics.ACCEPTED.labels(_NAME).inc()
    return json_answer(msgspec.json.encode(_Accepted(name)))


def _refused(status: int, refusal: Refusal, mend: str, *, retry_after: int | None = None) -> Answer:
    metrics.REFUSED.labels(_NAME, refusal.value).inc()
    return problem(status, refusal, mend, retry_after=retry_after)


def _unavailable() -> Answer:
    mend = "nothing was kept, because the log is away: send it again"
    return _refused(503, Refusal.LOG_UNAVAILABLE, mend, retry_after=_RETRY_AFTER)
