"""What the house holds itself to: each measure beside its limit, and the verdict on its paired repetitions."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

import msgspec


class Pair(msgspec.Struct, frozen=True, kw_only=True, tag="pair"):
    """One repetition: ours and its limit, taken one right after the other, in the same unit."""

    measure: str
    ours: float
    limit: float

    @property
    def ratio(self) -> float:
        """Ours ÷ the limit."""
        return self.ours / self.limit


class Note(msgspec.Struct, frozen=True, kw_only=True, tag="note"):
    """A sentence of a program about what it is doing or what it saw."""

    text: str


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the report. `must` and `aim` are ratios; `more` says whether a larger ratio is the better one."""

    id: str
    title: str
    unit: str
    against: str
    must: float
    aim: float
    program: str
    more: bool = True


class Grade(StrEnum):
    """Where a measure stands."""

    AIM = "aim"
    MUST = "must"
    BELOW = "below"


MEASURES = (
    Measure("B1", "door: verified, normalised, durable", "req/cpu-s", "bare ASGI", 0.20, 0.35, "door"),
    Measure("B2", "door at saturation: p99 ÷ p50", "ms", "its own p50", 3.5, 2.2, "door", more=False),
    Measure("B3", "router, straw-man playbook, batch 1000", "ev/s", "reference router", 0.25, 0.50, "routing"),
    Measure("B6a", "webhook accepted → card, 200 ev/s", "ms p50", "2 hops + 2 commits", 3, 2, "latency", more=False),
    Measure("B6b", "urgent while page views wait", "ms p50", "the same without", 3, 1.5, "latency", more=False),
    Measure("B7", "embedded: SQLite log and state", "ev/s", "inserting the same rows", 0.15, 0.4, "embedded"),
    Measure("B8", "event of a lead with 10 000 past ones", "µs/ev", "with 10", 1.2, 1.05, "history", more=False),
    Measure("B9", "router memory, many known leads", "MiB", "10 000 leads", 1.2, 1.05, "memory", more=False),
    Measure("B10", "backtest over the past", "ev/s", "read + decode the same log", 0.1, 0.3, "backtesting"),
    Measure("B11", "two partitions overlapped", "ev/s", "one partition", 1.15, 1.4, "routing"),
)


def grade(measure: Measure, ratio: float) -> Grade:
    """Aim reached, must reached, or below."""
    sign = 1 if measure.more else -1
    if sign * ratio >= sign * measure.aim:
        return Grade.AIM
    return Grade.MUST if sign * ratio >= sign * measure.must else Grade.BELOW


@dataclass(frozen=True, slots=True)
class Result:
    """The medians of one measure's repetitions. `ratio` is the median of the paired ratios, not of the medians."""

    measure: Measure
    ours: float
    limit: float
    ratio: float
    rounds: int

    @property
    def grade(self) -> Grade:
        """Where it stands."""
        return grade(self.measure, self.ratio)


def result(measure: Measure, pairs: Sequence[Pair]) -> Result:
    """The medians. Raises `ValueError` where nothing was measured: no figure is no pass."""
    if not pairs:
        raise ValueError(f"{measure.id} gave no figure")
    return Result(
        measure,
        median(pair.ours for pair in pairs),
        median(pair.limit for pair in pairs),
        median(pair.ratio for pair in pairs),
        len(pairs),
    )
