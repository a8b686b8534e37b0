"""How we reach Kafka: the settings as aiokafka wants them, TLS and SASL, and topics made when they are missing."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.codec import has_gzip, has_lz4, has_snappy, has_zstd
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from runtime.log import LogError, LogUnavailableError
from runtime.settings import Settings

_CODECS = {"lz4": has_lz4, "zstd": has_zstd, "snappy": has_snappy, "gzip": has_gzip}
_UNKNOWN_TOPIC = 3
_SAFE_REPLICATION = 3


def compression(settings: Settings) -> str | None:
    """The codec, or None for `none`. Raises `LogError` where this Python lacks it, before any send."""
    name = settings.kafka_compression.lower()
    if name == "none":
        return None
    if name not in _CODECS or not _CODECS[name]():
        raise LogError(
            f"PLAYCALLER_KAFKA_COMPRESSION is {name!r}, which is not to be had here: "
            "write snappy, lz4, zstd or none, and install cramjam"
        )
    return name


def connection_options(settings: Settings) -> dict[str, Any]:
    """What every aiokafka client is made with. Raises `LogError` where TLS or SASL settings do not hold together."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap,
        "security_protocol": settings.kafka_security,
        "metadata_max_age_ms": 60_000,
        "client_id": settings.instance or "playcaller",
    }
    if settings.kafka_security not in {"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}:
        raise LogError("PLAYCALLER_KAFKA_SECURITY: write PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL")
    if settings.kafka_security.endswith("SSL"):
        options["ssl_context"] = _tls(settings)
    if settings.kafka_security.startswith("SASL"):
        if settings.kafka_password is None or not settings.kafka_user:
            raise LogError(
                f"{settings.kafka_security} needs PLAYCALLER_KAFKA_USER and PLAYCALLER_KAFKA_PASSWORD(_FILE)"
            )
        options["sasl_mechanism"] = settings.kafka_mechanism
        options["sasl_plain_username"] = settings.kafka_user
        options["sasl_plain_password"] = settings.kafka_password.get_secret_value()
    return options


def _tls(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ca)
        if settings.kafka_certificate:
            context.load_cert_chain(settings.kafka_certificate, settings.kafka_key)
    except (OSError, ssl.SSLError) as fault:
        raise LogError(
            f"TLS to Kafka cannot be set up ({fault}): check PLAYCALLER_KAFKA_CA, _CERTIFICATE and _KEY"
        ) from None
    return context


_LOOKS, _LOOK_AGAIN = 40, 0.05
"""How often, and after how many seconds, we look whether a topic that was just made can be used."""


class Topics:
    """How many partitions each topic has; those that are missing are made as the settings say."""

    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self._settings, self._options = settings, options
        self._counts: dict[str, int] = {}
        self._asking = asyncio.Lock()

    def known(self, topic: str) -> int:
        """The partitions of a topic asked for before; 0 if it never was."""
        return self._counts.get(topic, 0)

    async def ensure(self, topics: Sequence[str]) -> None:
        """Make those that are missing, and learn about all. Raises `LogUnavailableError`."""
        async with self._asking:
            missing = [topic for topic in topics if topic not in self._counts]
            if not missing:
                return
            try:
                async with self._administrator() as administrator:
                    await self._learn(administrator, await self._create(administrator, missing))
            except (KafkaError, OSError, TimeoutError) as fault:
                where = self._settings.kafka_bootstrap
                raise LogUnavailableError(f"Kafka at {where} does not answer: {type(fault).__name__}") from fault

    @contextlib.asynccontextmanager
    async def _administrator(self) -> AsyncIterator[AIOKafkaAdminClient]:
        administrator = AIOKafkaAdminClient(**self._options, request_timeout_ms=10_000)
        try:
            await administrator.start()
            yield administrator
        finally:
            await administrator.close()

    async def _create(self, administrator: AIOKafkaAdminClient, topics: list[str]) -> list[str]:
        known = await administrator.describe_topics(topics)
        absent = [one["topic"] for one in known if one["error_code"] == _UNKNOWN_TOPIC]
        if absent:
            wanted = [
                NewTopic(
                    topic, self._settings.partitions, self._settings.kafka_replication, topic_configs=self._configs()
                )
                for topic in absent
            ]
            answer = await administrator.create_topics(wanted)
            for topic, code, *_ in answer.topic_errors:
                error = for_code(code)
                if code and error is not TopicAlreadyExistsError:
                    raise LogUnavailableError(
                        f"topic {topic} cannot be made ({error.__name__}): make it by hand with "
                        f"{self._settings.partitions} partitions, or allow this user to"
                    )
        return topics

    async def _learn(self, administrator: AIOKafkaAdminClient, topics: list[str]) -> None:
        """A topic that was just made has no leaders for a moment: look again until it has."""
        for _ in range(_LOOKS):
            known = await administrator.describe_topics(topics)
            ready = {one["topic"]: len(one["partitions"]) for one in known if not one["error_code"]}
            self._counts |= {topic: count for topic, count in ready.items() if count}
            if all(topic in self._counts for topic in topics):
                return
            await asyncio.sleep(_LOOK_AGAIN)
        late = ", ".join(topic for topic in topics if topic not in self._counts)
        raise LogUnavailableError(f"topic {late} is not ready yet")

    def _configs(self) -> dict[str, str]:
        """A segment is deleted when its newest record is old enough, so its span is taken off the retention."""
        keep = self._settings.retention
        span = min(timedelta(days=1), keep / 10)
        configs = {
            "cleanup.policy": "delete",
            "segment.ms": str(int(span / timedelta(milliseconds=1))),
            "retention.ms": str(int((keep - span) / timedelta(milliseconds=1))),
        }
        if self._settings.kafka_replication >= _SAFE_REPLICATION:
            configs["min.insync.replicas"] = "2"
        return configs
