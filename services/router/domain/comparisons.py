"""Comparing one fact with what a condition wants: each comparison becomes one cheap closure and one plain sentence."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from schemas.verdict import Ternary
from services.router.domain.condition import Condition, Facts, Scalar, Test
from services.router.domain.kleene import FALSE, TRUE, UNKNOWN, of
from services.router.domain.vocabulary import FLAGS
from services.router.domain.words import Abbreviations, Pattern, decides, words_of

_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,6})?", re.ASCII)
_FIGURES = re.compile(r"[\d.+<> –-]{1,40}", re.ASCII)
_TEXTS = 1024
"""How many texts each list of words remembers its answer for."""
_NOUNS = {
    "event.type": "what happened",
    "event.path": "the page",
    "event.url": "the address of the page",
    "event.name": "its name",
    "event.asset": "the asset",
    "event.marks": "the machine mark",
    "account.is_target": "the account is a named target",
    "account.known": "the account is known",
    "lead.known": "the lead is known by name",
    "lead.has_phone": "there is a phone number",
    "lead.has_email": "there is an email address",
    "score.total": "the score",
    "score.fit": "the fit score",
    "score.engagement": "the engagement score",
}
EVER_KNOWN = frozenset({"lead.has_phone", "lead.has_email", "lead.known", "account.known"})
"""What is yes or no of everybody."""


def noun(path: str) -> str:
    """The path in plain language."""
    known = _NOUNS.get(path)
    if known:
        return known
    of_whom, _, name = path.partition(".")
    owner = {"event": "the event's", "lead": "the lead's", "account": "the account's"}.get(of_whom, of_whom)
    return f"{owner} {name.replace('_', ' ')}"


def absent(path: str) -> Ternary:
    """What follows from silence: what an event does not say is not so; what a lead did not say is not known."""
    return FALSE if path.startswith("event.") else UNKNOWN


def _open(path: str) -> bool:
    return absent(path) is UNKNOWN and path not in EVER_KNOWN


def listed(words: Iterable[str], joint: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    *front, last = list(words)
    return f"{', '.join(front)} {joint} {last}" if front else last


def flag(path: str, wanted: bool) -> Condition:  # noqa: FBT001  (the flag is the datum)
    """A yes-or-no fact is as wanted. A text `yes` or `no` counts as well."""
    accepted = frozenset({True, "yes", "true"} if wanted else {False, "no", "false"})
    nothing = absent(path)

    def test(facts: Facts) -> Ternary:
        found = facts.value(path)
        return nothing if found is None else of(found in accepted)

    subject = noun(path)
    text = subject if path in FLAGS and path in _NOUNS else f"{subject} is yes"
    return Condition(test, text if wanted else f"not ({text})", frozenset({path}), open=_open(path))


def exactly(path: str, wanted: frozenset[str]) -> Condition:
    """A fact from a closed list is one of those wanted."""
    nothing = absent(path)

    def test(facts: Facts) -> Ternary:
        found = facts.value(path)
        if found in wanted:
            return TRUE
        if found is None:
            return nothing
        return of(isinstance(found, tuple) and not wanted.isdisjoint(found))

    text = f"{noun(path)} is {listed(value.replace('_', ' ') for value in sorted(wanted))}"
    types = wanted if path == "event.type" else None
    return Condition(test, text, frozenset({path}), event_types=types, open=_open(path))


def among(path: str, wanted: tuple[Scalar, ...]) -> Condition:
    """A fact is one of those wanted; case and surrounding blanks do not matter, numbers compare as numbers."""
    texts, nothing = frozenset(_folded(value) for value in wanted), absent(path)

    def test(facts: Facts) -> Ternary:
        found = facts.value(path)
        if found is None:
            return nothing
        if isinstance(found, tuple):
            return of(any(_folded(value) in texts for value in found))
        return of(_folded(found) in texts)

    return Condition(
        test, f"{noun(path)} is {listed(_quoted(value) for value in wanted)}", frozenset({path}), open=_open(path)
    )


def _folded(value: Scalar) -> str:
    if value.__class__ is bool:
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip().casefold()


def _quoted(value: Scalar) -> str:
    return f"“{value}”" if isinstance(value, str) else _folded(value)


def part_of_text(path: str, how: str, wanted: tuple[str, ...]) -> Condition:
    """A text contains, starts with or ends with one of those wanted; case does not matter."""
    parts = tuple(value.casefold() for value in wanted)
    holds: dict[str, Callable[[str], bool]] = {
        "contains": lambda text: any(map(text.casefold().__contains__, parts)),
        "starts_with": lambda text: text.casefold().startswith(parts),
        "ends_with": lambda text: text.casefold().endswith(parts),
    }
    verb = {"contains": "contains", "starts_with": "starts with", "ends_with": "ends with"}[how]
    text = f"{noun(path)} {verb} {listed(f'“{value}”' for value in wanted)}"
    return Condition(_on_text(path, holds[how]), text, frozenset({path}), open=_open(path))


def has_words(path: str, patterns: tuple[Pattern, ...], table: Abbreviations, text: str) -> Condition:
    """A text has the words of a pattern; the first pattern that occurs decides (see `words`)."""
    spelled = tuple(Pattern(table.spelled(pattern.phrase), pattern.says) for pattern in patterns)

    @lru_cache(maxsize=_TEXTS)
    def holds(found: str) -> bool:
        return decides(spelled, table.spelled(words_of(found)))

    return Condition(_on_text(path, holds), f"{noun(path)} has the words {text}", frozenset({path}), open=_open(path))


def _on_text(path: str, holds: Callable[[str], bool]) -> Test:
    nothing = absent(path)

    def test(facts: Facts) -> Ternary:
        found = facts.value(path)
        if isinstance(found, str):
            return TRUE if holds(found) else FALSE
        if found is None:
            return nothing
        if isinstance(found, tuple):
            return of(any(holds(value) for value in found))
        return of(holds(_folded(found)))

    return test


def bounded(path: str, low: float | None, high: float | None) -> Condition:
    """A number lies within bounds, both included. A stated range (`51-200`) that straddles a bound is unknown."""
    nothing = absent(path)

    def test(facts: Facts) -> Ternary:
        span = span_of(facts.value(path))
        if span is None:
            return nothing
        least, most = span
        if (low is None or least >= low) and (high is None or most <= high):
            return TRUE
        if (low is not None and most < low) or (high is not None and least > high):
            return FALSE
        return UNKNOWN

    return Condition(test, f"{noun(path)} {bounds(low, high)}", frozenset({path}), open=_open(path))


def bounds(low: float | None, high: float | None) -> str:
    """The bounds in words."""
    parts = [f"is at least {low:g}"] if low is not None else []
    return " and ".join([*parts, f"is at most {high:g}"] if high is not None else parts)


def span_of(value: Scalar | tuple[str, ...]) -> tuple[float, float] | None:
    """The least and the most that a value can mean: `250`, `1,000+`, `51-200`; None when it is no number at all."""
    if isinstance(value, bool) or value is None or isinstance(value, tuple):
        return None
    if isinstance(value, int | float):
        return float(value), float(value)
    text = value.replace(",", "").strip()
    if not _FIGURES.fullmatch(text):
        return None
    figures = [float(figure) for figure in _NUMBER.findall(text)]
    if len(figures) == 1:
        only = figures[0]
        return (only, float("inf")) if text.endswith("+") or text.startswith(">") else (only, only)
    return (min(figures), max(figures)) if len(figures) == 2 else None  # noqa: PLR2004  (a range has two ends)


def known(path: str, wanted: bool) -> Condition:  # noqa: FBT001  (the flag is the datum)
    """Whether anything is known at all: itself never unknown."""

    def test(facts: Facts) -> Ternary:
        return of((facts.value(path) is not None) is wanted)

    return Condition(test, f"{noun(path)} is {'known' if wanted else 'not known'}", frozenset({path}))


def counted(names: tuple[str, ...], label: str, low: float | None, high: float | None, within: int | None) -> Condition:
    """The signals happened so often within so many days. Never unknown: an absent behaviour is known to be zero."""
    least, most = low if low is not None else float("-inf"), high if high is not None else float("inf")

    def test(facts: Facts) -> Ternary:
        total = 0
        for name in names:
            total += facts.count(name, within)
            if high is None and total >= least:
                return TRUE
        return TRUE if least <= total <= most else FALSE

    when = f" within {within} days" if within else ""
    text = f"the number of “{label}”{when} {bounds(low, high)}"
    return Condition(test, text, signals=frozenset(names))
