"""Joins where two leads stood with sales: at most one open handoff is left, and nothing that fired fires again.

A merge is numbered in the surviving lead's history; its receipt stores the last number of both (`merged`), so that a
replay knows from where each went on.
"""

from datetime import datetime
from uuid import UUID

from schemas.enrolment import EnrolmentStep
from schemas.fact import replace
from schemas.feedback import TimerKind
from schemas.handoff import HandoffState
from schemas.lead import LifecycleStage
from services.router.domain import deadlines, handoffs, nurturing, opening, returning
from services.router.domain.assignment import turned_back
from services.router.domain.changes import Changes
from services.router.domain.contact import remembered
from services.router.domain.decision import Command, SaveHandoff, SaveTriage, SetTimer
from services.router.domain.facts import LeadFacts
from services.router.domain.handoff import Handoff
from services.router.domain.identity import made_by
from services.router.domain.lead import HeldClick, Standing
from services.router.domain.moments import instant
from services.router.domain.nurturing import Cause
from services.router.domain.playbook import Playbook
from services.router.domain.stitching import Merge

_ROUTER = "router"
_STAGES = tuple(LifecycleStage)


def joined(merge: Merge, changes: Changes, playbook: Playbook, now: datetime, event: UUID) -> tuple[Command, ...]:
    """Fold the standing of the lead that is no more into the other's, at `now` (UTC), because of this event."""
    gone, kept = changes.standing(merge.gone), changes.standing(merge.into)
    if gone == Standing():
        return ()
    handoff, commands = _one_handoff(merge, changes, playbook, now)
    triage, more = _one_triage(merge, gone, kept, changes, settled=handoff is not None)
    track, stays = nurturing.together(kept, gone)
    timers = tuple(_hold_again(merge, click, playbook) for click in gone.clicks if not click.judged)
    standing = Standing(
        seq=max(gone.seq, kept.seq),
        lifecycle=max(gone.lifecycle, kept.lifecycle, key=_STAGES.index),
        armed=gone.armed and kept.armed,
        armed_from=max(gone.armed_from, kept.armed_from),
        handoff=handoff,
        triage=triage,
        owner=kept.owner or gone.owner,
        clicks=tuple(sorted({*gone.clicks, *kept.clicks}, key=lambda click: (click.occurred_at, click.event.bytes))),
        sql=gone.sql or kept.sql,
        nurture=track,
        disqualified=gone.disqualified or kept.disqualified,
        triage_from=max(gone.triage_from, kept.triage_from),
        joined=kept.joined or gone.joined,
        contacts=remembered((*gone.contacts, *kept.contacts)),
        stays=stays,
        returns=min((each for each in (gone.returns, kept.returns) if each), key=lambda each: each.at, default=None),
    )
    if standing.returns is not None and standing.returns != kept.returns:
        timers = (*timers, returning.wake(merge.into, standing.returns))
    cause = Cause(event, now, "Two leads turned out to be one person.", made_by(event, "verdict"))
    standing, leaves = _one_track(merge, standing, changes, playbook, cause)
    changes.put_standing(merge.into, standing)
    changes.put_standing(merge.gone, Standing())
    return (*commands, *more, *timers, *leaves)


def _one_track(
    merge: Merge, standing: Standing, changes: Changes, playbook: Playbook, cause: Cause
) -> tuple[Standing, tuple[Command, ...]]:
    """One person is in one track at most, and in none while sales works the lead."""
    lasting = [stay for stay in standing.stays if not stay.left]
    if not lasting or (len(lasting) == 1 and standing.handoff is None):
        return standing, ()
    facts = LeadFacts(None, changes.lead(merge.into), playbook, cause.at)
    once, doubles = nurturing.doubled(standing, facts, cause)
    if once.handoff is None:
        return once, doubles
    free, leaves = nurturing.left(once, facts, cause, EnrolmentStep.GRADUATED)
    return free, (*doubles, *leaves)


def _one_handoff(
    merge: Merge, changes: Changes, playbook: Playbook, now: datetime
) -> tuple[UUID | None, tuple[Command, ...]]:
    """The accepted one stays, else the earlier; the other is merged and its rep gets the turn back (R5)."""
    gone, kept = changes.standing(merge.gone), changes.standing(merge.into)
    found = [
        changes.world.handoffs[each]
        for each in (gone.handoff, kept.handoff)
        if each is not None and each in changes.world.handoffs
    ]
    if not found:
        return kept.handoff or gone.handoff, ()
    first, *others = sorted(found, key=_precedence)
    stays = first
    commands: list[Command] = []
    for other in others:
        commands.extend(_merged(other, stays, changes))
        stays = handoffs.changed(
            stays,
            rules=opening.in_order((*stays.rules, *other.rules)),
            priority=min(stays.priority, other.priority),
            received_at=min(stays.received_at, other.received_at),
            trigger=stays.trigger or other.trigger,
        )
    stays, timers = deadlines.sooner(first, stays, playbook, now)
    commands.extend(timers)
    if others or stays.lead != merge.into:
        stays = replace(stays, lead=merge.into)
        tell = "Two leads turned out to be one person: this play is for both." if others else ""
        save = SaveHandoff(stays if others else handoffs.changed(stays), _ROUTER, tell)
        changes.put_handoff(save.handoff)
        commands.append(save)
    return stays.id, tuple(commands)


def _precedence(handoff: Handoff) -> tuple[bool, datetime, str]:
    accepted = handoff.state in (HandoffState.ACCEPTED, HandoffState.WORKING)
    return not accepted, handoff.received_at, str(handoff.id)


def _merged(other: Handoff, stays: Handoff, changes: Changes) -> tuple[Command, ...]:
    after, turn = turned_back(handoffs.moved(other, handoffs.Move.MERGE, lead=stays.lead))
    changes.put_handoff(after)
    _free_account(other, stays, changes)
    save = SaveHandoff(after, _ROUTER, "This lead is the same person as another one: that play goes on, this one ends.")
    return (save, *turn)


def _free_account(other: Handoff, stays: Handoff, changes: Changes) -> None:
    """The account's one handoff by rule 4 is the one that stays."""
    if other.account:
        account = changes.account_if_loaded(other.account)
        if account is not None and account.target_handoff == other.id:
            changes.put_account(replace(account, target_handoff=stays.id))


def _one_triage(
    merge: Merge, gone: Standing, kept: Standing, changes: Changes, *, settled: bool
) -> tuple[UUID | None, tuple[Command, ...]]:
    """The earlier item stays; with a handoff open nobody needs to decide any more."""
    items = [
        changes.world.triage[each]
        for each in (gone.triage, kept.triage)
        if each is not None and each in changes.world.triage
    ]
    if not items:
        return kept.triage or gone.triage, ()
    items.sort(key=lambda item: (item.opened_at, str(item.id)))
    closed = items if settled else items[1:]
    commands: list[Command] = []
    if not settled and items[0].lead != merge.into:
        stays = replace(items[0], version=items[0].version + 1, lead=merge.into)
        changes.put_triage(stays)
        commands.append(SaveTriage(stays, _ROUTER))
    for item in closed:
        after = opening.settled(item, "merged")
        changes.put_triage(after)
        commands.append(SaveTriage(after, _ROUTER))
    return None if settled else items[0].id, tuple(commands)


def _hold_again(merge: Merge, click: HeldClick, playbook: Playbook) -> SetTimer:
    """The held click's timer named the lead that is no more."""
    due = instant(click.received_at) + playbook.click_hold
    return SetTimer(TimerKind.HOLD_ELAPSED, merge.into, due, click.event)
