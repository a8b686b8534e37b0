"""What the runtime's tests share: handlers that keep their offsets in memory, and ways to make a log fail."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from playcaller.servers.ports import free_ports
from runtime.lockfile import Lockfile
from runtime.log import Log, Partition
from runtime.settings import LogEngine, Settings
from runtime.sqlite_log import SqliteLog

Forget = Callable[[Log, Partition], Awaitable[None]]


@pytest.fixture
def forget(log_settings: Settings) -> Forget:
    """Deletes everything that stands on a partition, as retention would."""

    async def by_kafka(_log: Log, partition: Partition) -> None:
        administrator = AIOKafkaAdminClient(bootstrap_servers=log_settings.kafka_bootstrap)
        await administrator.start()
        place = TopicPartition(log_settings.topic_prefix + partition.topic, partition.number)
        await administrator.delete_records({place: RecordsToDelete(before_offset=-1)})
        await administrator.close()

    async def by_sqlite(log: Log, _partition: Partition) -> None:
        assert isinstance(log, SqliteLog)
        await log.trim(timedelta(days=-1))

    return by_kafka if log_settings.log_engine is LogEngine.KAFKA else by_sqlite


@pytest.fixture
def unreachable() -> Callable[[Settings], Settings]:
    """The same settings, for a log that cannot be had: no broker listens, or another process holds the file."""
    locks = []

    def make(settings: Settings) -> Settings:
        patient = settings.model_copy(update={"append_timeout": 0.4})
        if settings.log_engine is LogEngine.KAFKA:
            (port,) = free_ports(1)
            return patient.model_copy(update={"kafka_bootstrap": f"127.0.0.1:{port}"})
        lock = Lockfile(Path(settings.data) / "log.db.lock")
        lock.take()
        locks.append(lock)
        return patient

    return make
