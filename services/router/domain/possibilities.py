"""What a lead may still turn out to be, as far as what was stated about it does not settle that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.router.domain.comparisons import EVER_KNOWN
from services.router.domain.condition import Condition, Facts, Possible
from services.router.domain.kleene import FALSE, TRUE
from services.router.domain.playbook import Characteristic, Persona, Playbook, Stage
from services.router.domain.silence import could_be, opened
from services.router.domain.vocabulary import ACCOUNT_PATHS

if TYPE_CHECKING:
    from services.router.domain.facts import LeadFacts

_MOST = 512
"""Scores that are told apart; where more are possible, any is."""


@dataclass(frozen=True, slots=True)
class Openly:
    """What a playbook tells of people, asked as a checklist asks."""

    personas: tuple[tuple[Persona, Condition], ...]
    stages: tuple[tuple[Stage, Condition], ...]
    characteristics: tuple[tuple[Characteristic, Condition], ...]

    def told(self, path: str, facts: Facts) -> Possible:
        """What a lead's persona, its level or its stage may be."""
        if path == "lead.stage":
            return _open({each.name for each in could_be(self.stages, facts)})
        found = could_be(self.personas, facts)
        return _open({each.name if path == "lead.persona" else each.level for each in found})

    def fits(self, facts: Facts) -> frozenset[int]:
        """What who they are may be worth, in thousandths of a point; nothing is named where it may be anything."""
        sums = {0}
        for each, when in self.characteristics:
            value = when.test(facts)
            if value is not FALSE:
                more = {known + each.points for known in sums}
                sums = more if value is TRUE else sums | more
            if len(sums) > _MOST:
                return frozenset()
        return frozenset(sums)


def openly(playbook: Playbook) -> Openly:
    """This playbook's personas, stages and characteristics, asked as a checklist asks."""
    return Openly(
        tuple([(each, opened(each.when)) for each in playbook.personas]),
        tuple([(each, opened(each.when)) for each in playbook.stages]),
        tuple([(each, opened(each.when)) for each in playbook.scoring.characteristics]),
    )


def possible(path: str, facts: "LeadFacts") -> Possible:
    """What the value of a path may turn out to be."""
    found = _FOLLOWING.get(path)
    return found(facts) if found is not None else unsaid(path, facts)


def unsaid(path: str, facts: Facts) -> Possible:
    """Anything where nobody has said it: that no phone is known does not say that there is none."""
    value = facts.value(path)
    return () if value is None or (value is False and path in EVER_KNOWN) else None


def _open(found: set[str] | set[int]) -> Possible:
    return None if len(found) == 1 else tuple(found)


def _of_account(facts: "LeadFacts") -> Possible:
    return None if facts.account.settled else ()


def _score(facts: "LeadFacts", engagement: int) -> Possible:
    fits = facts.ready.openly.fits(facts) if facts.playbook.scoring.on else frozenset({0})
    return _open({(fit + engagement) // 1000 for fit in fits})


_FOLLOWING: Mapping[str, Callable[["LeadFacts"], Possible]] = {
    "lead.persona": lambda facts: facts.ready.openly.told("lead.persona", facts),
    "lead.persona_level": lambda facts: facts.ready.openly.told("lead.persona_level", facts),
    "lead.stage": lambda facts: facts.ready.openly.told("lead.stage", facts),
    **dict.fromkeys(ACCOUNT_PATHS, _of_account),
    "score.total": lambda facts: _score(facts, facts.points.engagement),
    "score.fit": lambda facts: _score(facts, 0),
    "score.engagement": lambda _facts: None,
}
