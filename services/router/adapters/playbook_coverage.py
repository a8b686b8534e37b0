"""The coverage map: which play answers each trigger × persona × stage × product × phone, and what falls back."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from schemas.verdict import Rule
from services.router.domain.playbook import Playbook
from services.router.domain.plays import choose, fallback

NOBODY = ""
"""The persona, and the product, of whom we know nothing yet."""


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One situation."""

    trigger: Rule
    persona: str
    stage: str
    product: str
    phone: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every situation and the play that answers it."""

    plays: Mapping[Cell, str]
    fallback: str

    @property
    def counts(self) -> Counter[str]:
        """How many situations each play answers."""
        return Counter(self.plays.values())

    @property
    def share(self) -> float:
        """The share of situations that only the fallback answers, between 0 and 1."""
        return self.counts[self.fallback] / len(self.plays)

    def gaps(self) -> Iterator[Cell]:
        """The situations that only the fallback answers."""
        return (cell for cell, play in self.plays.items() if play == self.fallback)


def coverage_of(playbook: Playbook) -> Coverage:
    """The whole grid, resolved. Products are those that a play names, and none."""
    personas = [*(persona.name for persona in playbook.personas), NOBODY]
    stages = [stage.name for stage in playbook.stages] or [NOBODY]
    products = sorted({NOBODY}.union(*(play.products for play in playbook.plays)))
    cells = (Cell(*each) for each in product(Rule, personas, stages, products, (True, False)))
    found = {cell: _answer(playbook, cell) for cell in cells}
    return Coverage(found, fallback(playbook).name)


def idle(playbook: Playbook, coverage: Coverage) -> list[str]:
    """The plays that never win: a more specific play stands before them in every situation."""
    counts = coverage.counts
    return sorted(play.name for play in playbook.plays if not counts[play.name] and not play.fallback)


def _answer(playbook: Playbook, cell: Cell) -> str:
    return choose(playbook, [cell.trigger], cell.persona, cell.stage, cell.product, cell.phone)[0].name
