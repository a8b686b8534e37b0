"""A rule's own examples, run: what is given, what the rule says to it, and whether that is what its author expects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.verdict import Rule, Ternary
from services.router.adapters.playbook_book import Sheet
from services.router.adapters.playbook_models import ExamplePage, RulePage
from services.router.adapters.playbook_pages import Where
from services.router.domain.condition import Possible, Scalar
from services.router.domain.personas import persona_of, stage_of
from services.router.domain.playbook import Playbook
from services.router.domain.possibilities import unsaid
from services.router.domain.prepared import prepared
from services.router.domain.vocabulary import Vocabulary, suggestion

SAYS = {"fires": Ternary.TRUE, "silent": Ternary.FALSE, "unknown": Ternary.UNKNOWN}
_TOLD = frozenset({"lead.persona", "lead.persona_level", "lead.stage"})
_WORDS = {value: word for word, value in SAYS.items()}


class GivenFacts:
    """Facts as an example gives them; persona, stage, domain and the like are worked out as they are for real leads."""

    def __init__(self, given: Mapping[Any, Mapping[str, Any]], playbook: Playbook) -> None:
        self._given, self._playbook = given, playbook

    def value(self, path: str) -> Scalar | tuple[str, ...]:
        """The given value, else what follows from the others, else nothing."""
        of_whom, _, name = path.partition(".")
        found = self._given.get(of_whom, {}).get(name)
        if found is not None:
            return tuple(map(str, found)) if isinstance(found, list) else found
        return self._derived(name) if of_whom == "lead" else None

    def count(self, signal: str, within_days: int | None) -> int:  # noqa: ARG002  (an example's counts are recent)
        """How often the signal is said to have happened."""
        return int(self._given.get("counts", {}).get(signal, 0))

    def possible(self, path: str) -> Possible:
        """Settled where it is given; else what follows from the others, as for real leads."""
        of_whom, _, name = path.partition(".")
        if name in self._given.get(of_whom, {}):
            return None
        return prepared(self._playbook).openly.told(path, self) if path in _TOLD else unsaid(path, self)

    def _derived(self, name: str) -> Scalar:
        lead = self._given.get("lead", {})
        match name:
            case "email_domain":
                return str(lead["email"]).rpartition("@")[2] if "email" in lead else None
            case "has_email" | "has_phone":
                return name.removeprefix("has_") in lead
            case "known":
                return "email" in lead or "phone" in lead
            case "persona" | "persona_level":
                persona = persona_of(self, self._playbook)[0]
                return None if persona is None else persona.name if name == "persona" else persona.level
            case "stage":
                stage = stage_of(self, self._playbook)[0]
                return stage.name if stage else None
        return None


@dataclass(frozen=True, slots=True)
class Example:
    """One example and how it went."""

    rule: Rule
    title: str
    expected: str
    got: str

    @property
    def passed(self) -> bool:
        """Whether the rule says what its author expects."""
        return self.expected == self.got


def run(sheet: Sheet[RulePage], playbook: Playbook, vocabulary: Vocabulary) -> list[Example]:
    """Every example of one rule. A failed one, and words that nobody knows, are noted as faults on its page.

    Where nothing is scored, the score's rule rests, and its examples with it.
    """
    rule = Rule(sheet.name)
    found: list[Example] = []
    if rule is Rule.SCORE_THRESHOLD and not playbook.scoring.on:
        return found
    for at, example in enumerate(sheet.model.examples):
        where: Where = ("examples", at)
        _words(sheet, (*where, "given"), example, vocabulary)
        got = _WORDS[playbook.rules[rule].when.test(GivenFacts(example.given, playbook))]
        result = Example(rule, example.title, example.expect, got)
        if not result.passed:
            said = f"the example “{example.title}” expects the rule to be “{example.expect}”, but it is “{got}”"
            sheet.page.fault((*where, "expect"), said)
        found.append(result)
    return found


def _words(sheet: Sheet[RulePage], where: Where, example: ExamplePage, vocabulary: Vocabulary) -> None:
    for part, values in example.given.items():
        known = set(vocabulary.signals) if part == "counts" else vocabulary.paths
        for name, value in values.items():
            path = name if part == "counts" else f"{part}.{name}"
            at = (*where, part, name)
            if path not in known:
                sheet.page.fault(at, f"“{path}” is not known", suggestion(path, known))
            elif part == "counts" and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
                sheet.page.fault(at, f"“{name}” happened a whole number of times")
            elif not _fits(value):
                sheet.page.fault(at, f"“{path}” is a text, a number, or a list of texts")
            elif isinstance(value, str) and value not in vocabulary.values.get(path, {value}):
                sheet.page.fault(at, f"“{path}” is never “{value}”", suggestion(value, vocabulary.values[path]))


def _fits(value: object) -> bool:
    return isinstance(value, str | int | float) or (isinstance(value, list) and all(isinstance(x, str) for x in value))
