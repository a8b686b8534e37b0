"""Who would cross a line because the playbook changes, and not because of anything they did.

Crossing by a publication alone fires nothing: a rule fires at an event. Rule 3 stays armed for whoever is over the
threshold now, so it fires when they show a sign of life; rule 2 likewise.
"""

from datetime import datetime
from typing import NamedTuple

from schemas.verdict import Rule
from services.router.domain import scoring
from services.router.domain.facts import LeadFacts
from services.router.domain.lead import Lead
from services.router.domain.moments import milliseconds
from services.router.domain.playbook import Playbook, SuppressionKind
from services.router.domain.suppressing import suppression_of


class Stand(NamedTuple):
    """Where a lead stands by one playbook at one moment."""

    points: int
    """The score, in thousandths of a point."""
    threshold: int
    would: tuple[Rule, ...]
    """The rules that would fire at the lead's next sign of life whatever it is."""
    suppressed: SuppressionKind | None
    """On a list: then a person looks at it first."""


def stand_of(lead: Lead, playbook: Playbook, now: datetime) -> Stand:
    """Where this lead stands at `now` (UTC). Who is with sales, disqualified or in the cool-down fires nothing."""
    facts = LeadFacts(None, lead, playbook, now)
    ready, standing, target = facts.ready, lead.standing, facts.account.target
    threshold = scoring.threshold_of(playbook.scoring, target.tier if target else "")
    would: list[Rule] = []
    if lead.known and not standing.disqualified and standing.handoff is None and _rested(lead, now):
        if not standing.sql and ready.agreed and facts.qualified:
            would.append(Rule.SQL_CRITERIA)
        if standing.armed and ready.reachable and facts.points.total >= threshold:
            would.append(Rule.SCORE_THRESHOLD)
    return Stand(facts.points.total, threshold, tuple(would), suppression_of(facts.profile, ready))


def _rested(lead: Lead, now: datetime) -> bool:
    return milliseconds(now) >= lead.standing.armed_from


def recounted(before: Playbook, after: Playbook) -> tuple[str, ...]:
    """The labels of the signals that look for something else than before, or are new.

    What happened is kept as counts of signals: points change at once for everybody, but what a signal looks for
    counts only from the publication on.
    """
    sought = {signal.name: signal.when.text for signal in before.scoring.signals}
    return tuple(one.label for one in after.scoring.signals if sought.get(one.name) != one.when.text)
