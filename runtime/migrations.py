"""Brings a database up to the tables this version of the code expects, whoever of several replicas comes first."""

import importlib
import zlib
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from runtime.database import Database

_LONGEST_NAME = 63
"""PostgreSQL cuts longer identifiers off (NAMEDATALEN - 1)."""


class MigrationError(Exception):
    """The database cannot be brought to this version. The message says what to do."""


async def migrate(database: Database, package: str) -> None:
    """Run what `<package>/versions` holds and this database has not seen yet, in one transaction.

    `package` is a dotted name such as `services.router.migrations`; its folder needs only `versions/` with alembic
    revisions (no alembic.ini, no env.py). Each package keeps its own version table (`version_table`), so several can
    share a database. Replicas that start together queue up on a lock; all but the first find nothing left to do.

    Raises `MigrationError` where the database was migrated by a newer version, or the package has no revisions.
    """
    directory = _directory(package)
    async with database.transaction() as connection:
        if database.dialect == "postgresql":  # SQLite's transactions begin with the write lock already
            number = zlib.crc32(package.encode())
            await connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
        await connection.run_sync(_upgrade, ScriptDirectory(str(directory)), package)


def version_table(package: str) -> str:
    """The table in which this package's revision stands."""
    return f"{package.replace('.', '_')}_version"[-_LONGEST_NAME:]


def _directory(package: str) -> Path:
    try:
        module = importlib.import_module(package)
    except ImportError as fault:
        raise MigrationError(
            f"{package} cannot be imported ({fault}): name the package that holds versions/"
        ) from fault
    directory = Path(next(iter(module.__path__)))
    if not (directory / "versions").is_dir():
        raise MigrationError(f"{directory} has no versions/: put the alembic revisions there")
    return directory


def _upgrade(connection: Connection, scripts: ScriptDirectory, package: str) -> None:
    options = {
        "version_table": version_table(package),
        "transactional_ddl": True,  # SQLite's is transactional too, now that `Database` begins its transactions
        "fn": lambda revision, _context: _steps(scripts, revision, package),
    }
    context = MigrationContext.configure(connection, opts=options)
    with Operations.context(context):
        context.run_migrations()


def _steps(scripts: ScriptDirectory, revision: str | tuple[str, ...], package: str) -> list[object]:
    current = (revision,) if isinstance(revision, str) else revision
    for one in current:
        try:
            known = scripts.get_revision(one) is not None
        except CommandError:
            known = False
        if not known:
            raise MigrationError(
                f"the database is at revision {one} of {package}, which this version does not know: a newer version "
                "migrated it. Start that version again, or restore the backup taken before the upgrade"
            )
    return list(scripts._upgrade_revs("heads", revision))  # type: ignore[arg-type]  # noqa: SLF001  (the function alembic's own upgrade command calls; there is no public one without an env.py)
