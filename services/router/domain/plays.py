"""Which play: chosen by trigger × persona × stage × product × phone; the most specific wins, nobody gets none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schemas.verdict import Rule
from services.router.domain.playbook import Play, Playbook

LEADING = (Rule.CONSULTATION, Rule.TARGET_RESPONDS, Rule.SQL_CRITERIA, Rule.SCORE_THRESHOLD)
"""What they just asked for leads, then who they are to us, then what they add up to."""


UNKNOWN = "unknown"
"""How a play names those whose persona nobody knows yet."""


class NoFallbackError(LookupError):
    """This playbook has no fallback play. `playbook check` refuses such a playbook, so this one was not loaded."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """For whom and why a play is wanted, with the one trigger that leads."""

    trigger: Rule
    persona: str
    stage: str
    product: str
    has_phone: bool


def choose(  # noqa: PLR0917  (the five dimensions of the grid, in the order in which everybody names them)
    playbook: Playbook,
    triggers: Sequence[Rule],
    persona: str,
    stage: str,
    product: str,
    has_phone: bool,  # noqa: FBT001  (a dimension of the grid like the others)
) -> tuple[Play, str]:
    """The play, and why it and no other.

    The leading trigger is settled first: only if no play but the fallback answers it do the other triggers count. Among
    the plays that fit, the one that names most of trigger, persona, stage, product and phone wins; on a tie persona
    weighs more than stage, stage more than product, product more than trigger, trigger more than phone; then the name.
    """
    for trigger in (rule for rule in LEADING if rule in triggers):
        occasion = Occasion(trigger, persona, stage, product.casefold(), has_phone)
        fitting = [play for play in playbook.plays if _fits(play, occasion)]
        if fitting:
            best = min(fitting, key=_rank)
            return best, _why(best, occasion, len(fitting))
    return fallback(playbook), "the written fallback: no other play fits this trigger, persona and stage"


def trigger_without_rule(*, asked: bool, named: bool) -> Rule:
    """What a play answers where no rule held, and a person passes the lead all the same; for choosing the play alone.

    `asked` is that a request for a call brought the lead to that person, `named` that the account is on the target
    list. Of everybody else it is what they did that has made us ask.
    """
    if asked:
        return Rule.CONSULTATION
    return Rule.TARGET_RESPONDS if named else Rule.SCORE_THRESHOLD


def fallback(playbook: Playbook) -> Play:
    """The play for whatever no other play is for. Raises `NoFallbackError` for a playbook that was never checked."""
    for play in playbook.plays:
        if play.fallback:
            return play
    raise NoFallbackError("write one play with `fallback: yes`")


def _fits(play: Play, occasion: Occasion) -> bool:
    return not play.fallback and all(
        (
            not play.triggers or occasion.trigger in play.triggers,
            not play.personas or (occasion.persona or UNKNOWN) in play.personas,
            not play.stages or occasion.stage in play.stages,
            not play.products or occasion.product in play.products,
            play.phone is None or play.phone is occasion.has_phone,
        ),
    )


def _rank(play: Play) -> tuple[int, tuple[bool, ...], str]:
    named = (bool(play.personas), bool(play.stages), bool(play.products), bool(play.triggers), play.phone is not None)
    return -sum(named), tuple(not each for each in named), play.name


def _why(play: Play, occasion: Occasion, rivals: int) -> str:
    return f"{', '.join(_named(play, occasion)) or 'fits anyone'}; " + (
        "the only play that fits" if rivals == 1 else f"the most specific of {rivals} that fit"
    )


def _named(play: Play, occasion: Occasion) -> Iterator[str]:
    if play.triggers:
        yield f"for {occasion.trigger.replace('_', ' ')}"
    if play.personas:
        yield f"for the persona {occasion.persona or UNKNOWN}"
    if play.stages:
        yield f"at the stage {occasion.stage}"
    if play.products:
        yield f"about {occasion.product}"
    if play.phone is not None:
        yield "with a phone" if play.phone else "without a phone"
