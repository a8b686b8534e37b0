"""The way of one webhook through the door: verify, read, append; every outcome is an answer."""

import asyncio
import traceback
from collections.abc import Callable, Sequence

import structlog

from runtime import failpoints
from runtime.log import Log, LogUnavailableError, RecordTooLargeError
from schemas.event import Event
from services.ingest import metrics
from services.ingest.answer import ACCEPTED, Answer, problem
from services.ingest.draft import Draft, MalformedError, NotUnderstoodError, TooManyEventsError
from services.ingest.gate import Gate
from services.ingest.holders import Held, held_by
from services.ingest.records import Recorder, Said, by_topic, headers_of
from services.ingest.refusal import Refusal
from services.ingest.settings import IngestSettings
from services.ingest.spool import Spool, SpoolFullError
from services.ingest.verification import Refused, Verified
from services.ingest.webhook import Webhook

_log = structlog.get_logger(__name__)
OFF_RETRY_AFTER = 60
"""Seconds: somebody has to configure it first."""
Keep = Callable[[Held], None]
"""Makes a form's files durable, with whose they are. Blocks on the disk."""


class Intake:
    """Takes webhooks for the log. `spool` stands in for it where a sender never tries again."""

    def __init__(self, log: Log, recorder: Recorder, settings: IngestSettings, spool: Spool | None = None) -> None:
        self._log, self._recorder, self._spool = log, recorder, spool
        self._largest, self._retry_after = settings.ingest_max_record, settings.ingest_retry_after

    async def take(self, gate: Gate, webhook: Webhook, keep: Keep | None = None) -> Answer:
        """The answer to a whole webhook. 2xx only once its events, and the files of its form, are durable."""
        verdict = self.verified(gate, webhook)
        if not isinstance(verdict, Verified):
            return verdict
        try:
            drafts = gate.source.read(webhook, verdict)
        except MalformedError as fault:
            return self.refuse(gate, 400, Refusal.MALFORMED, str(fault))
        except TooManyEventsError as fault:
            return self.refuse(gate, 413, Refusal.TOO_LARGE, str(fault))
        except NotUnderstoodError as fault:
            return await self._bury(gate, webhook, str(fault), keep)
        except Exception as fault:  # noqa: BLE001  (a hole in a table must not disable the sender's webhook)
            _log.error("a source's table raised", source=gate.name, fault=type(fault).__name__, where=_where(fault))
            return await self._bury(gate, webhook, f"reading it raised {type(fault).__name__}", keep)
        return await self._append(gate, webhook, drafts, keep)

    def verified(self, gate: Gate, webhook: Webhook) -> Verified | Answer:
        """The proof, or the refusal."""
        verdict = gate.source.verification.verify(webhook, gate.keyring)
        if isinstance(verdict, Refused):
            if verdict.reason is Refusal.SOURCE_OFF:
                return self.refuse(gate, 503, verdict.reason, verdict.mend, retry_after=OFF_RETRY_AFTER)
            status = 403 if verdict.reason is Refusal.ORIGIN_REFUSED else 401
            return self.refuse(gate, status, verdict.reason, verdict.mend)
        return verdict

    def refuse(
        self, gate: Gate, status: int, refusal: Refusal, detail: str, *, retry_after: int | None = None
    ) -> Answer:
        """A refusal, counted and logged by reason. It holds nothing of what was sent."""
        gate.refused(refusal)
        _log.info("webhook refused", source=gate.name, reason=refusal.value, status=status)
        return problem(status, refusal, detail, retry_after=retry_after)

    async def _append(self, gate: Gate, webhook: Webhook, drafts: Sequence[Draft], keep: Keep | None) -> Answer:
        recorder, source = self._recorder, gate.source
        headers = headers_of(source, webhook)
        events = [recorder.event(source, draft, webhook) for draft in drafts]
        if keep is not None:
            await self._filed(webhook, keep, *events)
        refusal = await self._durable(gate, [recorder.message(event, headers) for event in events])
        if refusal is not None:
            return refusal
        failpoints.reach("ingest.appended")
        gate.accepted.inc()
        for event in events:
            gate.events[event.type].inc()
            for mark in event.marks:
                metrics.MARKED.labels(gate.name, mark.value).inc()
        return source.answer(webhook)

    async def _filed(self, webhook: Webhook, keep: Keep, *events: Event) -> None:
        """Before the event that refers to them, so that no reference is ever without its file."""
        if webhook.form is None or not webhook.form.files:
            return
        try:
            await asyncio.to_thread(keep, held_by(self._recorder, webhook.form, events, webhook.received_at))
        except OSError as fault:  # a lead is worth more than its file
            _log.error("attachments not kept: look at the disk", fault=type(fault).__name__)

    async def _bury(self, gate: Gate, webhook: Webhook, detail: str, keep: Keep | None) -> Answer:
        if keep is not None:
            await self._filed(webhook, keep)
        refusal = await self._durable(gate, [self._recorder.dead_letter(gate.source, webhook, detail)])
        if refusal is not None:
            return refusal
        metrics.DEAD.labels(gate.name).inc()
        gate.accepted.inc()
        _log.warning("webhook not understood: kept as a dead letter", source=gate.name, detail=detail)
        return ACCEPTED

    async def _durable(self, gate: Gate, said: Sequence[Said]) -> Answer | None:
        """Nothing when all of it is durable, else the refusal."""
        for _, message in said:
            if len(message.value) > self._largest:
                return self._too_large(gate)
        spool = None if gate.retries else self._spool
        if spool is not None and spool.waiting:  # those before it go first
            return await self._spooled(gate, spool, said)
        try:
            for topic, messages in by_topic(said).items():
                await self._log.append(topic, messages)
        except RecordTooLargeError:
            return self._too_large(gate)
        except LogUnavailableError:
            return await self._spooled(gate, spool, said)
        return None

    async def _spooled(self, gate: Gate, spool: Spool | None, said: Sequence[Said]) -> Answer | None:
        if spool is not None:
            try:
                await spool.put(self._recorder.next_id(), said)
            except SpoolFullError:
                pass
            else:
                metrics.SPOOLED.labels(gate.name).inc()
                return None
        return self.refuse(
            gate,
            503,
            Refusal.LOG_UNAVAILABLE,
            "nothing was kept, because the log is away: send it again",
            retry_after=self._retry_after,
        )

    def _too_large(self, gate: Gate) -> Answer:
        return self.refuse(
            gate, 413, Refusal.TOO_LARGE, f"one event takes over {self._largest} bytes on the log: send less at once"
        )


def _where(fault: Exception) -> str:
    """The line that raised. Never the message, which may hold what somebody typed."""
    frames = traceback.extract_tb(fault.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
