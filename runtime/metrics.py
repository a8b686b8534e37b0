"""The carriage's own metrics, in one list, each with a sentence; services declare theirs with the same functions."""

from collections.abc import Sequence

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0, 10.0)

MINUTES_TO_WEEKS = (1.0, 10.0, 60.0, 300.0, 900.0, 3600.0, 4 * 3600.0, 12 * 3600.0, 86_400.0, 3 * 86_400.0, 604_800.0)
"""For what people wait for."""


def counter(name: str, sentence: str, labels: Sequence[str] = ()) -> Counter:
    """A number that only grows. `name` without the prefix; `sentence` is what a person on duty reads."""
    return Counter(f"playcaller_{name}", sentence, labels)


def gauge(name: str, sentence: str, labels: Sequence[str] = ()) -> Gauge:
    """A number that goes up and down."""
    return Gauge(f"playcaller_{name}", sentence, labels)


def histogram(name: str, sentence: str, labels: Sequence[str] = (), *, buckets: Sequence[float] = _FAST) -> Histogram:
    """Durations in seconds, from half a millisecond to ten seconds unless `buckets` says else."""
    return Histogram(f"playcaller_{name}", sentence, labels, buckets=buckets)


APPENDED = counter("log_appended", "Records that became durable on the log, by topic.", ["topic"])
APPEND_SECONDS = histogram("log_append_seconds", "How long a batch of appends took to become durable.")
APPEND_FAILED = counter("log_append_failed", "Appends refused, by reason: unavailable or too_large.", ["reason"])
CONSUMED = counter("consumed", "Records whose effect is committed, by consumer group and topic.", ["group", "topic"])
BATCH_SECONDS = histogram("batch_seconds", "How long one batch took from hand-over to commit, by group.", ["group"])
RETRIED = counter("batch_retried", "Batches handed over again after a fault, by group and topic.", ["group", "topic"])
FENCED = counter("batch_fenced", "Batches given up because another owner had moved the offset.", ["group", "topic"])
LOST = counter("offset_lost", "Partitions whose next record retention had deleted: page a person.", ["group", "topic"])
LAG = gauge("lag", "Records on the log that this process has not committed yet.", ["group", "topic", "partition"])
ASSIGNED = gauge("assigned_partitions", "Partitions this process works on, by group.", ["group"])

METRICS = (
    APPENDED,
    APPEND_SECONDS,
    APPEND_FAILED,
    CONSUMED,
    BATCH_SECONDS,
    RETRIED,
    FENCED,
    LOST,
    LAG,
    ASSIGNED,
)
