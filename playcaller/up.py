"""`playcaller up`: the whole ring on this machine, and the story told to it."""

import asyncio
import json
import os
import sys
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from playcaller.audience import TOPICS, Audience
from playcaller.generated import as_environment, as_operators, source_secrets
from playcaller.people import first_of
from playcaller.ring import Ring
from playcaller.story.posting import ORIGIN
from playcaller.story.script import Telling, scenes
from playcaller.story.telling import Teller
from playcaller.terminal import Terminal
from playcaller.watching import watching
from runtime.settings import Settings
from runtime.telemetry import configure
from schemas.verdict import Outcome
from services.ingest.reading import sources

UNSETTLED = 1


def run(*, engine: str, story: str, data: Path | None, once: bool) -> int:
    """Run until stopped, or with `once` until the story is told; the process's exit status.

    0 when everything the story sent was judged and delivered.
    """
    settings = _settled(data, once=once)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_up(settings, engine, story, once=once))
    except BaseExceptionGroup as group:
        raise first_of(group) from group


def _settled(data: Path | None, *, once: bool) -> Settings:
    """The environment made complete: where the data are, quiet logs, a secret for each source, ports that are free."""
    if data is not None:
        os.environ["PLAYCALLER_DATA"] = str(data)
    os.environ.setdefault("PLAYCALLER_LOG_LEVEL", "ERROR")
    os.environ.setdefault("PLAYCALLER_LOG_FORMAT", "console")
    os.environ.setdefault("PLAYCALLER_INGEST_ORIGINS", ORIGIN)
    if once:
        os.environ.setdefault("PLAYCALLER_INGEST_PORT", "0")
        os.environ.setdefault("PLAYCALLER_NOTIFIER_PORT", "0")
    settings = Settings.load()
    settings.data.mkdir(parents=True, exist_ok=True)
    configure(settings.log_level, settings.log_format)
    if "PLAYCALLER_INGEST_OPERATORS_FILE" not in os.environ:
        os.environ.setdefault("PLAYCALLER_INGEST_OPERATORS", as_operators(settings.data))
    return settings


def _engine(
    engine: str, settings: Settings, audience: Audience, terminal: Terminal
) -> AbstractAsyncContextManager[Ring]:
    if engine == "kafka":
        from playcaller.processes import processes

        return processes(settings, audience, terminal)
    from playcaller.embedded import embedded

    return embedded(settings, audience)


async def _up(settings: Settings, engine: str, story: str, *, once: bool) -> int:
    terminal = Terminal()
    audience = Audience(terminal)
    secrets = source_secrets(settings.data, sources(), os.environ)
    os.environ.update(as_environment(secrets, os.environ))
    terminal.title("Playcaller", "Webhooks in, one play for one rep out.")
    async with _engine(engine, settings, audience, terminal) as ring:
        for name, value in {**ring.facts, "webhooks": f"{ring.addresses.door}/webhooks/<source>"}.items():
            terminal.fact(name, value)
        async with watching(ring.log, TOPICS, audience.read):
            settled = True
            if _is_told(settings.data, story, once=once):
                settled = await _tell(settings.data, ring, secrets, audience, terminal)
            else:
                terminal.say("The story has been told in this folder; --story again tells it anew.", "grey62")
            if once:
                return 0 if settled else UNSETTLED
            terminal.invite(ring.addresses.inbox)
            terminal.say("Ctrl-C stops; the next start goes on where this one ended.", "grey62")
            await ring.stop.wait()
            return 0


def _is_told(data: Path, story: str, *, once: bool) -> bool:
    """Is the story told now? Once in a data directory, unless it is asked for."""
    if story == "never":
        return False
    return once or story == "again" or _takes(data) == 0


def _takes(data: Path) -> int:
    file = data / "story.json"
    return int(json.loads(file.read_text("utf-8"))["told"]) if file.exists() else 0


async def _tell(data: Path, ring: Ring, secrets: dict[str, str], audience: Audience, terminal: Terminal) -> bool:
    take = _takes(data) + 1
    (data / "story.json").write_text(json.dumps({"told": take}), "utf-8")
    teller = Teller(ring.addresses.door, secrets, audience, terminal)
    told = await teller.tell(scenes(Telling(datetime.now(UTC), take)))
    counts = {outcome.value: 0 for outcome in Outcome}
    for judged in audience.judged:
        counts[judged.outcome] += 1
    terminal.title(
        f"{told.taken} webhooks, {told.events} events: "
        + ", ".join(f"{count} {name}" for name, count in counts.items())
    )
    if not told.settled or told.refused:
        sys.stderr.write(
            f"Not everything was settled in time: {told.events} events sent, {len(audience.judged)} judged, "
            f"{told.refused} webhooks refused. Start again with PLAYCALLER_LOG_LEVEL=INFO to see why.\n"
        )
    return told.settled and not told.refused
