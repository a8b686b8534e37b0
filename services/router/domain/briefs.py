"""The brief of a lead: what is known, what is inferred and from what, and what nobody knows and should be asked."""

from collections.abc import Iterable

from schemas.brief import Brief, Certainty, Item
from schemas.lead import Field
from services.router.domain.facts import LeadFacts
from services.router.domain.moments import instant
from services.router.domain.profile import Profile
from services.router.domain.scoring import recent

_ASKED = (
    (Field.BUDGET, "Budget approved", "Is a budget approved?"),
    (Field.TIME_FRAME, "Decides", "When do you want to decide?"),
    (Field.PRODUCT, "Product of interest", "Which product is it about?"),
    (Field.CONTACT_WAY, "Prefers contact by", "How do you like to be contacted?"),
    (Field.EMPLOYEES, "Employees", "How many people work at the company?"),
    (Field.INDUSTRY, "Industry", "What line of business is the company in?"),
    (Field.COUNTRY, "Country", "Where are you based?"),
    (Field.MESSAGE, "Their words", ""),
)
_HISTORY = 8
_SHOWN = 200


def brief_of(facts: LeadFacts, why_now: Iterable[str]) -> Brief:
    """The brief as of `facts.now`. Its texts are plain and may hold what a stranger typed."""
    profile, account = facts.profile, facts.account
    persona, stage = facts.persona[0], facts.stage[0]
    return Brief(
        name=_name(profile),
        title=profile.stated(Field.TITLE) or "",
        company=profile.stated(Field.COMPANY) or account.name,
        email=profile.emails[0] if profile.emails else "",
        phone=profile.phone,
        persona=persona.label if persona else "",
        stage=stage.label if stage else "",
        awareness=stage.awareness if stage else "",
        source=facts.event.source if facts.event is not None else "",
        interest=profile.stated(Field.PRODUCT) or "",
        score=facts.points.total // 1000,
        why_now=tuple(why_now),
        qualification=(*_derived(facts), *_asked(profile)),
        history=_history(facts),
        account=account.target.name if account.target else "",
        game_plan=account.target.game_plan if account.target else "",
    )


def _name(profile: Profile) -> str:
    full = profile.stated(Field.FULL_NAME)
    parts = (profile.stated(Field.FIRST_NAME), profile.stated(Field.LAST_NAME))
    joined = " ".join(part for part in parts if part)
    return full or joined or "Name not known"


def _derived(facts: LeadFacts) -> tuple[Item, ...]:
    persona, why = facts.persona
    stage, how = facts.stage
    return (
        _inferred("Persona", persona.label if persona else "", why, "What is your role?"),
        _inferred("Buying stage", stage.label if stage else "", how, "What have you looked at so far?"),
    )


def _inferred(label: str, value: str, evidence: str, ask: str) -> Item:
    if not value:
        return Item(label=label, value="", certainty=Certainty.UNKNOWN, evidence=ask)
    return Item(label=label, value=value, certainty=Certainty.INFERRED, evidence=evidence[:_SHOWN])


def _asked(profile: Profile) -> Iterable[Item]:
    for field, label, ask in _ASKED:
        said = profile.statements.get(field)
        if said is not None:
            yield Item(label=label, value=said.value, evidence="" if said.attested else "they said so")
        elif ask:
            yield Item(label=label, value="", certainty=Certainty.UNKNOWN, evidence=ask)


def _history(facts: LeadFacts) -> tuple[str, ...]:
    """What they did, the latest first: signal, how often, when last."""
    found = []
    for signal in [each for each in facts.playbook.scoring.signals if each.name in facts.counts]:
        number = facts.count(signal.name, None)
        seen = recent(facts.lead, signal.name) if number else ()
        if seen:
            found.append(
                (seen[0], f"{signal.label}{f' ({number}×)' if number > 1 else ''}, last on {_day(seen[0].at)}")
            )
    found.sort(key=lambda pair: pair[0], reverse=True)
    return tuple(line for _, line in found[:_HISTORY])


def _day(at: int) -> str:
    return instant(at).date().isoformat()


def with_reason(brief: Brief, reason: str) -> Brief:
    """The brief with one more reason why now; a reason is said once."""
    parts = {name: getattr(brief, name) for name in brief.__struct_fields__}
    return Brief(**{**parts, "why_now": tuple(dict.fromkeys((*brief.why_now, reason)))})
