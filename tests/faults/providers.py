"""The fake Slack and the mail sink, and what they were handed, by the key that each message carries."""

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tests.faults.evidence import Evidence
from tests.faults.invariants import Shown
from tests.faults.rings import Providers
from tests.notifier.fake_slack import FakeSlack
from tests.notifier.mail_sink import MailSink

_KEY = re.compile(r"<play\.([^@]+)@")


@dataclass(frozen=True, slots=True)
class Desks:
    """Where reps read: both outlive every kill of the ring."""

    slack: FakeSlack
    mail: MailSink

    @property
    def providers(self) -> Providers:
        """As the ring is told."""
        return Providers(self.slack.url, self.mail.port)

    def cards(self, evidence: Evidence) -> list[Shown]:
        """Every message the fake Slack has taken; refused ones are our bugs."""
        assert self.slack.refused == []
        keys = [(message.metadata["event_payload"]["key"], message.user) for message in self.slack.messages]
        return [Shown(*evidence.ledger[key], user) for key, user in keys]

    def mails(self, evidence: Evidence) -> list[Shown]:
        """Every mail the sink has taken."""
        found = [(_KEY.match(mail["Message-ID"]), str(mail["To"])) for mail in self.mail.mails]
        return [Shown(*evidence.ledger[key[1]], to) for key, to in found if key]


@contextlib.asynccontextmanager
async def desks() -> AsyncIterator[Desks]:
    """Open both while the block runs."""
    async with FakeSlack() as slack, MailSink() as mail:
        yield Desks(slack, mail)
