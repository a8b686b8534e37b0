"""The page `scoring.yaml` as values: points become thousandths, groups and matrix are checked, origin earns nothing."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from schemas.event import EventType
from schemas.lead import Priority
from services.router.adapters.playbook_book import Book, Sheet
from services.router.adapters.playbook_models import PriorityPage, ScoringPage, SignalPage
from services.router.domain.playbook import Characteristic, Scoring, Signal
from services.router.domain.vocabulary import Place, Vocabulary

_ROWS = {"fit_4": 4, "fit_3": 3, "fit_2": 2, "fit_1": 1}
_WEIGHTS = {"higher": 1, "lower": -1}
_NO_ACTS = frozenset({EventType.RETRACTED, EventType.UNKNOWN, EventType.EMAIL_DELIVERED, EventType.PROFILE_STATED})


def thousandths(points: Decimal) -> int:
    """Points as integers in thousandths of a point, so that sums are exact in any order."""
    return int(points * 1000)


def scoring_of(book: Book, sheet: Sheet[ScoringPage], vocabulary: Vocabulary) -> Scoring:
    """The scoring; faults are noted on its page."""
    page, model = sheet.page, sheet.model
    signals = tuple(_signal(book, sheet, name, each, vocabulary) for name, each in model.signals.items())
    characteristics = tuple(
        Characteristic(
            name,
            each.label,
            book.condition(page, ("characteristics", name, "when"), vocabulary, Place.CHARACTERISTIC),
            thousandths(each.points),
        )
        for name, each in model.characteristics.items()
    )
    for name in model.characteristics.keys() & model.signals.keys():
        page.fault(("characteristics", name), f"“{name}” is a signal as well: give one of them another name")
    if model.scoring and model.priority is None:
        page.fault((), "“priority” is missing: while anything is scored, points make a priority from A to D")
    return Scoring(
        on=model.scoring,
        signals=signals,
        characteristics=characteristics,
        group_caps={name: _positive(sheet, ("groups", name), "a cap", cap) for name, cap in model.groups.items()},
        threshold=_positive(sheet, ("threshold",), "a threshold", model.threshold),
        target_thresholds={
            tier: _positive(sheet, ("target_thresholds", tier), "a threshold", points)
            for tier, points in model.target_thresholds.items()
        },
        horizon_days=model.horizon_days,
        cool_down=model.cool_down,
        **_priority(sheet, model.priority),
    )


def _priority(sheet: Sheet[ScoringPage], model: PriorityPage | None) -> dict[str, Any]:
    """What makes a priority, by the scoring's own names; nothing where nothing is scored and nothing was said."""
    if model is None:
        return {}
    return {
        "fit_bands": _bands(sheet, "fit_bands", model.fit_bands),
        "engagement_bands": _bands(sheet, "engagement_bands", model.engagement_bands),
        "matrix": _matrix(sheet, model),
        "products": _products(sheet, model),
    }


def _products(sheet: Sheet[ScoringPage], model: PriorityPage) -> Mapping[str, int]:
    """product (folded, as what leads say is) → letters up."""
    found: dict[str, int] = {}
    for name, weight in model.products.items():
        folded = " ".join(name.casefold().split())
        if folded in found:
            sheet.page.fault(("priority", "products", name), f"“{folded}” stands here twice: keep one")
        found[folded] = _WEIGHTS[weight]
    return found


def _positive(sheet: Sheet[ScoringPage], where: tuple[str, ...], what: str, points: Decimal) -> int:
    if points <= 0:
        sheet.page.fault(where, f"{what} is more than 0 points")
    return thousandths(points)


def _signal(book: Book, sheet: Sheet[ScoringPage], name: str, model: SignalPage, vocabulary: Vocabulary) -> Signal:
    where = ("signals", name)
    when = book.condition(sheet.page, (*where, "when"), vocabulary, Place.SIGNAL)
    if model.half_life_days is not None and model.window_days is not None:
        sheet.page.fault((*where, "window_days"), "a signal fades by half-life or counts within a window, never both")
    if model.window_days is not None and model.window_days > sheet.model.horizon_days:
        sheet.page.fault((*where, "window_days"), f"counts are kept for {sheet.model.horizon_days} days only")
    if model.group is not None:
        book.known(sheet.page, (*where, "group"), "group", model.group, sheet.model.groups)
    if model.cap is not None and model.cap <= 0:
        sheet.page.fault((*where, "cap"), "a cap is more than 0: it bounds gains and losses alike")
    if when.event_types is None:
        said = "name the `event.type` this signal is about: without it every page view would be looked at"
        sheet.page.fault((*where, "when"), said)
    elif EventType.LEAD_BROUGHT in when.event_types:
        said = "the origin of a lead never earns points: that sales brought it says nothing about what they did"
        sheet.page.fault((*where, "when"), said)
    elif wrong := sorted(when.event_types & _NO_ACTS):
        sheet.page.fault((*where, "when"), f"“{wrong[0]}” is no act of the lead: it cannot earn points")
    return Signal(
        name=name,
        label=model.label,
        when=when,
        points=thousandths(model.points),
        repeat=model.repeat,
        half_life_days=model.half_life_days,
        window_days=model.window_days,
        cap=None if model.cap is None else thousandths(model.cap),
        group=model.group or "",
    )


def _bands(sheet: Sheet[ScoringPage], name: str, points: list[Decimal]) -> tuple[int, int, int]:
    if not points[0] < points[1] < points[2]:
        sheet.page.fault(("priority", name), "bands begin at rising points, such as [20, 60, 100]")
    first, second, third = map(thousandths, points)
    return first, second, third


def _matrix(sheet: Sheet[ScoringPage], model: PriorityPage) -> Mapping[tuple[int, int], Priority]:
    rows = model.matrix
    for missing in _ROWS.keys() - rows.keys():
        sheet.page.fault(("priority", "matrix"), f"the row “{missing}” is missing: four priorities, engagement 1 to 4")
    return {(_ROWS[row], at): priority for row, line in rows.items() for at, priority in enumerate(line, start=1)}
