"""The migrations make exactly the tables the code expects, on either database."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from runtime.database import Database
from runtime.migrations import migrate
from services.notifier.service import MIGRATIONS
from services.notifier.tables import METADATA


@pytest.fixture
def migrations() -> str:
    """An empty database: the migrations are what is tested."""
    return ""


async def test_the_migrated_database_is_what_the_code_expects(database: Database) -> None:
    await migrate(database, MIGRATIONS)
    async with database.transaction() as connection:
        options = {"include_name": lambda name, kind, _parents: kind != "table" or name in METADATA.tables}
        found = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts=options), METADATA)
        )

    assert found == []
