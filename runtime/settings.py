"""Settings from the environment (`PLAYCALLER_…`); every secret may instead be named as a file (`PLAYCALLER_…_FILE`)."""

import os
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "PLAYCALLER_"


def from_files(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings that are named as files: `PLAYCALLER_X_FILE=/run/secrets/x` gives `x` the file's stripped text.

    Raises `SystemExit` with the mend where a named file cannot be read.
    """
    found = {}
    for name, path in environment.items():
        if name.startswith(PREFIX) and name.endswith("_FILE"):
            try:
                found[name.removeprefix(PREFIX).removesuffix("_FILE").lower()] = Path(path).read_text("utf-8").strip()
            except OSError as fault:
                raise SystemExit(
                    f"{name}: cannot read {path} ({fault.strerror}): mount it or correct the path"
                ) from None
            except UnicodeDecodeError:
                raise SystemExit(f"{name}: {path} is not text: give it the secret as UTF-8") from None
    return found


class LogEngine(StrEnum):
    """Where the log lives."""

    SQLITE = "sqlite"
    KAFKA = "kafka"


class Settings(BaseSettings):
    """What every role needs. Services add their own with the same prefix."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True)

    data: Path = Path(".playcaller")
    """Where the embedded engine keeps its two files, the lock and generated secrets."""
    log_engine: LogEngine = LogEngine.SQLITE
    database_url: SecretStr | None = None
    """`postgresql+asyncpg://…`; nothing means SQLite under `data`."""
    topic_prefix: str = "playcaller."
    partitions: int = 8
    retention: timedelta = timedelta(days=30)
    """How long the log keeps a record: the promise to those who ask to be forgotten."""
    append_timeout: float = 3.0
    """Seconds after which an append that is not durable is refused (below the shortest sender's deadline)."""
    clock_skew: float = 1.0
    """Seconds by which two machines' clocks may differ."""
    key_secret: SecretStr | None = None
    """Keys the hashes that stand as keys on the log; generated under `data` when embedded."""
    kafka_bootstrap: str = "127.0.0.1:9092"
    kafka_security: str = "PLAINTEXT"
    kafka_ca: Path | None = None
    kafka_certificate: Path | None = None
    kafka_key: Path | None = None
    kafka_mechanism: str = "SCRAM-SHA-512"
    kafka_user: str = ""
    kafka_password: SecretStr | None = None
    kafka_compression: str = "lz4"
    """lz4, zstd, snappy or none. snappy is the cheapest for the client (its lz4 is level 9) and a fifth larger."""
    kafka_replication: int = 1
    instance: str = ""
    """A stable name of this replica (a StatefulSet's pod name) for static group membership."""
    health_host: str = "127.0.0.1"
    health_port: int = 0
    """Metrics, liveness and readiness; 0 takes a free port."""
    log_level: str = "INFO"
    log_format: str = "json"
    """`json` or `console`."""
    grace: float = 20.0
    """Seconds between SIGTERM and the end in which the work under way is finished."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  (pydantic-settings hands all of them over)
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (the same)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (the same)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Explicit values and the environment: there is no other file to look through for each of them."""
        return init_settings, env_settings

    @classmethod
    def load(cls, **explicit: object) -> Self:
        """The settings of this process: explicit values, then files, then the environment."""
        return cls(**{**from_files(os.environ), **explicit})  # type: ignore[arg-type]  # pydantic validates them
