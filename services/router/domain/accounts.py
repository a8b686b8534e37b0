"""Which company a lead belongs to: by email domain, website or stated company, one matcher for rules and reports."""

from schemas.event import Event, IdentifierKind
from schemas.fact import Value
from schemas.lead import Field
from services.router.domain.lead import Dossier, IdentifierKey
from services.router.domain.playbook import Playbook, Target
from services.router.domain.prepared import Prepared
from services.router.domain.profile import Profile, domain_of
from services.router.domain.words import company_name

_BY_NAME = "name:"
"""Before the key of a company of which only the name is known."""
_MOST_DOMAINS = 8192
_COMPANY = Field.COMPANY


class Account(Value, frozen=True, gc=False):
    """The company, and the named target it is, if it is one today. The empty key is no company."""

    key: str = ""
    target: Target | None = None
    name: str = ""
    settled: bool = False
    """Nothing that is still missing could make it another company's: a domain tells it, or all is known."""


NOBODY = Account()


def account_key(email_domain: str, company: str, website: str, playbook: Playbook) -> str:
    """The account's key: of the email domain, else of the website, else of the company's name; empty for none.

    Free-mail, disposable and shared domains never make an account; subsidiaries and aliases belong to their main
    domain.
    """
    for domain in (email_domain.lower(), host_of(website)):
        key = _by_domain(domain, playbook)
        if key:
            return key
    name = company_name(company) if company else ""
    return playbook.target_aliases.get(name) or (_BY_NAME + name if name else "")


def host_of(website: str) -> str:
    """The host of an address as people type it, without `www.`."""
    rest = website.strip().lower().rpartition("://")[2]
    host = rest.partition("/")[0].partition("?")[0].partition("#")[0].rpartition("@")[2].partition(":")[0]
    return host.removeprefix("www.") if "." in host else ""


def _by_domain(domain: str, playbook: Playbook) -> str:
    """The account of a domain, looked up with those above it: `eu.acme.example`, then `acme.example`."""
    shared, part = playbook.domains, domain
    while "." in part:
        if part in shared.free or part in shared.disposable:
            return ""
        main = shared.aliases.get(part, part)
        if main in playbook.target_domains:
            return playbook.target_domains[main]
        if main != part:
            return main
        part = part.partition(".")[2]
    return domain if "." in domain else ""


def _remembered(domain: str, ready: Prepared) -> str:
    """As `_by_domain`, and remembered."""
    if len(ready.accounts) >= _MOST_DOMAINS:
        ready.accounts.clear()
    ready.accounts[domain] = key = _by_domain(domain, ready.playbook)
    return key


def target_of(key: str, playbook: Playbook, day: int) -> Target | None:
    """The named account with this key, if it is one on that UTC day (an ordinal)."""
    target = playbook.targets.get(key) if key else None
    if target is None:
        return None
    if target.start is not None and target.start.toordinal() > day:
        return None
    if target.end is not None and target.end.toordinal() < day:
        return None
    return target


def account_of(profile: Profile, ready: Prepared, day: int) -> Account:
    """The account of the lead with this profile, on that UTC day."""
    playbook = ready.playbook
    for domain in profile.domains:
        key = ready.accounts.get(domain)
        if key is None:
            key = _remembered(domain, ready)
        if key:
            return _account(key, profile, playbook, day, settled=True)
    company, website = profile.stated(_COMPANY) or "", profile.stated(Field.WEBSITE) or ""
    key = account_key("", company, website, playbook) if company or website else ""
    return _account(key, profile, playbook, day, settled=bool(website)) if key else NOBODY


def _account(key: str, profile: Profile, playbook: Playbook, day: int, *, settled: bool) -> Account:
    target = target_of(key, playbook, day)
    return Account(key, target, target.name if target else profile.stated(_COMPANY) or "", settled)


def keys_in_event(event: Event, playbook: Playbook) -> frozenset[str]:
    """Every account that this event could make its lead belong to."""
    found = {
        _by_domain(domain_of(each.value), playbook) for each in event.identifiers if each.kind is IdentifierKind.EMAIL
    }
    for claim in event.claims:
        found |= _keys_of_value(claim.field, claim.value, playbook)
    return frozenset(found - {""})


def _keys_of_value(field: str, value: str, playbook: Playbook) -> set[str]:
    if field == Field.COMPANY:
        return {account_key("", value, "", playbook)}
    return {account_key("", "", value, playbook)} if field == Field.WEBSITE else set()


def account_keys_needed(key: IdentifierKey, dossier: Dossier, playbook: Playbook) -> frozenset[str]:
    """Every account that a lead with this identifier could belong to by it, whatever statement comes to hold."""
    found = {_by_domain(domain_of(key.value), playbook)} if key.kind is IdentifierKind.EMAIL else set()
    for field in (Field.COMPANY, Field.WEBSITE) if dossier.statements else ():
        for said in dossier.statements.get(field, {}).values():
            for each in said:
                found |= _keys_of_value(field, each.value, playbook)
    return frozenset(found - {""})
