"""Forgets a person: their identifiers, where they stood, what sales was told; what others claimed with them as well."""

from uuid import UUID

from schemas.brief import Brief
from schemas.event import IdentifierKind
from schemas.fact import replace
from schemas.feedback import LeadErased
from services.router.domain import handoffs, opening
from services.router.domain.changes import Changes
from services.router.domain.decision import Command, ForgetEnrolment, SaveHandoff, SaveTriage
from services.router.domain.identity import claim_by, lead_id, without_claimant
from services.router.domain.lead import IdentifierKey
from services.router.domain.moments import milliseconds

_NOBODY = Brief(name="erased")


def erased(fact: LeadErased, changes: Changes) -> tuple[frozenset[UUID], tuple[Command, ...]]:
    """The lead that is gone, under every id it ever had, and what closes with it; nothing where there was none.

    Raises `NeedsMoreError` where an identifier that it had claimed was not loaded.
    """
    world = changes.world
    named = IdentifierKey(IdentifierKind.EMAIL, fact.email.strip().lower())
    row = changes.row(named)
    changes.note(world.erased, named)
    changes.put(world.erased_at, named, milliseconds(fact.at))
    if row is None:
        return frozenset(), ()
    lead = row.lead
    stays = changes.standing(lead).stays
    commands = (*_closed(lead, fact.actor, changes), *[ForgetEnrolment(stay.id, fact.at) for stay in stays])
    members = sorted(world.members.get(lead, set()))
    for key in members:
        _forget(key, fact, changes)
    changes.put(world.members, lead, set())
    changes.drop(world.standings, lead)
    changes.unnote(world.touched_standings, lead)
    return frozenset({lead, *map(lead_id, members)}), commands


def _forget(key: IdentifierKey, fact: LeadErased, changes: Changes) -> None:
    world = changes.world
    for claimed in world.identifiers[key].ownership.claimed:
        other = changes.row(claimed)
        if other is not None:
            changes.put_ownership(claimed, without_claimant(other.ownership, claim_by(key)))
    changes.drop(world.identifiers, key)
    changes.unnote(world.touched_identifiers, key)
    changes.note(world.erased, key)
    changes.put(world.erased_at, key, milliseconds(fact.at))


def _closed(lead: UUID, actor: str, changes: Changes) -> tuple[Command, ...]:
    """Open handoffs are withdrawn, without the brief; the triage item is closed."""
    world, standing = changes.world, changes.standing(lead)
    commands: list[Command] = []
    for handoff in sorted(world.handoffs.values(), key=lambda each: str(each.id)):
        if handoff.lead != lead:
            continue
        blank = replace(handoff, brief=_NOBODY)
        if handoffs.is_open(handoff):
            blank = handoffs.moved(blank, handoffs.Move.WITHDRAW)
            commands.append(SaveHandoff(blank, actor, "The person asked to be forgotten."))
        changes.put_handoff(blank)
        if blank.account:
            account = changes.account_if_loaded(blank.account)
            if account is not None and account.target_handoff == blank.id:
                changes.put_account(replace(account, target_handoff=None))
    item = world.triage.get(standing.triage) if standing.triage else None
    if item is not None:
        after = replace(opening.settled(item, "erased"), brief=_NOBODY)
        changes.put_triage(after)
        commands.append(SaveTriage(after, actor))
    return tuple(commands)
