"""What is known of a lead: of all that was said, the value that holds, field by field."""

from schemas.event import IdentifierKind
from services.router.domain.counts import PHONE_STATED
from services.router.domain.identity import lead_id
from services.router.domain.lead import IdentifierKey, Lead, Statement


def statement(lead: Lead, field: str) -> Statement | None:
    """The statement that holds: an attested one before any claim, then the latest, then the later event's."""
    best: Statement | None = None
    for dossier in lead.dossiers.values():
        sources = dossier.statements.get(field)
        if sources:
            for said in sources.values():
                if best is None or _weight(said[0]) > _weight(best):
                    best = said[0]
    return best


def _weight(said: Statement) -> tuple[bool, int, str, str]:
    return said.attested, said.seen.at, said.seen.event, said.value


def stated(lead: Lead, field: str) -> str | None:
    """The value that holds, or None when nobody has said."""
    found = statement(lead, field)
    return found.value if found is not None else None


def fields(lead: Lead) -> tuple[str, ...]:
    """Every field of which something was said, sorted."""
    return tuple(sorted({field for dossier in lead.dossiers.values() for field in dossier.statements}))


def _of(lead: Lead, kind: IdentifierKind) -> list[str]:
    return [key.value for key in lead.dossiers if key.kind is kind]


def emails(lead: Lead) -> tuple[str, ...]:
    """The lead's addresses, the root's first."""
    found = tuple(_of(lead, IdentifierKind.EMAIL))
    if len(found) < 2:  # noqa: PLR2004  (one needs no order)
        return found
    from_root = sorted(found, key=lambda value: (not _is_root(lead, value), value))
    return tuple(from_root)


def _is_root(lead: Lead, email: str) -> bool:
    return lead_id(IdentifierKey(IdentifierKind.EMAIL, email)) == lead.id


def phone(lead: Lead) -> str:
    """Where to call: the lead's own number, else the one last given; empty when there is none."""
    own = min(_of(lead, IdentifierKind.PHONE), default="")
    return own or stated(lead, PHONE_STATED) or ""


def domain_of(email: str) -> str:
    """What stands after the last @, lower-case."""
    return email.rpartition("@")[2].lower()
