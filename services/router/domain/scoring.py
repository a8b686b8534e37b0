"""The score: points applied to counts when read, in thousandths, so that any order of arrival gives the same number."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from schemas.lead import Priority
from schemas.verdict import Contribution, Ternary
from services.router.domain.condition import Facts
from services.router.domain.identity import id_text
from services.router.domain.lead import RECENT, Lead, Sighting
from services.router.domain.playbook import Repeat, Scoring, Signal

SCALE = 1_000_000
"""A weight of one."""
_PRECISE = Context(prec=40)
_BAND = 4
_PLACE = attrgetter("place")

Days = Mapping[int, int]


class Points(NamedTuple):
    """The three sums, without what they are made of."""

    fit: int
    engagement: int

    @property
    def total(self) -> int:
        """Fit plus engagement."""
        return self.fit + self.engagement


@lru_cache(maxsize=256)
def weights(half_life_days: int, horizon_days: int) -> tuple[int, ...]:
    """The weight (in millionths) of something that happened 0, 1, … whole UTC days ago: 2^(-age / half-life).

    A power is dear, so only a day's is taken; whole half-lives are halvings, which are exact.
    """
    a_day = _PRECISE.power(Decimal(2), _PRECISE.divide(Decimal(-1), Decimal(half_life_days)))
    parts = [Decimal(SCALE)]
    while len(parts) < min(half_life_days, horizon_days + 1):
        parts.append(_PRECISE.multiply(parts[-1], a_day))
    ages = [divmod(age, half_life_days) for age in range(horizon_days + 1)]
    exact = [_PRECISE.divide(parts[rest], Decimal(2**halvings)) for halvings, rest in ages]
    return tuple([int(each.to_integral_value()) for each in exact])


def counts_of(lead: Lead) -> Mapping[str, Days]:
    """signal → on which UTC days it happened, over all the lead's identifiers."""
    dossiers = lead.dossiers
    if len(dossiers) == 1:
        return next(iter(dossiers.values())).counts
    counts = [dossier.counts for dossier in dossiers.values() if dossier.counts]
    if len(counts) < 2:  # noqa: PLR2004  (one needs no sum)
        return counts[0] if counts else {}
    total: dict[str, Days] = {}
    for each in counts:
        for signal, days in each.items():
            known = total.get(signal)
            total[signal] = _sum(known, days) if known else days
    return total


def _sum(one: Days, other: Days) -> Days:
    total = dict(one)
    for day, number in other.items():
        total[day] = total.get(day, 0) + number
    return dict(sorted(total.items()))


def count(days: Days, oldest: int) -> int:
    """How often something happened since the UTC day `oldest`, that day included. `days` ascends."""
    total = 0
    for day in reversed(days):
        if day < oldest:
            break
        total += days[day]
    return max(0, total)


@dataclass(slots=True)
class Gauge:
    """What a signal's days are weighed by, worked out once."""

    place: int
    """The signal's place in the playbook, by which a group's cap is shared out."""
    signal: Signal
    reach: int
    """How many days before today still count."""
    table: tuple[int, ...] | None
    points: int
    """Without their sign."""
    enough: int | None
    """Once so much is reached (in millionths), no older day matters."""
    once: bool
    each_day: bool

    def worth(self, days: Days, today: int) -> int:
        """What a signal's day counts (ascending by day) are worth today, before its group's cap.

        A count below zero waits for the event it takes back, and is worth nothing. Every occurrence adds in the same
        direction, so once the cap is reached no older day matters.
        """
        oldest, table, enough, points, units = today - self.reach, self.table, self.enough, self.points, 0
        for day in reversed(days):
            if day < oldest:
                break
            number = days[day]
            if number <= 0:
                continue
            weight = SCALE if table is None else table[today - day if day < today else 0]
            units += weight if self.each_day else number * weight
            if self.once or weight == 0 or (enough is not None and points * units >= enough):
                break
        total, signal = points * units // SCALE, self.signal
        if signal.cap is not None and total > signal.cap:
            total = signal.cap
        return total if signal.points >= 0 else -total


def gauge(signal: Signal, horizon_days: int, place: int = 0) -> Gauge:
    """How this signal is weighed."""
    return Gauge(
        place,
        signal,
        horizon_days if signal.window_days is None else min(horizon_days, signal.window_days - 1),
        weights(signal.half_life_days, horizon_days) if signal.half_life_days is not None else None,
        abs(signal.points),
        None if signal.cap is None else signal.cap * SCALE,
        signal.repeat is Repeat.ONCE,
        signal.repeat is not Repeat.EVERY,
    )


def gauges(scoring: Scoring) -> dict[str, Gauge]:
    """signal → how it is weighed; nothing without scoring."""
    signals = scoring.signals if scoring.on else ()
    return {signal.name: gauge(signal, scoring.horizon_days, place) for place, signal in enumerate(signals)}


def _within(total: int, cap: int) -> int:
    return max(-cap, min(cap, total))


def engagement(
    counts: Mapping[str, Days], gauges: Mapping[str, Gauge], caps: Mapping[str, int], today: int
) -> dict[str, int]:
    """signal → its thousandths of a point, after every cap, without zeros, in the playbook's order."""
    result: dict[str, int] = {}
    spent: dict[str, int] = {}
    found = [gauges[name] for name in counts if name in gauges]
    if len(found) > 1:
        found.sort(key=_PLACE)
    for each in found:
        signal = each.signal
        points = each.worth(counts[signal.name], today)
        if points and signal.group:
            points = _in_group(signal.group, points, spent, caps)
        if points:
            result[signal.name] = points
    return result


def _in_group(group: str, points: int, spent: dict[str, int], caps: Mapping[str, int]) -> int:
    """What is left of the group's cap goes to the signals in the playbook's order; gains and losses apart."""
    cap = caps.get(group)
    if cap is None:
        return points
    side = group if points > 0 else f"-{group}"
    allowed = _within(points, cap - spent.get(side, 0))
    spent[side] = spent.get(side, 0) + abs(allowed)
    return allowed


def fit(scoring: Scoring, facts: Facts) -> dict[str, int]:
    """characteristic → its thousandths of a point; only what is known to be true counts."""
    true = Ternary.TRUE
    return {each.name: each.points for each in scoring.characteristics if each.when.test(facts) is true}


def priority_of(points: Points, scoring: Scoring) -> Priority:
    """Fit band × engagement band; without scoring there is nothing to tell leads apart by, so all are B."""
    if not scoring.on:
        return Priority.B
    bands = _band(points.fit, scoring.fit_bands), _band(points.engagement, scoring.engagement_bands)
    return scoring.matrix.get(bands, Priority.D)


def _band(points: int, floors: tuple[int, int, int]) -> int:
    """4 to 1: the highest band whose floor is reached."""
    for below, floor in enumerate(reversed(floors)):
        if points >= floor:
            return _BAND - below
    return 1


def threshold_of(scoring: Scoring, tier: str) -> int:
    """The threshold that holds: a target's tier may have a lower one."""
    return min(scoring.threshold, scoring.target_thresholds.get(tier, scoring.threshold)) if tier else scoring.threshold


def contributions(
    lead: Lead, scoring: Scoring, gained: Mapping[str, int], are: Mapping[str, int]
) -> tuple[Contribution, ...]:
    """What the score is made of: what they did in the playbook's order, then who they are."""
    found = []
    for signal in scoring.signals if gained else ():
        if signal.name in gained:
            events = tuple([id_text(seen.event) for seen in recent(lead, signal.name)])
            found.append(
                Contribution(signal=signal.name, label=signal.label, points=gained[signal.name], events=events)
            )
    true = [each for each in scoring.characteristics if are.get(each.name)] if are else []
    return (*found, *[Contribution(signal=each.name, label=each.label, points=are[each.name]) for each in true])


def recent(lead: Lead, signal: str) -> tuple[Sighting, ...]:
    """The newest sightings of a signal over all the lead's identifiers, newest first."""
    found = [dossier.recent[signal] for dossier in lead.dossiers.values() if dossier.recent.get(signal)]
    if len(found) < 2:  # noqa: PLR2004  (one needs no order)
        return found[0] if found else ()
    return tuple(sorted({seen for each in found for seen in each}, reverse=True)[:RECENT])
