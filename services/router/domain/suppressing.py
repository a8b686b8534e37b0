"""The explicit lists: who is on one, by address, by domain, or by a domain above it."""

from collections.abc import Mapping

from services.router.domain.playbook import SuppressionKind
from services.router.domain.prepared import Prepared
from services.router.domain.profile import Profile

_MOST_DOMAINS = 8192


def suppression_of(profile: Profile, ready: Prepared) -> SuppressionKind | None:
    """The explicit list that names one of the lead's addresses or its domain, if any."""
    listed, known = ready.playbook.suppressions.emails, ready.suppressed
    for email, domain in zip(profile.emails, profile.domains, strict=True):
        found = listed.get(email)
        if found is None:
            found = known[domain] if domain in known else _by_domain(domain, ready)
        if found is not None:
            return found
    return None


def _by_domain(domain: str, ready: Prepared) -> SuppressionKind | None:
    """The list that names the domain or one above it, remembered."""
    if len(ready.suppressed) >= _MOST_DOMAINS:
        ready.suppressed.clear()
    ready.suppressed[domain] = found = _listed(domain, ready.playbook.suppressions.domains)
    return found


def _listed(domain: str, listed: Mapping[str, SuppressionKind]) -> SuppressionKind | None:
    rest = domain
    while rest:
        if rest in listed:
            return listed[rest]
        rest = rest.partition(".")[2]
    return None
