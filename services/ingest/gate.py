"""A gate: one source as it is configured here, with its secrets, its address and its counters."""

from collections.abc import Iterable, Mapping

from schemas.event import EventType
from services.ingest import metrics
from services.ingest.rates import Buckets
from services.ingest.refusal import Refusal
from services.ingest.settings import IngestSettings, SourceSettings
from services.ingest.source import Source
from services.ingest.webhook import Site


class Gate:
    """Everything about one source that stays between two webhooks. Raises `SystemExit` for unknown options."""

    def __init__(self, source: Source, settings: IngestSettings, own: SourceSettings, public_url: str) -> None:
        unknown = own.options - source.options.keys()
        if unknown:
            raise SystemExit(
                f"PLAYCALLER_SOURCE_{source.name.upper()}_OPTIONS: {', '.join(sorted(unknown))} is not known here; "
                f"choose from: {', '.join(sorted(source.options)) or 'nothing, it has no options'}"
            )
        self.source, self.name = source, source.name
        self.site = Site(
            public_url=public_url, options=own.options, origins=settings.origins, redirects=settings.redirects
        )
        self.keyring = own.keyring
        self.on = source.verification.configured(own.keyring, self.site)
        self.mend = source.verification.needs.format(name=source.name.upper())
        self.buckets = Buckets(source.rate, settings.ingest_rate_factor)
        self.media_types, self.methods = frozenset(source.media_types), frozenset(source.methods)
        self.cors, self.files, self.retries = source.cors, source.files, source.retries
        self.accepted = metrics.ACCEPTED.labels(source.name)
        self.events = {kind: metrics.EVENTS.labels(source.name, kind.value) for kind in EventType}

    def refused(self, refusal: Refusal) -> None:
        """Count a refusal."""
        metrics.REFUSED.labels(self.name, refusal.value).inc()


def gates(
    sources: Iterable[Source], settings: IngestSettings, own: Mapping[str, SourceSettings], public_url: str
) -> dict[str, Gate]:
    """All gates by source. Raises `SystemExit` where something is configured for a source that does not exist."""
    found = {source.name: source for source in sources}
    strangers = own.keys() - found.keys()
    if strangers:
        raise SystemExit(
            f"PLAYCALLER_SOURCE_{min(strangers).upper()}_…: there is no such source; "
            f"there are: {', '.join(sorted(found))}"
        )
    return {name: Gate(source, settings, own.get(name, SourceSettings()), public_url) for name, source in found.items()}
