"""The doctor: looks at everything that has to be in order, and says what to do where it is not."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from runtime.clock import SystemClock
from runtime.database import Database
from runtime.opening import database_url, make_log
from runtime.settings import LogEngine, Settings
from runtime.telemetry import configure
from services.ingest.reading import sources
from services.ingest.settings import SourceSettings, source_settings
from services.ingest.webhook import Site
from services.router.adapters.playbook_store import in_force
from services.router.settings import RouterSettings


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `mend` is empty where it is in order."""

    what: str
    state: str
    mend: str = ""
    optional: bool = False
    """Something that may well be off."""


Look = Callable[[Settings], Awaitable[list[Finding]]]


def run(data: Path | None) -> int:
    """Print every finding; 1 where something has to be mended."""
    if data is not None:
        os.environ["PLAYCALLER_DATA"] = str(data)
    settings = Settings.load()
    configure("CRITICAL", "console")
    findings = asyncio.run(_findings(settings))
    console = Console(highlight=False)
    for finding in findings:
        sign, style = ("✔", "green") if not finding.mend else ("–", "grey62") if finding.optional else ("✘", "red")
        console.print(Text.assemble((f"{sign} ", style), (f"{finding.what:<22}", "bold"), finding.state))
        if finding.mend:
            console.print(Text(f"  {'':<22}{finding.mend}", style="grey62" if finding.optional else "yellow"))
    return 1 if any(finding.mend and not finding.optional for finding in findings) else 0


async def _findings(settings: Settings) -> list[Finding]:
    looks: list[Look] = [_database, _log, _playbook, _sources]
    return [finding for look in looks for finding in await look(settings)]


async def _database(settings: Settings) -> list[Finding]:
    where = "SQLite" if settings.database_url is None else "PostgreSQL"
    if settings.database_url is None and not (settings.data / "state.db").exists():
        return [Finding("database", f"{where}, made at the first start", optional=True)]
    database = Database(database_url(settings))
    try:
        good = await database.ready()
    finally:
        await database.close()
    return [Finding("database", where, "" if good else "it does not answer: check PLAYCALLER_DATABASE_URL")]


async def _log(settings: Settings) -> list[Finding]:
    if settings.log_engine is LogEngine.SQLITE and not (settings.data / "log.db").exists():
        return [Finding("log", "SQLite, made at the first start", optional=True)]
    async with make_log(settings, SystemClock()) as log:
        good = await log.ready()
    name = "SQLite" if settings.log_engine is LogEngine.SQLITE else f"Kafka at {settings.kafka_bootstrap}"
    return [Finding("log", name, "" if good else "it would not take a record now: check PLAYCALLER_KAFKA_BOOTSTRAP")]


async def _playbook(settings: Settings) -> list[Finding]:
    path = RouterSettings.load(data=settings.data).playbook
    try:
        playbook = in_force(path)
    except Exception as fault:  # noqa: BLE001  (whatever is wrong with it, `playbook check` says it best)
        return [
            Finding(
                "playbook", f"{path}: {type(fault).__name__}", "run `playcaller playbook check`: it names each fault"
            )
        ]
    return [Finding("playbook", f"{playbook.title}, version {playbook.version[:12]}")]


async def _sources(_settings: Settings) -> list[Finding]:
    configured = source_settings()
    return [_source(name, configured.get(name, SourceSettings())) for name in sources()]


def _source(name: str, settings: SourceSettings) -> Finding:
    source = sources()[name]
    on = source.verification.configured(settings.keyring, Site())
    mend = "" if on else source.verification.needs.format(name=name.upper())
    return Finding(f"source {name}", "on" if on else "off", mend, optional=True)
