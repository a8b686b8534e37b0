"""Holds an email click until it is clear whether a scanner opened the other links too, then judges it (E8)."""

from uuid import UUID

from schemas.event import Mark
from schemas.fact import replace
from schemas.feedback import TimerFired
from services.router.domain import clicks, reasons
from services.router.domain.changes import Changes, Effect
from services.router.domain.docket import Docket, decide, judged_marked, numbered
from services.router.domain.lead import HeldClick, IdentifierKey
from services.router.domain.moments import milliseconds
from services.router.domain.prepared import Prepared

_SCANNER = (Mark.SCANNER,)


def hold(docket: Docket, lead: UUID, key: IdentifierKey) -> Effect:
    """Keep the click and set its timer; one that completes or joins a burst is judged at once."""
    changes, playbook = docket.changes, docket.ready.playbook
    click = clicks.held(docket.event, key)
    changes.put_standing(lead, clicks.with_click(changes.standing(lead), click))
    burst = clicks.in_burst(changes.standing(lead).clicks, key)
    if click.event not in burst:
        docket.effect.commands.append(clicks.timer(click, lead, playbook))
        return docket.effect
    changes.put_standing(lead, clicks.with_click(changes.standing(lead), replace(click, judged=True)))
    recounted = clicks.taken_back(lead, burst, changes, playbook, milliseconds(docket.now))
    docket.effect.recounted.update(recounted)
    if recounted:
        docket.extra["taken_back"] = sorted(str(event) for event in recounted)
    return _scanned(docket, click, key)


def _scanned(docket: Docket, click: HeldClick, key: IdentifierKey) -> Effect:
    docket.notes.append(reasons.BURST)
    lead = docket.changes.lead(docket.changes.world.identifiers[key].lead)
    return judged_marked(docket, clicks.as_event(click, key, _SCANNER), lead, key)


def release(fact: TimerFired, changes: Changes, ready: Prepared, *, awaited: bool, full: bool) -> Effect:
    """The hold is over: judge the click by what is known now. Of one that was judged, or is gone, nothing comes."""
    standing = changes.standing(fact.subject)
    click = next((each for each in standing.clicks if each.event == fact.about and not each.judged), None)
    key = click.identifier if click is not None else None
    row = changes.row(key) if key is not None else None
    if click is None or key is None or row is None:
        return Effect()
    event = clicks.as_event(click, key)
    docket = Docket(event, changes, ready, fact.due_at, full, awaited)
    changes.put_standing(fact.subject, clicks.with_click(standing, replace(click, judged=True)))
    if click.event in changes.world.corrected:
        return numbered(docket, row.lead, reasons.CORRECTED_BEFORE)
    if click.event in clicks.in_burst(standing.clicks, key):
        return _scanned(docket, click, key)
    effect = decide(docket, changes.lead(row.lead))
    signals = tuple(signal for _, _, signal, _ in effect.settled[-1].counted if signal)
    after = clicks.with_click(changes.standing(row.lead), replace(click, judged=True, signals=signals))
    changes.put_standing(row.lead, after)
    return effect
