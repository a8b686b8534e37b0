"""Who this is and how far they have come: persona and buying stage, each with the evidence it was told by."""

from services.router.domain.comparisons import noun
from services.router.domain.kleene import TRUE
from services.router.domain.playbook import Condition, Facts, Persona, Playbook, Stage


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
    found = [(path, facts.value(path)) for path in sorted(condition.paths)]
    said = [f"{noun(path)}: {_shown(value)}" for path, value in found if value is not None]
    counts = [(signal, facts.count(signal, None)) for signal in sorted(condition.signals)]
    said.extend(f"{signal.replace('_', ' ')}: {count}×" for signal, count in counts if count > 0)
    return "; ".join(said) or condition.text


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"“{', '.join(value) if isinstance(value, tuple) else value}”"
