"""Sample cards in a running inbox, to be looked at: `python -m tests.notifier.gallery FOLDER [PORT]`."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runtime.opening import open_carriage
from schemas.handoff import HandoffState
from schemas.lead import Priority
from schemas.play import CardKind
from schemas.topics import PLAYS
from services.notifier.service import serve
from services.notifier.settings import NotifierSettings
from tests.notifier.builders import (
    TAKEN,
    a_brief,
    a_handoff,
    a_play,
    a_recipient,
    a_text,
    a_triage,
    an_update,
    messages,
)


async def show(folder: Path, port: int) -> None:
    """Serve the gallery until interrupted."""
    settings = NotifierSettings.load(data=folder, notifier_port=port)
    now = datetime.now(UTC)
    async with open_carriage(settings) as carriage:
        await carriage.log.append(PLAYS.name, messages(*samples(now)))
        await serve(carriage, settings, lambda url: print(url, flush=True))  # noqa: T201  (its reader waits for it)


def samples(now: datetime) -> list[object]:
    """Every state a rep meets, for two reps."""
    jonas = a_recipient("jonas", "Jonas Weber")
    grace = a_recipient()
    hostile = a_brief(
        name="<b>Bobby</b> *Tables* <!channel> http://evil.example/x",
        title="Student; DROP TABLE leads; --",
        company="\u202eevil\u202c & Sons <script>alert(1)</script>",
        phone="",
        why_now=("Typed <img src=x onerror=alert(1)> into a form",),
    )
    return [
        a_play(at=now - timedelta(minutes=2), accept_by=now + timedelta(minutes=18)),
        a_play(
            handoff=a_handoff("barbara"),
            at=now - timedelta(minutes=50),
            accept_by=now + timedelta(minutes=70),
            expires_at=None,
            priority=Priority.B,
            brief=a_brief(name="Barbara Liskov", title="Head of Maintenance", company="Hydra Water", phone=""),
            play=a_text(email_first=True, when_to_call="Write today before 16:00; call tomorrow at 9:00"),
            notice="New reason: they came back to the pricing page",
        ),
        a_play(
            handoff=a_handoff("bobby"), at=now, accept_by=now + timedelta(hours=8), priority=Priority.D, brief=hostile
        ),
        a_triage(at=now, accept_by=now + timedelta(hours=3)),
        a_play(
            handoff=a_handoff("edsger"),
            at=now - timedelta(hours=5),
            brief=a_brief(name="Edsger Dijkstra", title="Plant engineer", company="Shortest Path BV"),
            priority=Priority.B,
            expires_at=None,
        ),
        an_update(
            handoff=a_handoff("edsger"),
            at=now - timedelta(hours=4),
            brief=a_brief(name="Edsger Dijkstra", title="Plant engineer", company="Shortest Path BV"),
            priority=Priority.B,
            actions=TAKEN,
        ),
        a_play(
            handoff=a_handoff("lost"),
            at=now - timedelta(days=1),
            brief=a_brief(name="Alan Kay", title="Director", company="Dynabook"),
            priority=Priority.C,
            expires_at=None,
        ),
        an_update(
            handoff=a_handoff("lost"),
            at=now - timedelta(hours=20),
            brief=a_brief(name="Alan Kay", title="Director", company="Dynabook"),
            priority=Priority.C,
            state=HandoffState.OFFERED,
            assignee="jonas",
            actors=("jonas", "felix"),
            recipients=(grace,),
            notice="It went to Jonas Weber: the deadline passed",
        ),
        a_play(
            handoff=a_handoff("lost"),
            version=3,
            sequence=2,
            kind=CardKind.OFFER,
            at=now - timedelta(hours=20),
            accept_by=now + timedelta(minutes=5),
            expires_at=now + timedelta(minutes=5),
            person="jonas",
            recipients=(jonas,),
            brief=a_brief(name="Alan Kay", title="Director", company="Dynabook"),
            priority=Priority.C,
        ),
    ]


if __name__ == "__main__":
    asyncio.run(show(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
