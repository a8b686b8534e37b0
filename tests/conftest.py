"""Real servers for every test that wants one: given by the environment, else started here, once a run."""

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy import make_url

from playcaller.servers.kafka import kafka
from playcaller.servers.postgres import postgres
from runtime.clock import SystemClock
from runtime.database import Database
from runtime.log import Log
from runtime.opening import make_log
from runtime.settings import LogEngine, Settings
from runtime.worker import Backoff
from tests.migrated import administer, copied, template_of, templates_dropped

# A broker of the tests lives for seconds: it starts in half the time where Java compiles quickly instead of well.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
structlog.configure(  # plain lines: the default renders every local variable of every frame
    processors=[
        structlog.stdlib.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(),
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
)
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("default", _PATIENT, max_examples=12, derandomize=True)  # what passed yesterday passes today
settings.register_profile("soak", _PATIENT, max_examples=1000)
settings.load_profile(os.environ.get("PLAYCALLER_TEST_PROFILE", "default"))

_HERE = Path(__file__).parent
_NO_UNIT = {"whole", "servers", "browser", "faults"}
_RINGS = tuple(_HERE / room for room in ("flow", "faults"))
_UNDER_WAY: list[str] = []
"""The unit test that runs at this moment."""
_VERSIONS: dict[str, str] = {}
_SERVERS = {
    "sqlite": pytest.param("sqlite"),
    "postgresql": pytest.param("postgresql", marks=pytest.mark.servers),
    "kafka": pytest.param("kafka", marks=pytest.mark.servers),
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A unit test is one that nothing else is said of; what plays in a whole ring is none.

    Several workers share out the unit tests one by one. All that needs servers stays with one worker, so that each
    server is started once; what else starts processes stays with one worker too, so that they do not crowd each other.
    """
    for item in items:
        if any(item.path.is_relative_to(room) for room in _RINGS):
            item.add_marker("whole")
        if not any(item.get_closest_marker(mark) for mark in _NO_UNIT):
            item.add_marker("unit")
        else:
            item.add_marker(pytest.mark.xdist_group("servers" if item.get_closest_marker("servers") else "whole"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """What the imports made stays for the whole run: no collection of garbage needs to look through it.

    Raises `UsageError` where the workers were asked to keep groups together and do not: pytest-xdist would not say so.
    """
    if session.config.getoption("loadgroup", default=False):
        apart = [one.nodeid for one in session.items if one.get_closest_marker("xdist_group") and "@" not in one.nodeid]
        if apart:
            raise pytest.UsageError(f"this pytest-xdist keeps no groups together, such as that of {apart[0]}")
    gc.collect()
    gc.freeze()


gc.set_threshold(50_000, 50, 50)  # as the services do


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Know which unit test runs."""
    _UNDER_WAY[:] = [item.nodeid] if item.get_closest_marker("unit") else []
    try:
        return (yield)
    finally:
        _UNDER_WAY.clear()


def _no_process(event: str, _arguments: object) -> None:
    if event == "subprocess.Popen" and _UNDER_WAY:
        raise AssertionError(f"{_UNDER_WAY[0]} starts a process: it is no unit test, mark it `whole`")


sys.addaudithook(_no_process)


_MEMORY = Path("/dev/shm")  # noqa: S108  (only directories of a random name are made there)
_ROOM = 500_000_000


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder of this test's own. A unit test's stands in memory where there is room: no test pulls the plug."""
    in_memory = request.node.get_closest_marker("unit") and os.access(_MEMORY, os.W_OK)
    if in_memory and shutil.disk_usage(_MEMORY).free > _ROOM:
        with tempfile.TemporaryDirectory(prefix="playcaller-", dir=_MEMORY, ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    else:
        yield request.getfixturevalue("tmp_path")  # pytest's own, which looks through all that it made before


def _tell(line: str) -> None:
    print(line, file=sys.__stderr__)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kafka_bootstrap(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of a real broker: `PLAYCALLER_TEST_KAFKA`, else one started for this run."""
    given = os.environ.get("PLAYCALLER_TEST_KAFKA")
    if given:
        _VERSIONS["Apache Kafka"] = f"given at {given}"
        yield given
        return
    async with kafka(tmp_path_factory.mktemp("kafka"), _tell) as broker:
        _VERSIONS["Apache Kafka"] = broker.version
        yield broker.bootstrap


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The URL of a real PostgreSQL: `PLAYCALLER_TEST_DATABASE_URL`, else one started for this run."""
    given = os.environ.get("PLAYCALLER_TEST_DATABASE_URL")
    if given:
        url = make_url(given).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)
        _VERSIONS["PostgreSQL"] = f"{await _version(url)} (given)"
        yield url
        await templates_dropped(url)
        return
    async with postgres(tmp_path_factory.mktemp("postgres"), _tell) as server:
        _VERSIONS["PostgreSQL"] = await _version(server.url)
        # No test pulls the plug: what a killed process has written stays with the operating system.
        await administer(server.url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield server.url


async def _version(url: str) -> str:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return str(await connection.fetchval("SHOW server_version"))
    finally:
        await connection.close()


@pytest.fixture
def migrations() -> str:
    """The package whose tables stand in a fresh database already; a room or a module of tests names its own."""
    return ""


@pytest.fixture
async def fresh_postgres_url(postgres_url: str, migrations: str) -> AsyncIterator[str]:
    """The URL of a database that was just created and is dropped after the test."""
    name = f"playcaller_{uuid4().hex}"
    template = f' TEMPLATE "{await template_of(postgres_url, migrations)}"' if migrations else ""
    await administer(postgres_url, f'CREATE DATABASE "{name}"{template}')
    yield make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    await administer(postgres_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def fresh_sqlite_url(tmp_path: Path, migrations: str) -> str:
    """The URL of a file of this test's own."""
    if migrations:
        await copied(migrations, tmp_path / "state.db")
    return f"sqlite+aiosqlite:///{tmp_path}/state.db"


@pytest.fixture(params=[_SERVERS["sqlite"], _SERVERS["postgresql"]])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh database, once for each dialect."""
    return str(request.getfixturevalue("fresh_sqlite_url" if request.param == "sqlite" else "fresh_postgres_url"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open, fresh database, once for each dialect."""
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture(params=[_SERVERS["sqlite"], _SERVERS["kafka"]])
def log_engine(request: pytest.FixtureRequest) -> str:
    """Each engine a log can run on."""
    return str(request.param)


@pytest.fixture
def log_settings(request: pytest.FixtureRequest, log_engine: str, tmp_path: Path) -> Settings:
    """Settings for a log on which nothing stands yet, once for each engine: four partitions, topics of its own."""
    bootstrap = request.getfixturevalue("kafka_bootstrap") if log_engine == "kafka" else ""
    return Settings(
        data=tmp_path,
        log_engine=LogEngine(log_engine),
        topic_prefix=f"t{uuid4().hex[:12]}.",
        partitions=4,
        kafka_bootstrap=bootstrap,
        append_timeout=20.0,  # a test of patience sets its own; no other one depends on how busy the machine is
    )


@pytest.fixture
async def log(log_settings: Settings) -> AsyncIterator[Log]:
    """An open log on which nothing stands yet, once for each engine."""
    async with make_log(log_settings, SystemClock(), backoff=Backoff(0.01, 0.2)) as opened:
        yield opened


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands over which real servers took part. What one collection of garbage leaves, pytest's five leave."""
    gc.collect()
    gc.freeze()
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["versions"] = _VERSIONS


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker is done."""
    _VERSIONS.update(getattr(node, "workeroutput", {}).get("versions", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the long tests went through, and which real servers took part."""
    for report in terminalreporter.stats.get("passed", ()):
        for name, story in report.user_properties:
            if name == "story":
                terminalreporter.write_line(f"{report.location[2]}: {story}")
    for name, version in _VERSIONS.items():
        terminalreporter.write_line(f"{name} {version} was really used")
