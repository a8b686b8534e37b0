"""The card of a handoff or a triage item as a command to the notifier, complete in itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from schemas.feedback import TriageChoice
from schemas.handoff import HandoffChanged, HandoffState
from schemas.play import ActionKind, CardKind, DeliverPlay, PlayText, Recipient
from services.router.domain.deadlines import answerable
from services.router.domain.handoff import Handoff, TriageItem
from services.router.domain.playbook import Playbook, SuppressionKind
from services.router.naming import card_id, change_id

_TAKEN = (ActionKind.ATTEMPT, ActionKind.OUTCOME, ActionKind.SNOOZE, ActionKind.REJECT, ActionKind.RATE)
_ACTIONS: dict[HandoffState, tuple[ActionKind, ...]] = {
    HandoffState.OFFERED: (ActionKind.ACCEPT, ActionKind.REJECT, ActionKind.SNOOZE),
    HandoffState.ACCEPTED: _TAKEN,
    HandoffState.WORKING: _TAKEN,
    HandoffState.QUALIFIED: (ActionKind.OUTCOME, ActionKind.RATE),
    HandoffState.CONVERTED: (ActionKind.RATE,),
}
_TRIAGED: dict[str, HandoffState] = {
    TriageChoice.PASS.value: HandoffState.QUALIFIED,
    TriageChoice.NURTURE.value: HandoffState.RECYCLED,
    TriageChoice.DISQUALIFY.value: HandoffState.DISQUALIFIED,
}
_ASKED: dict[str, str] = {
    "unknown": "Interested, but we do not know enough to pass this on: ask what is open.",
    "flood": "Far more than usual came in the same way: real interest, or somebody playing?",
    SuppressionKind.DO_NOT_CONTACT.value: "On the do-not-contact list, and still they wrote to us.",
    SuppressionKind.EMPLOYEE.value: "One of us: probably a test.",
    SuppressionKind.COMPETITOR.value: "A competitor asked for us: a person decides what they hear.",
    SuppressionKind.TEST.value: "A test address: probably nobody is waiting.",
    SuppressionKind.SPAM.value: "It looks like spam, yet it asks for us: is there a person behind it?",
}
"""Why a person is asked, by the item's reason."""


@dataclass(frozen=True, slots=True)
class Showing:
    """Why a card is shown, which one of its kind it is, to whom, and the sentence about what is new."""

    kind: CardKind
    sequence: int
    persons: tuple[str, ...]
    notice: str = ""


def handoff_card(
    handoff: Handoff, text: PlayText | None, showing: Showing, playbook: Playbook, at: datetime
) -> DeliverPlay | None:
    """The handoff's card for these persons; None where the playbook knows none of them any more."""
    recipients = recipients_of(showing.persons, playbook)
    if not recipients:
        return None
    deadline = handoff.accept_by if handoff.state is HandoffState.OFFERED else handoff.attempt_by
    rep = playbook.reps.get(handoff.assignee) or playbook.reps[recipients[0].person]
    shown = tuple(one.person for one in recipients)
    return DeliverPlay(
        id=card_id(handoff.id, showing.kind, showing.sequence, shown),
        handoff=handoff.id,
        version=handoff.version,
        kind=showing.kind,
        sequence=showing.sequence,
        state=handoff.state,
        priority=handoff.priority,
        at=at,
        recipients=recipients,
        actors=tuple(dict.fromkeys(one for one in (handoff.assignee, answerable(handoff, playbook)) if one)),
        actions=_ACTIONS.get(handoff.state, ()),
        brief=handoff.brief,
        play=text,
        questions=text.questions if text else (),
        assignee=handoff.assignee,
        team=handoff.team,
        accept_by=handoff.accept_by,
        not_before=handoff.not_before if handoff.not_before and handoff.not_before > at else None,
        waits_for=handoff.waits_for,
        expires_at=deadline if deadline and deadline > at and showing.kind is not CardKind.UPDATE else None,
        time_zone=rep.hours.zone.key,
        notice=showing.notice,
        playbook=handoff.playbook,
    )


def triage_card(
    item: TriageItem, playbook: Playbook, at: datetime, tell: str = "", *, again: bool = False
) -> DeliverPlay | None:
    """The triage item's card for the triage team: once as itself, afterwards as its update, or `again` as a reminder.

    Once it is overdue, the person of last resort sees it as well.
    """
    team = playbook.teams.get(item.team) or playbook.teams.get(playbook.triage_team)
    last = (playbook.last_resort,) if item.overdue or team is None else ()
    persons = tuple(dict.fromkeys((*(team.reps if team else ()), *((team.manager,) if team else ()), *last)))
    recipients = recipients_of(persons, playbook) or recipients_of((playbook.last_resort,), playbook)
    if not recipients:
        return None
    afterwards = CardKind.REMINDER if again else CardKind.UPDATE
    kind = CardKind.TRIAGE if item.version <= 1 else afterwards
    return DeliverPlay(
        id=card_id(item.id, kind, item.version, persons),
        handoff=item.id,
        version=item.version,
        kind=kind,
        sequence=item.version,
        state=HandoffState.QUEUED if item.open else _TRIAGED.get(item.choice, HandoffState.WITHDRAWN),
        priority=item.priority,
        at=at,
        recipients=recipients,
        actors=tuple(one.person for one in recipients),
        actions=(ActionKind.TRIAGE,) if item.open else (),
        brief=item.brief,
        questions=item.questions,
        team=item.team,
        accept_by=item.due_at if item.open else None,
        time_zone=team.hours.zone.key if team else "UTC",
        notice=tell or _ASKED.get(item.why, item.why),
    )


def recipients_of(persons: Iterable[str], playbook: Playbook) -> tuple[Recipient, ...]:
    """These persons with where they are reached, as the playbook says now; who has left it is left out."""
    reps = (playbook.reps.get(person) for person in dict.fromkeys(persons))
    return tuple(Recipient(person=rep.id, name=rep.name, addresses=rep.addresses) for rep in reps if rep)


def change(handoff: Handoff, actor: str, at: datetime, reason: str) -> HandoffChanged:
    """The fact that this handoff came into this state, for CRMs and warehouses."""
    return HandoffChanged(
        id=change_id(handoff.id, handoff.version),
        handoff=handoff.id,
        version=handoff.version,
        state=handoff.state,
        lead=handoff.lead,
        at=at,
        actor=actor,
        rules=handoff.rules,
        priority=handoff.priority,
        play=handoff.play,
        team=handoff.team,
        assignee=handoff.assignee,
        accept_by=handoff.accept_by,
        reason=reason,
    )
