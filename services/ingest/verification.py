"""The contract of a verification: who may speak for a source, proved over the raw bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from services.ingest.keyring import Keyring
from services.ingest.refusal import Refusal
from services.ingest.webhook import Site, Webhook


@dataclass(frozen=True, slots=True)
class Verified:
    """It is who it says. `actor` names the person whose secret it was, where secrets are personal."""

    actor: str = ""
    covered: int | None = None
    """How many events of a batch, from the first, the proof covers; nothing means all of them."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It is not proved, and what the sender should do."""

    reason: Refusal
    mend: str


Verdict: TypeAlias = Verified | Refused

VERIFIED = Verified()


class Verification(Protocol):
    """Proves a webhook, and can prove one of our own for samples and tests. `verify` never raises on garbage."""

    @property
    def needs(self) -> str:
        """What has to be configured before the source is on, as an instruction with `{name}` for the source's name."""
        ...

    def configured(self, keyring: Keyring, site: Site, /) -> bool:
        """Is what it needs there?"""
        ...

    def verify(self, webhook: Webhook, keyring: Keyring, /) -> Verdict:
        """Compare in constant time against every secret that is accepted now."""
        ...

    def sign(self, webhook: Webhook, secret: bytes, /) -> Mapping[str, str]:
        """The headers that the vendor would add to this request, with this secret, at `received_at`."""
        ...


SECRETS = "set PLAYCALLER_SOURCE_{name}_SECRETS (or name a file in PLAYCALLER_SOURCE_{name}_SECRETS_FILE)"
