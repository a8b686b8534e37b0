"""Migrations run once, in order, also where several replicas start together; every refusal says the mend."""

import asyncio
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from runtime.database import Database
from runtime.migrations import MigrationError, migrate, version_table


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package with two migrations."""
    name = f"deeds_{tmp_path.name.replace('-', '_')}"
    versions = tmp_path / name / "versions"
    versions.mkdir(parents=True)
    (tmp_path / name / "__init__.py").write_text("")
    for revision, former, body in [
        ("0001", None, 'op.create_table("deeds", sa.Column("id", sa.Integer, primary_key=True))'),
        ("0002", "0001", 'op.add_column("deeds", sa.Column("word", sa.Text, server_default="call"))'),
    ]:
        (versions / f"{revision}.py").write_text(
            textwrap.dedent(f"""
            import sqlalchemy as sa
            from alembic import op
            revision, down_revision = {revision!r}, {former!r}
            def upgrade():
                {body}
            """)
        )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    sys.modules.pop(name, None)


async def deed(database: Database) -> str:
    async with database.transaction() as connection:
        await connection.execute(text("INSERT INTO deeds (id) VALUES (1)"))
        return str((await connection.execute(text("SELECT word FROM deeds"))).scalar_one())


async def test_migrations_run_in_order_and_only_once(database: Database, package: str):
    await migrate(database, package)
    await migrate(database, package)

    assert await deed(database) == "call"


async def test_replicas_that_start_together_migrate_once(database_url: str, package: str):
    replicas = [Database(database_url) for _ in range(4)]
    await asyncio.gather(*(migrate(replica, package) for replica in replicas))

    assert await deed(replicas[0]) == "call"
    for replica in replicas:
        await replica.close()


async def test_a_migration_that_fails_leaves_nothing_behind(database: Database, package: str, tmp_path: Path):
    broken = tmp_path / package / "versions" / "0003.py"
    former = (tmp_path / package / "versions" / "0002.py").read_text()
    broken.write_text(former.replace("'0001'", "'0002x'").replace("'0002'", "'0003'").replace("0002x", "0002"))
    with pytest.raises(Exception, match=r"(?i)word"):
        await migrate(database, package)
    broken.unlink()
    await migrate(database, package)

    assert await deed(database) == "call"


async def test_a_database_of_a_newer_version_is_refused_with_the_mend(database: Database, package: str):
    await migrate(database, package)
    async with database.transaction() as connection:
        await connection.execute(text(f"UPDATE {version_table(package)} SET version_num = '0099'"))  # noqa: S608  (a name of ours)
    with pytest.raises(MigrationError, match=r"0099.*Start that version again, or restore the backup"):
        await migrate(database, package)


async def test_a_package_without_migrations_says_where_they_belong(database: Database):
    with pytest.raises(MigrationError, match=r"runtime has no versions/: put the alembic revisions there"):
        await migrate(database, "runtime")
