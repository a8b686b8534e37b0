"""The condition language: a small closed set of words, compiled once to closures in Kleene logic.

when:                                   a mapping: all of its lines must hold
  event.type: [form_submitted, …]       is one of (a single value: is)
  event.path: {starts_with: /pricing}   contains, starts_with, ends_with; is, in, at_least, at_most
  lead.title: {words: [{not: assistant to}, vice president]}      the first pattern that occurs decides
  known: lead.phone                     or `unknown: …`; a list means all of them
  count: whitepaper                     with at_least, at_most, within_days
  any: […]   all: […]   not: …   always: yes   checklist: sql   threshold: reached
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.router.domain import comparisons
from services.router.domain.condition import Condition
from services.router.domain.junctions import always, conjoin, disjoin, invert
from services.router.domain.silence import opened
from services.router.domain.vocabulary import COUNTING, FLAGS, REFUSALS, Place, Vocabulary, suggestion
from services.router.domain.words import Pattern, words_of

Where = tuple[str | int, ...]
_WORDS = ("all", "any", "not", "known", "unknown", "count", "always", "checklist", "threshold")
_OPERATORS = ("is", "in", "at_least", "at_most", "contains", "starts_with", "ends_with", "words")
_COUNT_WORDS = ("count", "at_least", "at_most", "within_days")
_DEEPEST = 20
_MOST = 500
"""Values in one list."""
_YES = {True: True, "yes": True, "true": True, False: False, "no": False, "false": False}


class ConditionFault(ValueError):  # noqa: N818  (it is a fault of the page, and people read it as one)
    """What is wrong in a condition: where in it, why, and which word was probably meant."""

    def __init__(self, path: Where, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.path, self.message, self.suggestion = path, message, suggestion


def compile_condition(node: Any, vocabulary: Vocabulary | None = None, place: Place = Place.RULE) -> Condition:
    """The compiled condition. Raises the first `ConditionFault`; `compile_all` gives them all."""
    condition, faults = compile_all(node, vocabulary or Vocabulary(), place)
    if faults:
        raise faults[0]
    return condition


def compile_all(node: Any, vocabulary: Vocabulary, place: Place) -> tuple[Condition, list[ConditionFault]]:
    """The compiled condition and every fault in it. With faults the condition is not fit for use."""
    compiler = _Compiler(vocabulary, place)
    condition = compiler.node(node, ())
    return opened(condition) if place is Place.CHECKLIST else condition, compiler.faults


@dataclass(slots=True)
class _Compiler:
    vocabulary: Vocabulary
    place: Place
    faults: list[ConditionFault]

    def __init__(self, vocabulary: Vocabulary, place: Place) -> None:
        self.vocabulary, self.place, self.faults = vocabulary, place, []

    def fault(self, where: Where, message: str, meant: str = "") -> Condition:
        self.faults.append(ConditionFault(where, message, meant))
        return always()

    def node(self, node: Any, where: Where) -> Condition:
        if len(where) > _DEEPEST:
            return self.fault(where, "this condition is nested too deeply: split it")
        if not isinstance(node, Mapping):
            return self.fault(where, f"a condition is a mapping such as `event.type: form_submitted`, not {node!r}")
        if not node:
            return self.fault(where, "this condition is empty: write `always: yes` if it shall always hold")
        if "count" in node:
            return self.count(node, where)
        return conjoin([self.line(str(word), operand, (*where, word)) for word, operand in node.items()])

    def line(self, word: str, operand: Any, where: Where) -> Condition:
        if word in _WORDS:
            return self.sentence(word, operand, where)
        if "." in word:
            return self.comparison(word, operand, where)
        meant = suggestion(word, {*_WORDS, *self.vocabulary.paths})
        return self.fault(where, f"“{word}” is no word of a condition", meant)

    def sentence(self, word: str, operand: Any, where: Where) -> Condition:
        match word:
            case "all":
                return conjoin(self.parts(operand, where))
            case "any":
                return disjoin(self.parts(operand, where))
            case "not":
                return invert(self.node(operand, where))
            case "always":
                return always() if operand in (True, "yes") else self.fault(where, "write `always: yes`")
            case "checklist" | "threshold":
                return self.agreed(word, operand, where)
        return self.known(operand, where, wanted=word == "known")

    def parts(self, operand: Any, where: Where) -> list[Condition]:
        if not isinstance(operand, list) or not operand:
            return [self.fault(where, f"`{where[-1]}` takes a list of conditions, each after a dash")]
        return [self.node(part, (*where, at)) for at, part in enumerate(operand[:_MOST])]

    def agreed(self, word: str, operand: Any, where: Where) -> Condition:
        """A checklist or the threshold: what marketing and sales agreed on elsewhere, named here."""
        if word == "threshold":
            found = self.vocabulary.threshold if operand == "reached" else None
            return found or self.fault(where, "only the rule about the score says `threshold: reached`")
        known = self.vocabulary.checklists
        meant = suggestion(str(operand), known)
        return known.get(str(operand)) or self.fault(where, f"there is no checklist “{operand}” to name here", meant)

    def known(self, operand: Any, where: Where, *, wanted: bool) -> Condition:
        paths = operand if isinstance(operand, list) else [operand]
        if not paths:
            return self.fault(where, "name what has to be known: `lead.title`, or a list of such")
        parts = [comparisons.known(path, wanted) for path in map(str, paths) if self.path(path, where)]
        return conjoin(parts) if parts else always()

    def path(self, path: str, where: Where) -> bool:
        """Whether this path exists and may be read here; a fault if not."""
        if path not in self.vocabulary.paths:
            self.fault(where, f"“{path}” is not known", suggestion(path, self.vocabulary.paths))
            return False
        refusal = REFUSALS[self.place](path)
        if refusal:
            self.fault(where, f"“{path}” cannot stand here: {refusal}")
        return not refusal

    def count(self, node: Mapping[str, Any], where: Where) -> Condition:
        if self.place not in COUNTING:
            return self.fault((*where, "count"), "signals cannot be counted here: points must not depend on order")
        for word in node:
            if word not in _COUNT_WORDS:
                self.fault((*where, word), f"“{word}” cannot stand beside `count`", suggestion(str(word), _COUNT_WORDS))
        names = tuple(map(str, node["count"] if isinstance(node["count"], list) else [node["count"]]))
        if not names:
            return self.fault((*where, "count"), "name a signal of scoring.yaml, or a list of them")
        for name in names:
            if name not in self.vocabulary.signals:
                meant = suggestion(name, self.vocabulary.signals)
                self.fault((*where, "count"), f"there is no signal “{name}” in scoring.yaml", meant)
        within = node.get("within_days")
        if within is not None and not (_whole(within) and 1 <= within <= self.vocabulary.horizon_days):
            longest = self.vocabulary.horizon_days
            return self.fault((*where, "within_days"), f"`within_days` is a whole number from 1 to {longest}")
        low, high = self.limits(node, where)
        label = comparisons.listed([self.vocabulary.signals.get(name, name) for name in names])
        return comparisons.counted(names, label, 1 if low is None and high is None else low, high, within)

    def limits(self, node: Mapping[str, Any], where: Where) -> tuple[float | None, float | None]:
        found: list[float | None] = []
        for word in ("at_least", "at_most"):
            value = node.get(word)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
                self.fault((*where, word), f"`{word}` takes a number, not {value!r}")
                value = None
            found.append(value)
        return found[0], found[1]

    def comparison(self, path: str, operand: Any, where: Where) -> Condition:
        if not self.path(path, where):
            return always()
        if not isinstance(operand, Mapping):
            return self.among(path, operand, where)
        parts = []
        if "at_least" in operand or "at_most" in operand:
            parts.append(comparisons.bounded(path, *self.limits(operand, where)))
        for word, wanted in operand.items():
            if word not in ("at_least", "at_most"):
                parts.append(self.operator(path, str(word), wanted, (*where, word)))
        return conjoin(parts) if parts else self.fault(where, f"“{path}” is compared with nothing")

    def operator(self, path: str, word: str, wanted: Any, where: Where) -> Condition:
        if word in ("is", "in"):
            return self.among(path, wanted, where)
        if word in ("contains", "starts_with", "ends_with"):
            texts = tuple(map(str, self.scalars(wanted, where)))
            if any(not text for text in texts):
                return self.fault(where, f"`{word}` needs a text that is not empty")
            return comparisons.part_of_text(path, word, texts) if texts else always()
        if word == "words":
            return self.words(path, wanted, where)
        return self.fault(where, f"“{word}” is no comparison", suggestion(word, _OPERATORS))

    def scalars(self, wanted: Any, where: Where) -> list[Any]:
        values = wanted if isinstance(wanted, list) else [wanted]
        if not values or len(values) > _MOST:
            self.fault(where, f"give one value, or a list of 1 to {_MOST}")
            return []
        for value in values:
            if not isinstance(value, str | int | float):
                self.fault(where, f"a text or a number is needed here, not {value!r}")
                return []
        return values

    def among(self, path: str, wanted: Any, where: Where) -> Condition:
        values = self.scalars(wanted, where)
        if not values:
            return always()
        if path in FLAGS:
            if len(values) == 1 and values[0] in _YES:
                return comparisons.flag(path, _YES[values[0]])
            return self.fault(where, f"“{path}” is `yes` or `no`")
        closed = self.vocabulary.values.get(path)
        if closed is None:
            return comparisons.among(path, tuple(values))
        texts = ["yes" if value is True else "no" if value is False else str(value) for value in values]
        for text in texts:
            if text not in closed:
                self.fault(where, f"“{path}” is never “{text}”", suggestion(text, closed))
        return comparisons.exactly(path, frozenset(texts))

    def words(self, path: str, wanted: Any, where: Where) -> Condition:
        patterns, texts = [], []
        for at, each in enumerate(wanted if isinstance(wanted, list) else [wanted]):
            says = not (isinstance(each, Mapping) and set(each) == {"not"})
            phrase = each if says else each["not"]
            if not isinstance(phrase, str | int) or not words_of(str(phrase)):
                self.fault((*where, at), f"a pattern is some words, or `not: some words`; this is {each!r}")
                continue
            patterns.append(Pattern(words_of(str(phrase)), says))
            texts.append(f"“{phrase}”" if says else f"but not “{phrase}”")
        if patterns and not any(pattern.says for pattern in patterns):
            self.fault(where, "these patterns only exclude: add what shall match")
        return comparisons.has_words(path, tuple(patterns), self.vocabulary.abbreviations, ", ".join(texts))


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
