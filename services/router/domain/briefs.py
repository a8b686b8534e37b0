"""The brief of a lead: what is known, what is inferred and from what, and what nobody knows and should be asked."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from operator import itemgetter

from schemas.brief import Brief, Certainty, Item
from schemas.lead import Field
from services.router.domain.facts import LeadFacts
from services.router.domain.lead import Stay
from services.router.domain.moments import day_at
from services.router.domain.nurturing import name_of
from services.router.domain.profile import Profile
from services.router.domain.scoring import recent


def _open(label: str, ask: str) -> Item:
    return Item(label=label, value="", certainty=Certainty.UNKNOWN, evidence=ask)


_NO_PERSONA = _open("Persona", "What is your role?")
_NO_STAGE = _open("Buying stage", "What have you looked at so far?")
_ASKED = tuple(
    (field.value, label, _open(label, ask) if ask else None)
    for field, label, ask in (
        (Field.BUDGET, "Budget approved", "Is a budget approved?"),
        (Field.TIME_FRAME, "Decides", "When do you want to decide?"),
        (Field.PRODUCT, "Product of interest", "Which product is it about?"),
        (Field.CONTACT_WAY, "Prefers contact by", "How do you like to be contacted?"),
        (Field.EMPLOYEES, "Employees", "How many people work at the company?"),
        (Field.INDUSTRY, "Industry", "What line of business is the company in?"),
        (Field.COUNTRY, "Country", "Where are you based?"),
        (Field.MESSAGE, "Their words", ""),
    )
)
"""field, its words, and what stands there as long as nobody has said."""
_HISTORY = 8
_WARM_UP = 2
_LAST = itemgetter(0)
_SHOWN = 200
_NAMELESS = "Name not known"
_TITLE, _COMPANY, _PRODUCT = Field.TITLE.value, Field.COMPANY.value, Field.PRODUCT.value
"""The members' own texts, because looking a member up costs more than looking for what it names."""


def brief_of(facts: LeadFacts, why_now: Iterable[str]) -> Brief:
    """The brief as of `facts.now`. Its texts are plain and may hold what a stranger typed."""
    profile, account = facts.profile, facts.account
    persona, stage = facts.persona[0], facts.stage[0]
    stated = profile.stated
    return Brief(
        name=(name_of(profile) if profile.statements else "") or _NAMELESS,
        title=stated(_TITLE) or "",
        company=stated(_COMPANY) or account.name,
        email=profile.emails[0] if profile.emails else "",
        phone=profile.phone,
        persona=persona.label if persona else "",
        stage=stage.label if stage else "",
        awareness=stage.awareness if stage else "",
        source=facts.event.source if facts.event is not None else "",
        interest=stated(_PRODUCT) or "",
        score=facts.points.total // 1000,
        why_now=tuple(why_now),
        qualification=(*_derived(facts), *_asked(profile)),
        history=(*_history(facts), *_warm_up(facts)),
        account=account.target.name if account.target else "",
        game_plan=account.target.game_plan if account.target else "",
    )


def _derived(facts: LeadFacts) -> tuple[Item, ...]:
    persona, why = facts.persona
    stage, how = facts.stage
    return (
        _inferred("Persona", persona.label, why) if persona and persona.label else _NO_PERSONA,
        _inferred("Buying stage", stage.label, how) if stage and stage.label else _NO_STAGE,
    )


def _inferred(label: str, value: str, evidence: str) -> Item:
    return Item(label=label, value=value, certainty=Certainty.INFERRED, evidence=evidence[:_SHOWN])


def _asked(profile: Profile) -> list[Item]:
    found = []
    for field, label, ask in _ASKED:
        said = profile.statements.get(field)
        if said is not None:
            found.append(Item(label=label, value=said.value, evidence="" if said.attested else "they said so"))
        elif ask is not None:
            found.append(ask)
    return found


def _history(facts: LeadFacts) -> tuple[str, ...]:
    """What they did, the latest first: signal, how often, when last."""
    found = []
    for signal in [each for each in facts.playbook.scoring.signals if each.name in facts.counts]:
        number = facts.count(signal.name, None)
        seen = recent(facts.lead, signal.name) if number else ()
        if seen:
            times = f" ({number}×)" if number > 1 else ""
            found.append((seen[0], f"{signal.label}{times}, last on {_date(day_at(seen[0].at))}"))
    if len(found) > 1:
        found.sort(key=_LAST, reverse=True)
    return tuple([line for _, line in found[:_HISTORY]])


def _warm_up(facts: LeadFacts) -> tuple[str, ...]:
    """What they were enrolled in, and since when, the latest first."""
    stays = facts.lead.standing.stays
    if not stays:
        return ()
    labels = {track.name: track.label for track in facts.playbook.tracks}
    return tuple([_in_nurture(stay, labels.get(stay.track, stay.track)) for stay in reversed(stays[-_WARM_UP:])])


def _in_nurture(stay: Stay, label: str) -> str:
    until = f" to {_date(day_at(stay.left))}" if stay.left else ""
    return f"In nurture {'from' if until else 'since'} {_date(day_at(stay.since))}{until}: {label}"


@lru_cache(maxsize=512)
def _date(day: int) -> str:
    return date.fromordinal(day).isoformat()


def with_reason(brief: Brief, reason: str) -> Brief:
    """The brief with one more reason why now; a reason is said once."""
    parts = {name: getattr(brief, name) for name in brief.__struct_fields__}
    return Brief(**{**parts, "why_now": tuple(dict.fromkeys((*brief.why_now, reason)))})
