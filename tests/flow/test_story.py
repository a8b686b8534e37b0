"""The whole ring, from a signed webhook to a rep's card: the story's verdicts, and what one changed field changes."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from playcaller.story.script import Post, Scene, Telling, scenes
from runtime.log import Message
from schemas.fact import encode
from schemas.feedback import HandoffAccepted
from schemas.handoff import HandoffState
from schemas.play import CardKind, DeliverPlay
from schemas.topics import FEEDBACK
from services.router.narration import Narration
from tests.flow.conftest import PATIENCE, Stage

VERDICTS = {
    "ada@lumenworks.example": [("triage", ()), ("pass", ("score_threshold",)), ("update", ())],
    "colin@brightwell.example": [("nurture", ())],
    "ines@castor-elevators.example": [("pass", ("sql_criteria", "score_threshold"))],
    "noor@halyard-lifts.example": [("pass", ("consultation", "score_threshold"))],
    "tomas@ferrovia.example": [("pass", ("score_threshold",))],
    "casey@rivalsoft.example": [("triage", ("consultation", "score_threshold"))],
}


def the_story() -> dict[str, Scene]:
    return {scene.name: scene for scene in scenes(Telling(datetime.now(UTC), 1))}


def verdicts(judged: list[Narration], who: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.outcome, one.fired) for one in judged if one.who == who]


async def test_the_story_ends_as_the_playbook_says(stage: Stage) -> None:
    told = await stage.tell(*the_story().values())
    judged = stage.audience.judged
    clicks = [one.outcome for one in judged if one.what.startswith("email_clicked")]
    anonymous = [(one.outcome, one.fired) for one in judged if one.who == "an anonymous visitor"]

    assert (told.refused, told.settled) == (0, True)
    assert {who: verdicts(judged, who) for who in VERDICTS} == VERDICTS
    assert clicks == ["ignore"] * 5
    assert ("pass", ("target_responds",)) in anonymous
    assert ("nurture", ()) in anonymous
    assert {rule for one in judged if one.outcome == "pass" for rule in one.fired} == {
        "consultation",
        "sql_criteria",
        "score_threshold",
        "target_responds",
    }
    assert {one.outcome for one in judged} == {"pass", "triage", "nurture", "update", "ignore"}
    assert all(one.reasons for one in judged)


async def test_every_pass_brings_one_complete_card_to_one_rep(stage: Stage) -> None:
    await stage.tell(*(scene for scene in the_story().values() if not scene.aside))
    passed = {one.handoff for one in stage.audience.judged if one.outcome == "pass"}
    offers = [card for card in stage.audience.cards if card.kind is CardKind.OFFER]

    assert sorted(card.handoff for card in offers) == sorted(passed)
    assert all(len(card.recipients) == 1 and card.accept_by and card.play for card in offers)
    assert all(card.play.talk_track and card.play.voicemail and card.play.email_body for card in offers)


def a_post(scene: str, change: Callable[[Any], None] = lambda payload: None) -> Post:
    (post,) = the_story()[scene].posts
    change(post.payload)
    return post


def titled(title: str) -> Callable[[Any], None]:
    def change(payload: Any) -> None:
        (answer,) = [one for one in payload["form_response"]["answers"] if one["field"]["ref"] == "job_title"]
        answer["text"] = title

    return change


def with_budget(answer: str) -> Callable[[Any], None]:
    def change(payload: Any) -> None:
        stated = payload["properties"]["budget_approved"]
        stated["value"] = stated["versions"][0]["value"] = answer

    return change


def from_domain(domain: str) -> Callable[[Any], None]:
    def change(payload: Any) -> None:
        payload["email"] = f"casey@{domain}"

    return change


async def test_the_title_decides(stage: Stage) -> None:
    (leader,) = await stage.judged(a_post("survey"))
    (assistant,) = await stage.judged(_another_person(a_post("survey", titled("Assistant to the Vice President"))))

    assert (leader.outcome, leader.fired) == ("pass", ("score_threshold",))
    assert (assistant.outcome, assistant.fired) == ("nurture", ())


async def test_the_title_chooses_the_play(stage: Stage) -> None:
    (leader,) = await stage.judged(a_post("survey"))
    (chief,) = await stage.judged(_another_person(a_post("survey", titled("Chief Operating Officer"))))

    assert (leader.outcome, chief.outcome) == ("pass", "pass")
    assert stage.card_of(leader).play != stage.card_of(chief).play


@pytest.mark.parametrize(
    ("answer", "fired"),
    [("yes", ("sql_criteria", "score_threshold")), ("no", ("score_threshold",))],
)
async def test_the_answer_about_budget_decides_who_is_an_sql(stage: Stage, answer: str, fired: tuple[str, ...]) -> None:
    (verdict,) = await stage.judged(a_post("quote", with_budget(answer)))

    assert (verdict.outcome, verdict.fired) == ("pass", fired)


@pytest.mark.parametrize(
    ("domain", "outcome", "assignee"),
    [("rivalsoft.example", "triage", ""), ("lumenworks.example", "pass", None), ("acme.example", "pass", "elena")],
)
async def test_the_emails_domain_decides(stage: Stage, domain: str, outcome: str, assignee: str | None) -> None:
    (verdict,) = await stage.judged(a_post("competitor", from_domain(domain)))
    card = stage.card_of(verdict)

    assert verdict.outcome == outcome
    if assignee is not None:
        assert card.assignee == assignee


async def test_a_redelivery_is_harmless(stage: Stage) -> None:
    booking = a_post("booking")
    (first,) = await stage.judged(booking)
    await stage.send(booking)
    (other,) = await stage.judged(a_post("quote"))

    assert first.fired[0] == "consultation"
    assert other.who == "ines@castor-elevators.example"
    assert [card.kind for card in stage.audience.cards if card.handoff == first.handoff] == [CardKind.OFFER]


async def test_what_a_rep_does_shows_up_in_the_terminal_and_on_the_card(stage: Stage) -> None:
    (verdict,) = await stage.judged(a_post("booking"))
    card = stage.card_of(verdict)
    accepted = HandoffAccepted(id=uuid4(), handoff=card.handoff, actor=card.assignee, at=datetime.now(UTC), via="inbox")

    await stage.ring.log.append(FEEDBACK.name, [Message(card.handoff.bytes, encode(accepted))])
    told = await stage.audience.until(lambda: "accepted Noor Haddad" in stage.screen.getvalue(), seconds=PATIENCE)
    shown = await stage.audience.until(lambda: _newest(stage, card).state is HandoffState.ACCEPTED, seconds=PATIENCE)

    assert (told, shown) == (True, True)
    assert f"{card.recipients[0].name} accepted Noor Haddad" in stage.screen.getvalue()


def _newest(stage: Stage, card: DeliverPlay) -> DeliverPlay:
    return max((one for one in stage.audience.cards if one.handoff == card.handoff), key=lambda one: one.version)


def _another_person(post: Post) -> Post:
    """The same answers, from a colleague, as a submission of its own."""
    text = json.dumps(post.payload).replace("ada@lumenworks", "bea@lumenworks")
    payload = json.loads(text)
    payload["form_response"]["token"] += "-2"
    return Post(post.source, post.door, payload)
