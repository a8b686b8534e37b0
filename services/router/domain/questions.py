"""The fewest questions that settle a checklist, whatever is answered: nobody is asked what another answer tells (R6).

A line's question tells what its open facts rest on, so that it may settle facts of other lines as well. A set of
questions settles the list if each way of answering them makes it true or false.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain, combinations, islice, product

from schemas.verdict import Ternary
from services.router.domain.condition import Condition, Joint
from services.router.domain.flip import Read, changed, value
from services.router.domain.kleene import FALSE, TRUE, UNKNOWN, conjunction
from services.router.domain.playbook import Checklist, ChecklistItem

_MOST_FACTS = 10
"""Of more facts that a question tells it is not tried what each of their values would lead to."""
_TRIES = 500
"""Sets of questions that are tried at most; after that every open line is asked about, which is enough, too."""
_MOST = 64
_APART: dict[int, tuple[Checklist, bool]] = {}
_PERSONA = frozenset({"lead.persona", "lead.persona_level"})
"""Told by the same answer."""


def fewest(checklist: Checklist, items: Mapping[str, Ternary], read: Callable[[], Read]) -> tuple[str, ...]:
    """The questions, in the checklist's order; of as many as few the first. `items` are the lines' values.

    `read` gives the facts' values, and is only called where lines have facts in common.
    """
    unknown = [item for item in checklist.items if items[item.name] is UNKNOWN]
    asks = tuple(dict.fromkeys(item.ask for item in unknown))
    if len(unknown) < 2 or _apart(checklist):  # noqa: PLR2004  (one has nothing to share)
        return asks
    return _searched(unknown, asks, read())


def _apart(checklist: Checklist) -> bool:
    """Whether no two facts of the checklist rest on the same: then every open line needs its own question."""
    known = _APART.get(id(checklist))
    if known is not None and known[0] is checklist:
        return known[1]
    told = [_rests_on(fact) for item in checklist.items for fact in facts_of(item.when)]
    apart = len(frozenset().union(*told)) == sum(map(len, told))
    if len(_APART) >= _MOST:
        _APART.clear()
    _APART[id(checklist)] = checklist, apart
    return apart


def _searched(unknown: Sequence[ChecklistItem], asks: tuple[str, ...], read: Read) -> tuple[str, ...]:
    open_ = {fact.text: fact for item in unknown for fact in facts_of(item.when) if read(fact) is UNKNOWN}
    tells: dict[str, frozenset[str]] = dict.fromkeys(asks, frozenset())
    for item in unknown:
        theirs = (_rests_on(fact) for fact in facts_of(item.when) if fact.text in open_)
        tells[item.ask] = tells[item.ask].union(*theirs)
    sets = chain.from_iterable(combinations(asks, number) for number in range(1, len(asks)))
    for some in islice(sets, _TRIES):
        if _settles(unknown, open_.values(), frozenset().union(*(tells[ask] for ask in some)), read):
            return some
    return asks


def _settles(unknown: Sequence[ChecklistItem], open_: Collection[Condition], told: frozenset[str], read: Read) -> bool:
    """Whether the lines are true or false together, whatever the facts come to that rest on what is told."""
    known = [fact.text for fact in open_ if _rests_on(fact) <= told]
    if len(known) == len(open_):
        return True
    if len(known) > _MOST_FACTS:
        return False
    for answers in product((TRUE, FALSE), repeat=len(known)):
        then = changed(read, frozenset(zip(known, answers, strict=True)))
        if conjunction(value(item.when, then) for item in unknown) is UNKNOWN:
            return False
    return True


def facts_of(condition: Condition) -> Iterator[Condition]:
    """The single facts that a condition is made of."""
    if condition.how is Joint.FACT:
        yield condition
    for part in condition.parts:
        yield from facts_of(part)


def _rests_on(fact: Condition) -> frozenset[str]:
    """What one has to know to know this fact; a fact that names nothing rests on itself, and counts on nothing."""
    if fact.signals:
        return frozenset()
    paths = fact.paths or {fact.text}
    return frozenset("lead.persona" if path in _PERSONA else path for path in paths)
