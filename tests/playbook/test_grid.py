"""P2: for everybody and every reason exactly one play is meant most; it is no fallback, and it is whole."""

from collections.abc import Iterator
from itertools import chain, combinations, product

from schemas.brief import Brief
from schemas.verdict import Rule
from services.router.adapters.playbook_check import hole_in, texts_of
from services.router.adapters.rendering import render
from services.router.domain.playbook import Play, Playbook
from services.router.domain.plays import LEADING, UNKNOWN, choose

WHOLE = ("objective", "when_to_call", "talk_track", "voicemail", "follow_up", "email_subject", "email_body", "attempts")
"""What P1 asks of every play, beside the window of its attempts."""
MORE = ("wedge", "content", "snippets", "tone", "questions", "email_first")
TRIGGERS = tuple(chain.from_iterable(combinations(Rule, size) for size in range(1, len(Rule) + 1)))
Cell = tuple[tuple[Rule, ...], str, str, str, bool]


def cells(playbook: Playbook) -> Iterator[Cell]:
    """Every set of reasons × persona or nobody known × stage × product or none × with and without a phone."""
    personas = ["", *(persona.name for persona in playbook.personas)]
    products = ["", *sorted(frozenset().union(*(play.products for play in playbook.plays))), "something else"]
    return product(TRIGGERS, personas, [stage.name for stage in playbook.stages], products, (True, False))


def meant_most(playbook: Playbook, cell: Cell) -> list[Play]:
    """The plays of the leading reason that are for these people, as far as none is meant for them more closely."""
    triggers, persona, stage, about, phone = cell
    for leading in (rule for rule in LEADING if rule in triggers):
        found = [
            play
            for play in playbook.plays
            if not play.fallback
            and leading in (play.triggers or {leading})
            and (persona or UNKNOWN) in (play.personas or {persona or UNKNOWN})
            and stage in (play.stages or {stage})
            and about in (play.products or {about})
            and play.phone in (None, phone)
        ]
        if found:
            most = max(map(closeness, found))
            return [play for play in found if closeness(play) == most]
    return []


def closeness(play: Play) -> tuple[int, ...]:
    """How many of the dimensions it names, and which: whom it is for weighs more than when."""
    named = (play.personas, play.stages, play.products, play.triggers, play.phone is not None)
    return sum(map(bool, named)), *map(bool, named)


def test_the_whole_grid_has_exactly_one_play_each(straw_man: Playbook) -> None:
    grid = list(cells(straw_man))
    alone = {cell: meant_most(straw_man, cell) for cell in grid}

    assert len(grid) == 15 * 8 * 4 * 3 * 2
    assert [cell for cell, plays in alone.items() if len(plays) != 1] == []
    assert [cell for cell, (play,) in alone.items() if choose(straw_man, *cell)[0] is not play] == []


def test_each_of_them_has_every_field_that_a_play_needs(straw_man: Playbook) -> None:
    holes = [
        (play.name, field)
        for play in straw_man.plays
        for field in (*WHOLE, *MORE, "attempt_window")
        if not getattr(play, field)
    ]

    assert holes == []


def test_each_of_them_is_whole_when_it_is_said_to_somebody_of_the_grid(straw_man: Playbook) -> None:
    rep = straw_man.reps[straw_man.last_resort]
    personas = {persona.name: persona for persona in straw_man.personas}
    stages = {stage.name: stage for stage in straw_man.stages}
    said = set()
    for cell in cells(straw_man):
        _, persona, stage, about, phone = cell
        play, _ = choose(straw_man, *cell)
        if (play.name, *cell[1:]) in said:
            continue
        said.add((play.name, *cell[1:]))
        known = personas.get(persona)
        brief = Brief(
            name="",
            email="" if phone else "ada@acme.example",
            phone="+12025550143" if phone else "",
            persona=known.label if known else "",
            stage=stages[stage].label,
            awareness=stages[stage].awareness,
            interest=about,
        )
        for everything in (frozenset[str](), frozenset(each.url for each in play.content)):
            text = render(play, brief, rep, read=everything)

            assert [(where, hole_in(each)) for where, each in texts_of(text) if hole_in(each)] == [], cell
            assert (text.email_first, text.attempts > 0, bool(text.attempt_window)) == (not phone, True, True)
