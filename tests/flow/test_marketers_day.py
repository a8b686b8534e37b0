"""A marketer's day in the terminal: break a rule, mend it, add a play, try it on the past, sign it, see it played."""

import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from playcaller.generated import source_secrets
from playcaller.story.posting import request
from playcaller.story.script import Telling, scenes
from services.ingest.reading import sources
from tests.flow.pseudo_terminal import WIDE, Running, flat

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "add-a-rule-or-play.md").read_text("utf-8")
(*_, PLAY) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
FOR = re.compile(r"^for:\n(?:  .*\n)+", re.MULTILINE)
NEW = "for:\n  triggers: sql_criteria\n  personas: [department_head, team_lead]\n"
"""The how-to page's play, for heads of departments who meet the checklist."""
WHY = "Field service needs its own words"
SIGNED = ("--reason", WHY, "--marketing", "Dana Reyes", "--sales", "Tom Lindqvist")
RING = {"PLAYCALLER_PLAYBOOK": "published", "PLAYCALLER_INGEST_PORT": "0", "PLAYCALLER_NOTIFIER_PORT": "0"}


class Desk:
    """Where she works: a folder with her draft, the store of what was signed, and the ring's data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.screens: list[str] = []
        shutil.copytree(ROOT / "playbook", folder / "draft")

    def types(self, *words: str) -> tuple[int, str]:
        """A command, and what stands in the terminal when it is done."""
        running = self.starts(*words)
        try:
            code = running.finished()
            self.screens.append(running.read)
            return code, running.read
        finally:
            running.close()

    def starts(self, *words: str) -> Running:
        arguments = [sys.executable, "-m", "playcaller", *words]
        return Running(arguments, self.folder, {"PYTHONPATH": str(ROOT), "PLAYCALLER_DATA": "ring", **RING})

    def writes(self, page: str, old: str, new: str) -> int:
        """Edit a page of the draft; the line on which it was done."""
        path = self.folder / "draft" / page
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"{page}: {text.count(old)} times {old!r}"

        path.write_text(text.replace(old, new), "utf-8")
        return text[: text.index(old)].count("\n") + 1

    @contextmanager
    def a_ring(self) -> Iterator[Running]:
        """The whole ring in another terminal, which goes on while she works."""
        running = self.starts("up", "--story", "first")
        try:
            yield running
        finally:
            self.screens.append(running.read)
            running.close()

    def a_webhook_comes(self, door: str, scene: str) -> None:
        """What a vendor sends, signed as the vendor signs, about somebody new."""
        secrets = source_secrets(self.folder / "ring", sources(), {})
        told = scenes(Telling(datetime.now(UTC), 2))
        for post in next(one for one in told if one.name == scene).posts:
            with httpx.Client(trust_env=False) as client:
                answer = client.send(request(door, post, secrets[post.source]))
            assert answer.is_success, answer.text


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.whole
def test_a_day_from_the_first_mistake_to_the_next_lead(desk: Desk) -> None:
    code, screen = desk.types("playbook", "publish", "draft", *SIGNED[:1], "the straw man, unedited", *SIGNED[2:])
    assert code == 0, screen
    first = version_in(screen, "is in force")
    with desk.a_ring() as ring:
        door = door_of(ring.until("Open the rep's inbox"))
        old = play_of(ring.read, "Ines Carvalho")
        mended = a_misspelled_word_is_found_and_mended(desk)
        a_play_is_added_and_covers_more(desk, mended)
        its_past_is_shown(desk, old)
        nothing_is_published_without_both(desk, ring)
        second = signed_it_is_in_force(desk, ring)
        desk.a_webhook_comes(door, "quote")
        told = ring.until(f"playbook version {second}")
    code, history = desk.types("playbook", "history")

    assert play_of(told, "ines2@castor-elevators.example") == "field_service"
    assert [line for line in "\n".join(desk.screens).splitlines() if len(line) > WIDE] == []
    assert code == 0
    assert flat(history).index(first) < flat(history).index(second)


def a_misspelled_word_is_found_and_mended(desk: Desk) -> str:
    """Where it is, what was meant, and that nothing is lost meanwhile; the coverage map once it is mended."""
    line = desk.writes("rules/consultation.yaml", "    - event.type: meeting_booked", "    - event.type: meting_booked")
    code, screen = desk.types("playbook", "check", "draft")
    desk.writes("rules/consultation.yaml", "meting_booked", "meeting_booked")
    mended, well = desk.types("playbook", "check", "draft")

    assert code == 1
    assert f"draft/rules/consultation.yaml:{line}:" in screen
    assert "did you mean “meeting_booked”?" in flat(screen)
    assert "1 fault: this playbook cannot be used." in screen
    assert "keeps its last good one" in screen
    assert (mended, "have a complete play" in well) == (0, True)
    return well


def a_play_is_added_and_covers_more(desk: Desk, before: str) -> None:
    """One new file; the map has one more letter, and the legend its name and its share."""
    (desk.folder / "draft" / "plays" / "field_service.yaml").write_text(FOR.sub(NEW, PLAY), "utf-8")
    code, after = desk.types("playbook", "check", "draft")

    assert code == 0
    assert "plays/field_service.yaml" not in before
    assert re.search(r"\w  A trial that somebody really uses +plays/field_service\.yaml +\d+%", after)
    assert row_of(after, "department head") != row_of(before, "department head")
    assert "have a complete play" in after


def its_past_is_shown(desk: Desk, old: str) -> None:
    """Who would have got another play, how precise the rules are, and how many plays everybody would have had."""
    code, screen = desk.types("backtest", "--playbook", "draft")
    known, preview = desk.types("playbook", "preview", "draft", "--than", "published")

    assert code == 0, screen
    assert f"pass, with the play {old} → field_service" in flat(screen)
    assert "Ines Carvalho" in screen
    assert "made again" in screen
    assert "too few (0 of 10)" in screen
    assert re.search(r"Maya Okafor +\d+ +\d+", screen)
    assert (known, "Nobody would cross a line by it." in preview) == (0, True)


def nothing_is_published_without_both(desk: Desk, ring: Running) -> None:
    """One signature is none."""
    code, screen = desk.types("playbook", "publish", "draft", "--to", "published", *SIGNED[:4])
    published = [path.name for path in (desk.folder / "published" / "publications").iterdir()]

    assert code == 1
    assert "Not published: both sign, with their names" in flat(screen)
    assert published == ["00001.json"]
    assert "Field service" not in ring.read


def signed_it_is_in_force(desk: Desk, ring: Running) -> str:
    """The store has it, and the ring that runs takes it up by itself; its version."""
    code, screen = desk.types("playbook", "publish", "draft", "--to", "published", *SIGNED)
    second = version_in(screen, "is in force")
    taken = ring.until(f"Playbook version {second} decides from here on.")

    assert code == 0
    assert f"{WHY} (Dana Reyes and Tom Lindqvist)" in flat(taken)
    assert ring.process.poll() is None
    return second


def version_in(screen: str, words: str) -> str:
    found = re.search(rf"Version ([0-9a-f]{{16}}) {words}", flat(screen))
    assert found, screen

    return found[1]


def door_of(screen: str) -> str:
    found = re.search(r"webhooks +(http://[\d.]+:\d+)/webhooks", screen)
    assert found, screen

    return found[1]


def play_of(screen: str, who: str) -> str:
    """The play on the last card that names this person."""
    cards = re.findall(r"gets the play (\w+) .*?╰", screen, re.DOTALL)
    parts = re.findall(r"gets the play \w+ (.*?)╰", screen, re.DOTALL)
    theirs = [play for play, card in zip(cards, parts, strict=True) if who in flat(card)]
    assert theirs, screen

    return theirs[-1]


def row_of(screen: str, persona: str) -> str:
    """Its line of the coverage map."""
    return next(line for line in screen.splitlines() if line.strip().startswith(f"{persona} "))
