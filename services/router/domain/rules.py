"""The four always-pass rules, and readiness beside them: what holds, and what of it is new enough to fire."""

from collections.abc import Mapping

from schemas.event import Event
from schemas.lead import Field, Priority
from schemas.verdict import Rule, Ternary
from services.router.domain import scoring
from services.router.domain.event_facts import said_under
from services.router.domain.facts import LeadFacts
from services.router.domain.prepared import Prepared
from services.router.domain.window import lowered

_TRUE, _FALSE = Ternary.TRUE, Ternary.FALSE
_CONSULTATION, _RESPONDS = Rule.CONSULTATION, Rule.TARGET_RESPONDS


class Findings:
    """What the rules say of one event, each thing worked out when a conclusion first asks for it.

    A rule's value may be true without firing: it has fired before. Nothing here knows of marks, age or suppressions:
    `routing` does.
    """

    __slots__ = ("_event", "_facts", "_fired", "_ready", "_values", "threshold", "tier")

    def __init__(self, event: Event, facts: LeadFacts, ready: Prepared) -> None:
        self._event, self._facts, self._ready = event, facts, ready
        self._fired: tuple[Rule, ...] | None = None
        self._values: dict[Rule, Ternary] = {}
        target = facts.account.target
        self.tier = target.tier if target else ""
        """The named account's tier; empty for none."""
        self.threshold = scoring.threshold_of(ready.playbook.scoring, self.tier)
        """The threshold that holds for this lead, in thousandths of a point."""

    @property
    def fired(self) -> tuple[Rule, ...]:
        """The rules that hold and may fire, in the order in which they lead."""
        if self._fired is None:
            self._fired = self._find()
        return self._fired

    def _find(self) -> tuple[Rule, ...]:
        """Rules 2 and 3 are about people one can reach, and each fires once until it is armed again."""
        facts, fired = self._facts, []
        lead, standing = facts.lead, facts.lead.standing
        if self._asks() and self.value(_CONSULTATION) is _TRUE:
            fired.append(_CONSULTATION)
        if lead.known and not standing.disqualified and facts.at >= standing.armed_from:
            if not standing.sql and self._ready.agreed and facts.qualified:
                fired.append(Rule.SQL_CRITERIA)
            if standing.armed and self._reached():
                fired.append(Rule.SCORE_THRESHOLD)
        if self._responds() and self.value(_RESPONDS) is _TRUE:
            fired.append(_RESPONDS)
        return tuple(fired)

    def value(self, rule: Rule) -> Ternary:
        """One rule's value."""
        known = self._values.get(rule)
        if known is None:
            known = self._values[rule] = self._value(rule)
        return known

    def _value(self, rule: Rule) -> Ternary:
        if rule is Rule.SQL_CRITERIA:
            return self.readiness
        if rule is Rule.SCORE_THRESHOLD:
            return _TRUE if self._reached() else _FALSE
        if rule is Rule.CONSULTATION:
            return self._asked() if self._asks() else _FALSE
        return self._ready.playbook.rules[rule].when.test(self._facts) if self._responds() else _FALSE

    def _asked(self) -> Ternary:
        answers = self._ready.asks[self._event.type]
        key = said_under(self._event, answers.names)
        known = answers.known.get(key) if key is not None else None
        return known or answers.keep(key, self._ready.playbook.rules[Rule.CONSULTATION].when.test(self._facts))

    @property
    def readiness(self) -> Ternary:
        """The SQL checklist's value; false where nothing was agreed on."""
        return self._facts.sql.value if self._ready.agreed else _FALSE

    @property
    def items(self) -> Mapping[str, Ternary]:
        """The readiness checklist, item by item."""
        return self._facts.sql.items

    @property
    def questions(self) -> tuple[str, ...]:
        """What to ask so that readiness is settled."""
        return self._facts.sql.questions

    @property
    def points(self) -> scoring.Points:
        """The sums of the score."""
        return self._facts.points

    @property
    def interested(self) -> bool:
        """Is there interest enough to take a person's time? Without scoring, any response of theirs is."""
        playbook = self._ready.playbook
        if self._facts.at < self._facts.lead.standing.triage_from:
            return False
        if not playbook.scoring.on:
            return self._event.type.value in playbook.responses
        return self.points.engagement >= playbook.triage_interest

    def _asks(self) -> bool:
        return self._event.type in self._ready.consultation

    def _responds(self) -> bool:
        if self._facts.account.target is None:
            return False
        return self._event.type in self._ready.responses and _RESPONDS in self._ready.playbook.rules

    def _reached(self) -> bool:
        return self._ready.reachable and self._facts.points.total >= self.threshold


def priority(findings: Findings, facts: LeadFacts) -> Priority:
    """Fit × engagement, and what the product they want is worth. Without scoring, what they asked for and who they are
    decides: A, else B. Where they come from never does.
    """
    if facts.playbook.scoring.on:
        found = scoring.priority_of(findings.points, facts.playbook.scoring)
    else:
        first = {Rule.CONSULTATION, Rule.TARGET_RESPONDS}
        found = Priority.A if first & set(findings.fired) else Priority.B
    return lowered(found, -product_weight(facts))


def product_weight(facts: LeadFacts) -> int:
    """How many letters the value of the product they are interested in raises the priority; negative lowers it."""
    weights = facts.playbook.scoring.products
    product = facts.profile.stated(Field.PRODUCT) if weights else None
    return weights.get(" ".join(product.casefold().split()), 0) if product else 0
