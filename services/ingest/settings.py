"""The door's settings, and the secrets and options of each source."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr, field_validator

from runtime.settings import PREFIX, Settings, from_files
from services.ingest.keyring import Keyring, usable

_SOURCE = "source_"


class IngestSettings(Settings):
    """Everything the door may be told, beside what every role needs."""

    ingest_host: str = "127.0.0.1"
    ingest_port: int = 8080
    """0 takes a free port."""
    ingest_public_url: str = ""
    """Scheme and host as senders see them; nothing means the address we listen on. HubSpot signs it."""
    ingest_max_body: int = 1_000_000
    """Bytes of a webhook, before and after its content encoding is undone."""
    ingest_max_form: int = 32_000_000
    """Bytes of a multipart form with its files."""
    ingest_max_file: int = 20_000_000
    ingest_max_files: int = 2_000_000_000
    """Bytes of all kept files together; above it a file's reference is kept, its bytes are not."""
    ingest_max_record: int = 950_000
    """Bytes of one event on the log; below the broker's own limit (Kafka's default is 1 048 588)."""
    ingest_body_timeout: float = 20.0
    """Seconds in which a whole body has to arrive."""
    ingest_rate_factor: float = 1.0
    """Multiplies each source's limit per address; 0 switches the limits off."""
    ingest_proxies: int = 0
    """How many trusted proxies stand before us, each adding to X-Forwarded-For."""
    ingest_operators: SecretStr | None = None
    """`<name>:<token>`, comma-separated: who may correct events and erase people."""
    ingest_origins: str = ""
    """Comma-separated web origins whose pages may post forms."""
    ingest_redirects: str = ""
    """Comma-separated thank-you pages, or prefixes ending in `/`; the first page is the default."""
    ingest_spool_limit: int = 64_000_000
    """Bytes that may wait on local disk, for senders that never try again."""
    ingest_retry_after: int = 5
    """Seconds after which a sender may try again when the log is away."""

    @field_validator("ingest_public_url")
    @classmethod
    def _plain(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("write the scheme and the host, as in https://hooks.acme.example")
        return value.rstrip("/")

    @property
    def origins(self) -> frozenset[str]:
        """The allowed web origins, lower-case."""
        return frozenset(one.lower().rstrip("/") for one in _listed(self.ingest_origins))

    @property
    def redirects(self) -> tuple[str, ...]:
        """The allowed thank-you pages."""
        return _listed(self.ingest_redirects)

    @property
    def attachments(self) -> Path:
        """Where uploaded files are kept."""
        return self.data / "attachments"

    @property
    def spool(self) -> Path:
        """Where forms wait for the log."""
        return self.data / "spool"


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """What the operator set for one source."""

    keyring: Keyring = Keyring()  # noqa: RUF009  (nothing can be added to it)
    options: frozenset[str] = frozenset()


def source_settings(environment: Mapping[str, str] | None = None) -> dict[str, SourceSettings]:
    """Per source: `PLAYCALLER_SOURCE_<NAME>_SECRETS` (one a line, or comma-separated; or …_FILE) and …_OPTIONS.

    Raises `SystemExit` with the mend where a secret is nothing but NULs or blanks, or a named file cannot be read.
    """
    variables = os.environ if environment is None else environment
    plain = {name.removeprefix(PREFIX).lower(): value for name, value in variables.items() if name.startswith(PREFIX)}
    known = {name: value for name, value in {**plain, **from_files(variables)}.items() if name.startswith(_SOURCE)}
    names = {
        name.removeprefix(_SOURCE).removesuffix(end)
        for name in known
        for end in ("_secrets", "_options")
        if name.endswith(end)
    }
    return {
        name: SourceSettings(
            Keyring(_secrets(name, known.get(f"{_SOURCE}{name}_secrets", ""))),
            frozenset(_listed(known.get(f"{_SOURCE}{name}_options", ""))),
        )
        for name in names
    }


def _secrets(name: str, value: str) -> tuple[SecretStr, ...]:
    parts = value.splitlines() if "\n" in value.strip() else value.split(",")
    stated = [part.strip(" \t\r\n") for part in parts]
    if any(part and not usable(part) for part in stated):
        raise SystemExit(
            f"{PREFIX}SOURCE_{name.upper()}_SECRETS: one of them is nothing but blanks or NULs: "
            "write the secret that the vendor shows"
        )
    return tuple(SecretStr(part) for part in stated if part)


def _listed(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.replace("\n", ",").split(",") if part.strip())
