"""Brings a decision into the world: the lead's rows, its handoffs and items, and what its account remembers."""

from schemas.fact import replace
from schemas.handoff import HandoffState
from schemas.verdict import Rule
from services.router.domain import handoffs
from services.router.domain.changes import Changes
from services.router.domain.contact import remembered
from services.router.domain.decision import Decision, SaveHandoff, SaveTriage
from services.router.domain.handoff import Handoff
from services.router.domain.world import AccountRow, IdentifierRow

_TAKEN = frozenset({HandoffState.ACCEPTED, HandoffState.WORKING})


def apply(decision: Decision, changes: Changes) -> None:
    """Write what the decision changes. Raises `NeedsMoreError` where its account was not loaded."""
    lead, rows = decision.lead, changes.world.identifiers
    for key, dossier in lead.dossiers.items():
        row = rows[key]
        if row.dossier is not dossier:
            changes.put_row(IdentifierRow(key, row.lead, dossier, row.ownership))
    changes.put_standing(lead.id, lead.standing)
    for command in decision.commands:
        match command:
            case SaveHandoff(handoff=handoff):
                changes.put_handoff(handoff)
                _remember(handoff, changes)
            case SaveTriage(item=item):
                changes.put_triage(item)


def _remember(handoff: Handoff, changes: Changes) -> None:
    """The account knows its one open handoff by rule 4, and who last worked one of its leads."""
    account = changes.account_if_loaded(handoff.account) if handoff.account else None
    if account is None:
        return
    if handoff.state in _TAKEN and handoff.assignee:
        account = replace(account, owner=handoff.assignee)
    if handoff.contacted:
        account = replace(account, contacts=remembered(account.contacts, handoff.contacted))
    if Rule.TARGET_RESPONDS in handoff.rules:
        account = _linked(account, handoff, changes)
    changes.put_account(account)


def _linked(account: AccountRow, handoff: Handoff, changes: Changes) -> AccountRow:
    if not handoffs.is_open(handoff):
        return replace(account, target_handoff=None) if account.target_handoff == handoff.id else account
    held = changes.world.handoffs.get(account.target_handoff) if account.target_handoff else None
    return account if held is not None and handoffs.is_open(held) else replace(account, target_handoff=handoff.id)
