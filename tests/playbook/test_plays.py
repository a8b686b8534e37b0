"""Choosing a play: the leading trigger, then the most specific; never none."""

import os
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.verdict import Rule
from services.router.domain.playbook import Play, Playbook
from services.router.domain.plays import NoFallbackError, choose

EXAMPLES = 2000 if os.environ.get("PLAYCALLER_TEST_PROFILE") == "soak" else 60
CONSULTATION, SQL, SCORE, TARGET = Rule.CONSULTATION, Rule.SQL_CRITERIA, Rule.SCORE_THRESHOLD, Rule.TARGET_RESPONDS


def a_play(name: str, **audience: object) -> Play:
    return replace(Play(name, name.title()), **audience)  # type: ignore[arg-type]  # the fields are the play's own


FALLBACK = a_play("fallback", fallback=True)


def names(playbook: Playbook, plays: list[Play], *triggers: Rule, persona: str = "", phone: bool = True) -> str:
    with_these = replace(playbook, plays=(*plays, FALLBACK))
    return choose(with_these, triggers, persona, "evaluation", "", phone)[0].name


def test_the_play_that_names_more_wins(straw_man: Playbook) -> None:
    broad = a_play("broad", triggers=frozenset({SCORE}))
    narrow = a_play("narrow", triggers=frozenset({SCORE}), personas=frozenset({"vice_president"}))

    actual = [names(straw_man, [broad, narrow], SCORE, persona=who) for who in ("vice_president", "outsider")]

    assert actual == ["narrow", "broad"]


def test_who_asks_to_talk_gets_a_talk_whatever_else_fired(straw_man: Playbook) -> None:
    talk = a_play("talk", triggers=frozenset({CONSULTATION}))
    narrow = a_play(
        "narrow", triggers=frozenset({SCORE, TARGET}), personas=frozenset({"x"}), stages=frozenset({"evaluation"})
    )

    actual = names(straw_man, [narrow, talk], SCORE, TARGET, CONSULTATION, persona="x")

    assert actual == "talk"


def test_the_next_trigger_answers_where_the_leading_one_has_no_play(straw_man: Playbook) -> None:
    ready = a_play("ready", triggers=frozenset({SQL}))

    actual = names(straw_man, [ready], TARGET, SQL)

    assert actual == "ready"


def test_on_a_tie_the_persona_weighs_more_than_the_stage(straw_man: Playbook) -> None:
    by_stage = a_play("a_stage", stages=frozenset({"evaluation"}))
    by_persona = a_play("b_persona", personas=frozenset({"x"}))

    actual = names(straw_man, [by_stage, by_persona], SCORE, persona="x")

    assert actual == "b_persona"


def test_a_play_can_be_for_those_without_a_phone_and_for_those_nobody_knows(straw_man: Playbook) -> None:
    quiet = a_play("quiet", personas=frozenset({"unknown"}), phone=False)

    actual = [names(straw_man, [quiet], SCORE, phone=phone, persona=who) for phone, who in [(False, ""), (True, "")]]

    assert actual == ["quiet", "fallback"]
    assert names(straw_man, [quiet], SCORE, phone=False, persona="outsider") == "fallback"


def test_a_playbook_without_a_fallback_says_what_to_write(straw_man: Playbook) -> None:
    with pytest.raises(NoFallbackError, match="fallback: yes"):
        choose(replace(straw_man, plays=()), [SCORE], "", "", "", has_phone=True)


AUDIENCES = st.fixed_dictionaries(
    {
        "triggers": st.frozensets(st.sampled_from(list(Rule))),
        "personas": st.frozensets(st.sampled_from(["a", "b", "unknown"])),
        "stages": st.frozensets(st.sampled_from(["s", "t"])),
        "products": st.frozensets(st.sampled_from(["p"])),
        "phone": st.sampled_from([None, True, False]),
    },
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.lists(AUDIENCES, max_size=6),
    st.lists(st.sampled_from(list(Rule)), min_size=1),
    st.sampled_from(["", "a", "b", "c"]),
    st.sampled_from(["s", "t", "u"]),
    st.sampled_from(["", "P"]),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_some_play_is_always_chosen_it_fits_and_the_order_of_files_does_not_matter(  # noqa: PLR0917  (the five dimensions of the grid)
    straw_man: Playbook,
    audiences: list[dict[str, object]],
    triggers: list[Rule],
    persona: str,
    stage: str,
    product: str,
    has_phone: bool,
    chance: "st.random.Random",
) -> None:
    plays = [a_play(f"p{at}", **audience) for at, audience in enumerate(audiences)] + [FALLBACK]
    shuffled = list(plays)
    chance.shuffle(shuffled)

    found, why = choose(replace(straw_man, plays=tuple(plays)), triggers, persona, stage, product, has_phone)
    again, _ = choose(replace(straw_man, plays=tuple(shuffled)), triggers[::-1], persona, stage, product, has_phone)

    assert (found.name, bool(why)) == (again.name, True)
    if not found.fallback:
        assert not found.triggers or found.triggers & set(triggers)
        assert not found.personas or (persona or "unknown") in found.personas
        assert not found.stages or stage in found.stages
        assert not found.products or product.casefold() in found.products
        assert found.phone in {None, has_phone}
