"""The migrations lead to exactly the tables the code knows."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from runtime.database import Database
from services.router.adapters.tables import METADATA


def _differences(connection: Connection) -> list[object]:
    known = {table.name for table in METADATA.tables.values()}

    def ours(item: object, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
        return kind != "table" or name in known

    context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
    return list(compare_metadata(context, METADATA))


async def test_the_migrated_database_equals_the_metadata(house: Database) -> None:
    async with house.reading() as connection:
        differences = await connection.run_sync(_differences)

    assert differences == []


async def test_every_table_wears_the_routers_prefix(house: Database) -> None:
    async with house.reading() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())

    assert [name for name in names if not name.startswith(("router_", "services_router_"))] == []


@pytest.mark.servers
@pytest.mark.parametrize(
    ("table", "column"), [("router_outbox", "value"), ("router_handoff", "text"), ("router_handoff", "handoff")]
)
async def test_what_is_large_and_soon_written_anew_is_not_compressed(
    fresh_postgres_url: str, table: str, column: str
) -> None:
    house = Database(fresh_postgres_url)
    stored = text(
        "SELECT attstorage, reloptions FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid "
        "WHERE relname = :table AND attname = :column"
    )
    async with house.reading() as connection:
        (found,) = await connection.execute(stored, {"table": table, "column": column})
    await house.close()

    assert found.attstorage == b"e"
    assert found.reloptions == ["toast_tuple_target=8160"]
