"""Builders for what the router's shell is fed with: events and acts that say only what a test is about."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from uuid import UUID, uuid4

from schemas.event import Claim, Event, EventType, Identifier, IdentifierKind, Mark
from schemas.fact import Trust
from schemas.feedback import HandoffAccepted, HandoffRejected, LeadErased, RejectReason, TriageChoice, TriageDecided

NOON = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
"""A Tuesday, within everybody's hours."""
_ticks = count(1)


def an_event(
    kind: EventType = EventType.PAGE_VIEWED,
    *,
    email: str = "",
    cookie: str = "",
    phone: str = "",
    claims: dict[str, str] | None = None,
    trust: Trust = Trust.CLAIMED,
    at: datetime | None = None,
    **more: object,
) -> Event:
    """One event, one second after the one before it unless `at` says otherwise."""
    moment = at or NOON + timedelta(seconds=next(_ticks) % 1000)
    said = ((IdentifierKind.EMAIL, email), (IdentifierKind.COOKIE, cookie), (IdentifierKind.PHONE, phone))
    whole = {
        "id": uuid4(),
        "source": "website",
        "type": kind,
        "occurred_at": moment,
        "received_at": moment,
        "identifiers": tuple(Identifier(kind=kind_, value=value, trust=trust) for kind_, value in said if value),
        "claims": tuple(Claim(field=field, value=value, trust=trust) for field, value in (claims or {}).items()),
        **more,
    }
    whole.setdefault("dedup_key", sha256(str(whole["id"]).encode()).hexdigest())
    return Event(**whole)  # type: ignore[arg-type]  # the struct checks what a test passes through


def a_page_view(cookie: str, path: str = "/", **more: object) -> Event:
    return an_event(cookie=cookie, properties={"url": f"https://brightwater.example{path}", "path": path}, **more)


def a_consultation(email: str, *, cookie: str = "", phone: str = "", **more: object) -> Event:
    """A form in which somebody asks to be called."""
    claims = {"full_name": email.partition("@")[0].title(), "consultation": "yes", **more.pop("claims", {})}  # type: ignore[dict-item]  # tests pass strings
    return an_event(
        EventType.FORM_SUBMITTED,
        email=email,
        cookie=cookie,
        phone=phone,
        claims=claims,
        name="Request a demo",
        properties={"form_id": "request-demo"},
        **more,
    )


def a_whitepaper(email: str, **more: object) -> Event:
    """Interest enough to be asked, by somebody of whom nothing else is known."""
    return an_event(EventType.CONTENT_DOWNLOADED, email=email, name="Whitepaper: replanning", **more)


def a_bot(cookie: str) -> Event:
    return an_event(cookie=cookie, marks=(Mark.BOT,))


def an_accept(handoff: UUID, actor: str, at: datetime = NOON) -> HandoffAccepted:
    return HandoffAccepted(id=uuid4(), handoff=handoff, actor=actor, at=at, via="slack")


def a_rejection(handoff: UUID, actor: str, reason: RejectReason, at: datetime = NOON) -> HandoffRejected:
    return HandoffRejected(id=uuid4(), handoff=handoff, actor=actor, at=at, reason=reason)


def a_pass(item: UUID, actor: str, at: datetime = NOON) -> TriageDecided:
    """A person's word: this lead goes to sales."""
    return TriageDecided(id=uuid4(), handoff=item, actor=actor, at=at, choice=TriageChoice.PASS)


def an_erasure(email: str, at: datetime) -> LeadErased:
    return LeadErased(id=uuid4(), email=email, actor="dana", at=at)
