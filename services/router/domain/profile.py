"""What is known of a lead: of all that was said, the value that holds, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.event import IdentifierKind
from services.router.domain.counts import PHONE_STATED
from services.router.domain.identity import lead_id
from services.router.domain.lead import IdentifierKey, Lead, Sighting, Statement

_EMAIL, _PHONE = IdentifierKind.EMAIL, IdentifierKind.PHONE


@dataclass(slots=True)
class Profile:
    """A lead's profile, worked out once for everybody who asks in one decision."""

    emails: tuple[str, ...]
    """The lead's addresses, the root's first."""
    domains: tuple[str, ...]
    """Those of the addresses, in their order."""
    phone: str
    """Where to call: the lead's own number, else the one last given; empty when there is none."""
    statements: Mapping[str, Statement]
    """field → the statement that holds: an attested one before any claim, then the latest, then the later event's."""

    def stated(self, field: str) -> str | None:
        """The value that holds, or None when nobody has said."""
        found = self.statements.get(field)
        return found.value if found is not None else None


def profile_of(lead: Lead) -> Profile:
    """What is known of this lead."""
    emails: list[str] = []
    phones: list[str] = []
    statements: dict[str, Statement] = {}
    for key, dossier in lead.dossiers.items():
        if key.kind is _EMAIL:
            emails.append(key.value)
        elif key.kind is _PHONE:
            phones.append(key.value)
        for field, sources in dossier.statements.items():
            for said in sources.values():
                held = statements.get(field)
                if held is None or _weight(said[0]) > _weight(held):
                    statements[field] = said[0]
    if len(emails) > 1:
        emails.sort(key=lambda value: (not _is_root(lead, value), value))
    last = statements.get(PHONE_STATED)
    phone = min(phones) if phones else last.value if last is not None else ""
    return Profile(tuple(emails), tuple([domain_of(each) for each in emails]), phone, statements)


def _weight(said: Statement) -> tuple[bool, Sighting, str]:
    return said.attested, said.seen, said.value


def _is_root(lead: Lead, email: str) -> bool:
    return lead_id(IdentifierKey(_EMAIL, email)) == lead.id


def stated(lead: Lead, field: str) -> str | None:
    """The value of one field that holds, or None when nobody has said."""
    return profile_of(lead).stated(field)


def domain_of(email: str) -> str:
    """What stands after the last @, lower-case."""
    return email.rpartition("@")[2].lower()
