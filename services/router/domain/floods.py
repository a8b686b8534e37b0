"""Floods: more claimed requests from one form, address or campaign than people send go to triage together."""

from collections.abc import Mapping
from datetime import timedelta

from schemas.event import URGENT, Event, IdentifierKind
from services.router.domain.event_facts import attested
from services.router.domain.identity import lead_id
from services.router.domain.lead import IdentifierKey
from services.router.domain.moments import milliseconds
from services.router.domain.playbook import Playbook

_LONGEST = 200
_MILLISECOND = timedelta(milliseconds=1)


def flood_keys(event: Event, playbook: Playbook) -> tuple[str, ...]:
    """Under which counters this event falls, each with its time window; none for behaviour and for attested records."""
    if event.type not in URGENT or event.marks or attested(event):
        return ()
    window = milliseconds(event.received_at) // max(1, playbook.flood.window // _MILLISECOND)
    named = (("form", _form(event)), ("address", _address(event)), ("campaign", _campaign(event)))
    return tuple([f"{kind}:{name[:_LONGEST]}:{window}" for kind, name in named if name])


def _form(event: Event) -> str:
    form = event.properties.get("form_id")
    return f"{event.source}/{form}" if form else ""


def _address(event: Event) -> str:
    """The network address where the door knows it, else the id of the email address that was typed: never it itself."""
    known = event.properties.get("address")
    if known:
        return str(known)
    for each in event.identifiers:
        if each.kind is IdentifierKind.EMAIL:
            return str(lead_id(IdentifierKey(each.kind, each.value)))
    return ""


def _campaign(event: Event) -> str:
    return str(event.properties.get("utm_campaign") or event.properties.get("campaign") or "")


def flooded(counts: Mapping[str, int], playbook: Playbook) -> tuple[str, ...]:
    """The counters that are over their limit, this event included; sorted."""
    return tuple(sorted(key for key, count in counts.items() if count > _limit(key, playbook)))


def unseen(
    before: Mapping[str, int], reckoned: Mapping[str, int], after: Mapping[str, int], playbook: Playbook
) -> tuple[str, ...]:
    """The counters that passed their limit because others counted too, between our reading and our adding; sorted.

    `before` is what was read (0 where nothing was), `reckoned` that and ours, `after` what stands there now.
    """
    more = (key for key, count in after.items() if count > max(reckoned[key], _limit(key, playbook)))
    return tuple(sorted(key for key in more if before.get(key, 0) < _limit(key, playbook)))


def _limit(key: str, playbook: Playbook) -> int:
    limits, kind = playbook.flood, key.partition(":")[0]
    return {"form": limits.per_form, "address": limits.per_address, "campaign": limits.per_campaign}[kind]
