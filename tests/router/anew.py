"""What the shell does in a batch, in memory: loads what the facts need, no more, folds, and saves what was touched."""

from collections.abc import Sequence

from schemas.event import Event
from schemas.feedback import Feedback
from services.router.domain.folding import fold
from services.router.domain.needs import Needs, accounts_of, needs
from services.router.domain.playbook import Playbook
from services.router.domain.world import Folded, NeedsMoreError, World


def folded_anew(facts: Sequence[Event | Feedback], stored: World, playbook: Playbook) -> Folded:
    """As `fold`, from rows that are loaded for this batch alone; more of them whenever the fold says so."""
    wanted = needs(facts, playbook)
    while True:
        world = _loaded(facts, wanted, stored, playbook)
        try:
            folded = fold(facts, world, playbook)
        except NeedsMoreError as missing:
            more = wanted.and_more(missing)
            if more == wanted:
                raise AssertionError(
                    f"asks for what was loaded: {missing.identifiers or missing.accounts}"
                ) from missing
            wanted = more
        else:
            _save(world, stored)
            return folded


def _loaded(facts: Sequence[Event | Feedback], wanted: Needs, stored: World, playbook: Playbook) -> World:
    """What the facts name, the siblings of the leads found, and what is open of theirs."""
    asked = set(wanted.identifiers)
    leads = {stored.identifiers[key].lead for key in asked if key in stored.identifiers} | wanted.leads
    named = [stored.handoffs[one] for one in wanted.handoffs if one in stored.handoffs]
    named += [stored.triage[one] for one in wanted.triage if one in stored.triage]
    leads |= {one.lead for one in named}
    asked |= {key for lead in leads for key in stored.members.get(lead, ())}
    world = World(asked=asked)
    world.identifiers = {key: stored.identifiers[key] for key in asked if key in stored.identifiers}
    world.members = {lead: set(stored.members[lead]) for lead in leads if lead in stored.members}
    world.standings = {lead: stored.standings[lead] for lead in leads if lead in stored.standings}
    world.handoffs, world.triage, world.accounts = dict(stored.handoffs), dict(stored.triage), dict(stored.accounts)
    world.asked_accounts = set(accounts_of(world, facts, playbook)) | wanted.accounts
    world.floods, world.counted, world.corrected = dict(stored.floods), dict(stored.counted), set(stored.corrected)
    return world


def _save(world: World, stored: World) -> None:
    for key in world.touched_identifiers:
        before = stored.identifiers.get(key)
        if before is not None:
            stored.members[before.lead].discard(key)
        stored.identifiers[key] = row = world.identifiers[key]
        stored.members.setdefault(row.lead, set()).add(key)
    stored.standings.update({lead: world.standings[lead] for lead in world.touched_standings})
    stored.handoffs.update({each: world.handoffs[each] for each in world.touched_handoffs})
    stored.triage.update({each: world.triage[each] for each in world.touched_triage})
    stored.accounts.update({each: world.accounts[each] for each in world.touched_accounts})
    stored.floods.update({each: world.floods[each] for each in world.touched_floods})
    stored.corrected |= world.corrected
