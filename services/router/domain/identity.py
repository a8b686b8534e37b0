"""Who is who: the keys in an event, what they claim of each other, and the ids of leads. Order never matters here.

A cookie belongs to the email with the earliest claim on it. A phone belongs to the earliest claim by an email or, when
only a visitor without an email gave it, by that visitor's cookie: so a shared phone never joins two leads. Whoever
gives a number that is somebody else's has said it all the same, and is called there; it is no identifier of theirs, and
a visitor who gives it stays a visitor. Emails are joined only by a system that attests that both are one person's.
"""

from collections.abc import Iterable
from hashlib import sha1
from uuid import UUID, SafeUUID

from schemas.event import Event, IdentifierKind
from schemas.fact import Trust
from services.router.domain.lead import IdentifierKey, Ownership, Sighting

MOST_CLAIMS = 8
"""How many claimants one identifier remembers, earliest first."""
MOST_TIMES = 4
"""How often one claimant's claim is remembered: so many retractions may take it back."""
MOST_CLAIMED = 32
_NAMESPACE = UUID("4f1cf2b4-0f0e-5c0e-9d5b-6a3c7d1b8e21").bytes
_EMAIL = IdentifierKind.EMAIL
_ORDER = {IdentifierKind.EMAIL: 0, IdentifierKind.COOKIE: 1, IdentifierKind.PHONE: 2}
_FREE = (1 << 128) - 1 & ~(0xF << 76) & ~(0x3 << 62)
_FIXED = 0x5 << 76 | 0x2 << 62
"""Of a UUID's 128 bits those that a name decides, and its version and variant."""
_UNKNOWN = SafeUUID.unknown
_new, _number = UUID.__new__, int.from_bytes
_set_number, _set_safety = vars(UUID)["int"].__set__, vars(UUID)["is_safe"].__set__
_COOKIE_MARK = "cookie "
"""No email holds a blank, so a claimant that starts like this is a cookie."""


def version_5(namespace: bytes, name: str) -> UUID:
    """RFC 9562 §5.5, without the detour over a `UUID` namespace."""
    digest = sha1(namespace + name.encode(), usedforsecurity=False).digest()
    made = _new(UUID)  # as `UUID(int=…)`, without its checks of the arguments, which cost more than the digest
    _set_number(made, _number(digest[:16], "big") & _FREE | _FIXED)
    _set_safety(made, _UNKNOWN)
    return made


def id_text(identity: bytes) -> str:
    """As `str(UUID(bytes=identity))`, at a fraction of its cost."""
    digits = identity.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def lead_id(root: IdentifierKey) -> UUID:
    """The id of the lead whose root identifier this is."""
    return version_5(_NAMESPACE, root.kind + ":" + root.value)  # a kind is a text: `format` would look twice


def made_by(cause: UUID, what: str) -> UUID:
    """The id of what this fact caused: the same fact always makes the same id."""
    return version_5(cause.bytes, what)


def keys_of(event: Event) -> tuple[IdentifierKey, ...]:
    """The event's identifiers in the order in which it is counted on them: email, cookie, phone; attested ones first.

    An event that names nobody is a visitor of its own, so that even an anonymous request for a call has a lead.
    """
    stated = event.identifiers
    if len(stated) == 1:
        return (IdentifierKey(stated[0].kind, stated[0].value),)
    if not stated:
        return (IdentifierKey(IdentifierKind.COOKIE, f"event:{event.id}"),)
    if len(stated) == 2 and _ORDER[stated[0].kind] < _ORDER[stated[1].kind]:  # noqa: PLR2004  (two that are in order)
        return IdentifierKey(stated[0].kind, stated[0].value), IdentifierKey(stated[1].kind, stated[1].value)
    ranked = sorted(stated, key=lambda each: (_ORDER[each.kind], each.trust is not Trust.ATTESTED))
    return tuple(dict.fromkeys(IdentifierKey(each.kind, each.value) for each in ranked))


def links_of(event: Event, keys: Iterable[IdentifierKey]) -> tuple[tuple[IdentifierKey, str], ...]:
    """(claimed identifier, claimant): what this event says belongs together, among the given keys of it."""
    present = tuple(keys)
    if len(present) < 2:  # noqa: PLR2004  (one identifier belongs to nothing else)
        return ()
    emails = [key for key in present if key.kind is _EMAIL]
    if not emails:
        cookies = [key for key in present if key.kind is IdentifierKind.COOKIE]
        by = _COOKIE_MARK + cookies[0].value if cookies else ""
        return tuple((key, by) for key in present if key.kind is IdentifierKind.PHONE) if by else ()
    claimed = tuple([(key, emails[0].value) for key in present if key.kind is not _EMAIL])
    return claimed if len(emails) == 1 else claimed + _aliases(event, emails)


def _aliases(event: Event, emails: list[IdentifierKey]) -> tuple[tuple[IdentifierKey, str], ...]:
    attested = {each.value for each in event.identifiers if each.trust is Trust.ATTESTED}
    known = [key for key in emails if key.value in attested]
    return tuple((one, other.value) for one in known for other in known if one != other)


def claim_by(key: IdentifierKey) -> str:
    """How a claim by this identifier is written."""
    return key.value if key.kind is IdentifierKind.EMAIL else _COOKIE_MARK + key.value


def claimant_of(claim: str) -> IdentifierKey:
    """The identifier that made this claim."""
    if claim.startswith(_COOKIE_MARK):
        return IdentifierKey(IdentifierKind.COOKIE, claim.removeprefix(_COOKIE_MARK))
    return IdentifierKey(IdentifierKind.EMAIL, claim)


def with_claim(ownership: Ownership, seen: Sighting, by: str) -> Ownership:
    """The claims after one more: the earliest few of each claimant, of the earliest claimants.

    Who claims first, second, … commutes, also when a claim is repeated. More than one a claimant is kept because an
    event may be retracted, and the next claim then holds.
    """
    claim, known = (seen, by), ownership.claims
    if claim in known:
        return ownership
    if not known:
        return Ownership((claim,), ownership.claimed)
    if claim > known[-1] and len({each for _, each in known} | {by}) <= MOST_CLAIMS:
        often = sum([each == by for _, each in known])
        return ownership if often >= MOST_TIMES else Ownership((*known, claim), ownership.claimed)
    kept: dict[str, list[tuple[Sighting, str]]] = {}
    for each in sorted((*known, claim)):
        kept.setdefault(each[1], []).append(each)
    claims = tuple(sorted(each for times in list(kept.values())[:MOST_CLAIMS] for each in times[:MOST_TIMES]))
    return ownership if claims == known else Ownership(claims, ownership.claimed)


def without_claims(ownership: Ownership, event: bytes) -> Ownership:
    """The claims without those that this event made."""
    kept = tuple(claim for claim in ownership.claims if claim[0].event != event)
    return ownership if kept == ownership.claims else Ownership(kept, ownership.claimed)


def without_claimant(ownership: Ownership, by: str) -> Ownership:
    """The claims without those of this claimant, who asked to be forgotten."""
    kept = tuple(claim for claim in ownership.claims if claim[1] != by)
    return ownership if kept == ownership.claims else Ownership(kept, ownership.claimed)


def with_claimed(ownership: Ownership, key: IdentifierKey) -> Ownership:
    """A claimant's own note of what it has claimed."""
    if key in ownership.claimed or len(ownership.claimed) >= MOST_CLAIMED:
        return ownership
    return Ownership(ownership.claims, tuple(sorted((*ownership.claimed, key))))
