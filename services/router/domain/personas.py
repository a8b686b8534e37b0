"""Who this is and how far they have come: persona and buying stage, each with the evidence it was told by."""

from functools import lru_cache

from services.router.domain.comparisons import noun
from services.router.domain.condition import Condition, Facts
from services.router.domain.kleene import TRUE
from services.router.domain.playbook import Persona, Playbook, Stage


def persona_of(facts: Facts, playbook: Playbook) -> tuple[Persona | None, str]:
    """The first persona that fits, and what told it; nobody and the empty text when none is known to fit."""
    for persona in playbook.personas:
        if persona.when.test(facts) is TRUE:
            return persona, evidence(persona.when, facts)
    return None, ""


def stage_of(facts: Facts, playbook: Playbook) -> tuple[Stage | None, str]:
    """The furthest buying stage that fits, and what told it. Stages are listed from the latest to the earliest."""
    for stage in playbook.stages:
        if stage.when.test(facts) is TRUE:
            return stage, evidence(stage.when, facts)
    return None, ""


def evidence(condition: Condition, facts: Facts) -> str:
    """What a condition read and found, in words: `the lead's title: “VP Sales”`; its own text when it read nothing."""
    paths, signals = _read_by(condition.paths, condition.signals)
    said = []
    for path, words in paths:
        value = facts.value(path)
        if value is not None:
            said.append(f"{words}: {_shown(value)}")
    for signal, words in signals:
        count = facts.count(signal, None)
        if count > 0:
            said.append(f"{words}: {count}×")
    return "; ".join(said) or condition.text


@lru_cache(maxsize=1024)
def _read_by(paths: frozenset[str], signals: frozenset[str]) -> tuple[tuple[tuple[str, str], ...], ...]:
    """What a condition reads, in order, each with its words."""
    return (
        tuple((path, noun(path)) for path in sorted(paths)),
        tuple((signal, signal.replace("_", " ")) for signal in sorted(signals)),
    )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"“{', '.join(value) if isinstance(value, tuple) else value}”"
