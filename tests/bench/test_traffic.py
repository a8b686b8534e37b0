"""What the benchmarks are fed with: the mix, and how much of it a salesperson ever hears of."""

from collections import Counter
from pathlib import Path

from schemas.event import Event, EventType, IdentifierKind
from services.router.adapters.playbook_files import load
from services.router.domain.decision import SaveHandoff, SaveTriage
from services.router.domain.folding import fold
from services.router.domain.playbook import Playbook
from services.router.domain.world import Folded, World
from tests.bench.traffic import Traffic
from tests.router.office import Everything

PLAYBOOK = Path(__file__).parents[2] / "playbook"


def the_kind(event: Event) -> str:
    if event.type is EventType.FORM_SUBMITTED:
        return "form"
    return "anonymous" if event.identifiers[0].kind is IdentifierKind.COOKIE else "known"


def folded(events: list[Event], world: World, playbook: Playbook) -> Folded:
    found = fold(events, world, playbook)

    assert found.poison == []
    return found


def test_nine_in_ten_are_strangers_and_one_in_fifty_is_a_form() -> None:
    shares = Counter(map(the_kind, Traffic(3).events(10_000)))

    assert 8_900 <= shares["anonymous"] <= 9_100
    assert 700 <= shares["known"] <= 900
    assert 150 <= shares["form"] <= 250


def test_about_as_much_is_told_as_the_limits_rows_tell() -> None:
    traffic, playbook = Traffic(3), load(PLAYBOOK)
    world = World(asked=Everything(), asked_accounts=Everything())
    folded(list(traffic.acquaintances()), world, playbook)
    counted = Counter(type(command) for command in folded(list(traffic.events(10_000)), world, playbook).commands)
    rows = 3 * counted[SaveHandoff] + counted[SaveTriage]  # opened, offered, and the card; of an item its card alone

    assert 100 <= rows <= 400
