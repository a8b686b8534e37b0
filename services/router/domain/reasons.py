"""The sentences: why an event led to what it led to. Codes are stable, texts are for people; no personal data."""

from datetime import timedelta
from functools import lru_cache

from schemas.event import Mark
from schemas.verdict import Reason, Rule, Ternary
from services.router.domain.playbook import Checklist, SuppressionKind
from services.router.domain.rules import Findings
from services.router.domain.window import Left

_FALSE, _UNKNOWN = Ternary.FALSE, Ternary.UNKNOWN
ANONYMOUS = Reason(code="anonymous", text="An anonymous visitor: counted, and remembered until we know who it is.")
UNCOUNTED = Reason(code="anonymous", text="An anonymous visitor did something that no signal counts.")
NO_IDENTIFIER = Reason(
    code="no_identifier", text="The event names nobody and asks for nothing, so it counts for nobody."
)
ERASED = Reason(code="erased", text="This person asked to be forgotten: the event counts nothing.")
CORRECTED_BEFORE = Reason(
    code="corrected_before", text="A correction of this event arrived before it: it counts nothing."
)
TAKEN_BACK = Reason(code="retracted", text="The event it names never happened: what it had counted is taken back.")
REPLACED = Reason(code="replaced", text="It takes the place of an earlier event: what that had counted is taken back.")
TAKES_NOTHING = Reason(code="retracts_nothing", text="A retraction that names no event takes nothing back.")
NOT_YET_HERE = Reason(
    code="corrects_unknown", text="Nothing counted by the event it names is on record: if it comes, it counts nothing."
)
TAKEN_BEFORE = Reason(
    code="corrected_twice",
    text="Another correction has taken that event’s place, so this one counts nothing: correct the other.",
)
WITH_SALES = Reason(code="already_with_sales", text="Sales already works this lead: the event joins its history.")
SAME_ACCOUNT = Reason(
    code="account_already_with_sales",
    text="The account's owner already has a play for this account: one more response.",
)
IN_TRIAGE = Reason(code="in_triage", text="The lead waits in triage: a person will settle it.")
READY_BEFORE = Reason(
    code="handed_over_before", text="The lead meets the criteria and was handed over on them before: nothing is new."
)
NOTHING_AGREED = Reason(code="no_criteria", text="This playbook has no SQL checklist, and no other rule fired.")
DISQUALIFIED = Reason(code="disqualified", text="A person said that this lead is nobody for sales.")
LATE = Reason(code="late", text="The event is older than the playbook allows for: it counts, but wakes nobody.")
FLAGGED_LATE = Reason(code="late_request", text="The request is old: it passes all the same, marked late.")
FLOOD = Reason(code="flood", text="More of these arrive than people send: they go to triage together.")
BURST = Reason(
    code="scanner_burst", text="Three or more links were opened within two seconds: a scanner, not a person."
)
MERGED = Reason(code="merged", text="Two leads turned out to be one person: their histories are one from here on.")

_MARKS = {
    Mark.BOT: "A bot did this: it is kept, scores nothing and wakes nobody.",
    Mark.SCANNER: "A mail scanner opened this link: it is kept, scores nothing and wakes nobody.",
    Mark.MONITORING: "A monitoring service did this: it is kept, scores nothing and wakes nobody.",
    Mark.HONEYPOT: "A field that only machines see was filled in: it is kept, scores nothing and wakes nobody.",
}
SPAM_REQUEST = Reason(
    code="honeypot_request",
    text="It asks for a call, but a field that only machines see was filled in: a person looks.",
)
_SUPPRESSED = {
    SuppressionKind.DO_NOT_CONTACT: "The do-not-contact list names this lead.",
    SuppressionKind.EMPLOYEE: "This is one of our own people.",
    SuppressionKind.COMPETITOR: "This is a competitor.",
    SuppressionKind.TEST: "This is a test address.",
    SuppressionKind.SPAM: "The spam list names this lead.",
}


def marked(mark: Mark) -> Reason:
    """Machine traffic, and of which kind."""
    return Reason(code=f"marked_{mark.value}", text=_MARKS[mark])


def suppressed(kind: SuppressionKind) -> Reason:
    """Which explicit list stands in the way."""
    return Reason(code=f"suppressed_{kind.value}", text=_SUPPRESSED[kind])


def blocked(rule: Rule) -> Reason:
    """An old event: this rule would have fired on it."""
    return Reason(code=f"late_{rule.value}", text=f"“{_PLAIN[rule]}” would have fired, but the event is too old.")


_PLAIN = {
    Rule.CONSULTATION: "Consultation request",
    Rule.SQL_CRITERIA: "SQL criteria met",
    Rule.SCORE_THRESHOLD: "Score threshold met",
    Rule.TARGET_RESPONDS: "High-value target responds",
}


def points(thousandths: int) -> str:
    """Points as people write them: `120`, `37.5`."""
    whole, rest = divmod(abs(thousandths), 1000)
    text = f"{whole}.{rest:03d}".rstrip("0") if rest else str(whole)
    return f"-{text}" if thousandths < 0 else text


def fading(left: Left) -> Reason:
    """The window was half closed, or more, before anybody in sales heard of it."""
    letters = "one letter" if left.letters == 1 else f"{left.letters} letters"
    sinks = f", so the priority is {letters} lower" if left.letters else ""
    text = (
        f"It opened {_span(left.lag)} ago and halves every {_span(left.half_life)}: "
        f"{round(100 * left.worth)} % of the opportunity is left{sinks}."
    )
    return Reason(code="fading", text=text)


def _span(duration: timedelta) -> str:
    """A duration as people say it: `45 minutes`, `9 hours`, `3 days`; rounded down to one unit."""
    minutes = duration // timedelta(minutes=1)
    for size, unit in ((1440, "day"), (60, "hour")):
        if minutes >= 2 * size or minutes == size:
            return f"{minutes // size} {unit}{'' if minutes == size else 's'}"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def fired(rule: Rule, findings: Findings, account: str) -> Reason:
    """Why this rule fired."""
    match rule:
        case Rule.CONSULTATION:
            text = "They asked to talk to somebody."
        case Rule.SQL_CRITERIA:
            text = "Every line of the agreed SQL checklist holds."
        case Rule.SCORE_THRESHOLD:
            text = f"The score is {points(findings.points.total)}; the threshold is {points(findings.threshold)}."
        case Rule.TARGET_RESPONDS:
            text = f"{account or 'A named account'} is on the target list, and somebody there responded."
    return Reason(code=rule.value, text=text)


def not_ready(findings: Findings, checklist: Checklist) -> tuple[Reason, ...]:
    """Which lines of the checklist do not hold."""
    items = findings.items
    return tuple([_does_not_hold(each.name, each.label) for each in checklist.items if items[each.name] is _FALSE])


@lru_cache(maxsize=512)
def _does_not_hold(name: str, label: str) -> Reason:
    return Reason(code=f"not_{name}", text=f"Not ready: “{label}” does not hold.")


def not_known(findings: Findings, checklist: Checklist, code: str) -> tuple[Reason, ...]:
    """Which lines of the checklist nobody can answer yet."""
    items = findings.items
    return _open(tuple([each.label for each in checklist.items if items[each.name] is _UNKNOWN]), code)


@lru_cache(maxsize=512)
def _open(labels: tuple[str, ...], code: str) -> tuple[Reason, ...]:
    names = ", ".join([f"“{label}”" for label in labels])
    ends = "a person asks." if code == "ask" else "too little interest so far to ask."
    return (Reason(code=f"unknown_{code}", text=f"Not known yet: {names}; {ends}"),)
