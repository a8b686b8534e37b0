"""What a condition may ask of an event and its lead, read once and remembered for the length of one decision."""

from collections.abc import Callable, Mapping
from datetime import datetime

from schemas.event import Event
from services.router.domain import scoring
from services.router.domain.accounts import NOBODY, account_of
from services.router.domain.condition import Possible
from services.router.domain.event_facts import Value, said_by
from services.router.domain.kleene import TRUE
from services.router.domain.lead import Lead
from services.router.domain.moments import day_at, milliseconds
from services.router.domain.personas import persona_of, stage_of
from services.router.domain.playbook import NurtureTrack, Persona, Playbook, RoutingRule, Stage
from services.router.domain.portraits import Likeness, Portrait, Sketch
from services.router.domain.possibilities import possible
from services.router.domain.prepared import Prepared, prepared
from services.router.domain.profile import profile_of
from services.router.domain.readiness import Checked


class LeadFacts:
    """Everything there is to ask about a lead, its account and the event at hand, at `now`."""

    __slots__ = (
        *("_are", "_known", "_likeness", "_persona", "_portrait"),
        *("account", "at", "counts", "event", "lead", "now", "playbook", "profile", "ready", "today"),
    )

    def __init__(self, event: Event | None, lead: Lead, playbook: Playbook, now: datetime) -> None:
        self.event, self.lead, self.playbook, self.now = event, lead, playbook, now
        self.at = milliseconds(now)
        self.today = day_at(self.at)
        self.ready: Prepared = prepared(playbook)
        self.counts = scoring.counts_of(lead)
        self.profile = profile_of(lead)
        self.account = account_of(self.profile, self.ready, self.today)
        self._known: dict[str, Value] = {}
        self._are: dict[str, int] | None = None
        self._likeness: Likeness | None = None
        self._portrait: Portrait | None = None
        self._persona: tuple[Persona | None, str] | None = None

    def value(self, path: str) -> Value:
        """The value of a path, None where it is not known."""
        known = self._known
        if path in known:
            return known[path]
        read = _READ.get(path) or _LEARNT.get(path) or _learn(path)
        found = known[path] = read(self)
        return found

    def possible(self, path: str) -> Possible:
        """What the value of a path may turn out to be; None where it is settled."""
        return possible(path, self)

    def count(self, signal: str, within_days: int | None) -> int:
        """How often a signal happened within so many UTC days, today included; an absent behaviour is zero."""
        days = self.counts.get(signal)
        if not days:
            return 0
        within = self.playbook.scoring.horizon_days + 1 if within_days is None else within_days
        return scoring.count(days, self.today - within + 1)

    @property
    def gained(self) -> Mapping[str, int]:
        """signal → thousandths of a point for what they did."""
        likeness = self.likeness
        if likeness.gained is None:
            gauges, caps = self.ready.gauges, self.playbook.scoring.group_caps
            likeness.gained = scoring.engagement(self.counts, gauges, caps, self.today) if gauges else {}
        return likeness.gained

    @property
    def portrait(self) -> Portrait:
        """What they have in common with everybody of whom the same is known."""
        if self._portrait is None:
            gallery, said = self.ready.portraits, self.profile.statements
            stated = tuple([said[name].value if name in said else None for name in gallery.stated]) if said else ()
            self._portrait = gallery.of((*stated, *[_READ[path](self) for path in gallery.read]))
        return self._portrait

    @property
    def likeness(self) -> Likeness:
        """What they have in common with everybody who did the same, too."""
        if self._likeness is None:
            self._likeness = self.ready.portraits.like(self.portrait, self.today, self.counts)
        return self._likeness

    @property
    def are(self) -> Mapping[str, int]:
        """characteristic → thousandths of a point for who they are."""
        if self._are is None:
            self._are = self._fit() if self.playbook.scoring.on else {}
        return self._are

    def _fit(self) -> dict[str, int]:
        rules = self.playbook.scoring
        if not self.ready.portraits.fits:
            return scoring.fit(rules, self)
        portrait = self.portrait
        if portrait.are is None:
            portrait.are = scoring.fit(rules, self)
        return portrait.are

    @property
    def points(self) -> scoring.Points:
        """The sums of the score."""
        likeness = self.likeness
        if likeness.points is None:
            likeness.points = scoring.Points(sum(self.are.values()), sum(self.gained.values()))
        return likeness.points

    @property
    def persona(self) -> tuple[Persona | None, str]:
        """The persona, and what told it."""
        if self._persona is None:
            self._persona = self._told() if self.ready.portraits.personas else persona_of(self, self.playbook)
        return self._persona

    def _told(self) -> tuple[Persona | None, str]:
        portrait = self.portrait
        if portrait.persona is None:
            portrait.persona = persona_of(self, self.playbook)
        return portrait.persona

    @property
    def mql(self) -> bool:
        """Whether every line of the MQL checklist is known to hold."""
        likeness = self.likeness
        if likeness.mql is None:
            portrait = self.portrait
            if portrait.mql is None:
                portrait.mql = self.ready.portraits.sketched(self.playbook.mql, self)
            likeness.mql = portrait.mql.holds(self)
        return likeness.mql

    @property
    def sql(self) -> Checked:
        """The SQL checklist, gone through."""
        likeness = self.likeness
        if likeness.sql is None:
            likeness.sql = self._sketched().check(self.playbook.sql, self)
        return likeness.sql

    @property
    def qualified(self) -> bool:
        """Whether every line of the SQL checklist is known to hold: mostly, who they are denies it already."""
        return self._sketched().settled is TRUE and self.sql.value is TRUE

    def _sketched(self) -> Sketch:
        portrait = self.portrait
        if portrait.sql is None:
            portrait.sql = self.ready.portraits.sketched(self.playbook.sql, self)
        return portrait.sql

    @property
    def teams(self) -> tuple[tuple[RoutingRule, bool], ...]:
        """The routing rules to a team that who they are leaves, in order, and whether they are known to fit."""
        portrait = self.portrait
        if portrait.teams is None:
            teams = [each for each in self.playbook.routing if each.team in self.playbook.teams]
            portrait.teams = self.ready.portraits.left(teams, self)
        return portrait.teams

    @property
    def tracks(self) -> tuple[tuple[NurtureTrack, bool], ...]:
        """The nurture tracks that who they are leaves, in order, and whether they are known to fit."""
        portrait = self.portrait
        if portrait.tracks is None:
            portrait.tracks = self.ready.portraits.left(self.playbook.tracks, self)
        return portrait.tracks

    @property
    def stage(self) -> tuple[Stage | None, str]:
        """The buying stage, and what told it."""
        likeness = self.likeness
        if likeness.stage is None:
            likeness.stage = stage_of(self, self.playbook)
        return likeness.stage


def _email_domain(facts: LeadFacts) -> Value:
    return next(iter(facts.profile.domains), None)


def _of_persona(facts: LeadFacts) -> Value:
    found = facts.persona[0]
    return found.name if found else None


def _level(facts: LeadFacts) -> Value:
    found = facts.persona[0]
    return found.level if found else None


def _of_stage(facts: LeadFacts) -> Value:
    found = facts.stage[0]
    return found.name if found else None


def _points(facts: LeadFacts, thousandths: Callable[[scoring.Points], int]) -> Value:
    return thousandths(facts.points) // 1000 if facts.playbook.scoring.on else None


_READ: Mapping[str, Callable[[LeadFacts], Value]] = {
    "lead.email": lambda facts: next(iter(facts.profile.emails), None),
    "lead.email_domain": _email_domain,
    "lead.phone": lambda facts: facts.profile.phone or None,
    "lead.has_phone": lambda facts: bool(facts.profile.phone),
    "lead.has_email": lambda facts: bool(facts.profile.emails),
    "lead.known": lambda facts: facts.lead.known,
    "lead.lifecycle": lambda facts: facts.lead.standing.lifecycle,
    "lead.persona": _of_persona,
    "lead.persona_level": _level,
    "lead.stage": _of_stage,
    "account.key": lambda facts: facts.account.key or None,
    "account.is_target": lambda facts: facts.account.target is not None if facts.account is not NOBODY else None,
    "account.tier": lambda facts: facts.account.target.tier if facts.account.target else None,
    "account.known": lambda facts: facts.account is not NOBODY,
    "account.settled": lambda facts: facts.account.settled,
    "score.total": lambda facts: _points(facts, lambda points: points.total),
    "score.fit": lambda facts: _points(facts, lambda points: points.fit),
    "score.engagement": lambda facts: _points(facts, lambda points: points.engagement),
}
"""What is worked out about a lead; every other `lead.…` is what was stated about it."""
_LEARNT: dict[str, Callable[[LeadFacts], Value]] = {}
"""How every other path is read, by the path: a playbook asks for the same few again and again."""
_MOST_LEARNT = 4096


def _learn(path: str) -> Callable[[LeadFacts], Value]:
    if len(_LEARNT) >= _MOST_LEARNT:
        _LEARNT.clear()
    return _LEARNT.setdefault(path, _reader(path))


def _reader(path: str) -> Callable[[LeadFacts], Value]:
    of_whom, _, name = path.partition(".")
    if of_whom == "lead":
        return lambda facts: facts.profile.stated(name)
    if of_whom == "event":
        return lambda facts: said_by(facts.event, name) if facts.event is not None else None
    return lambda _facts: None
