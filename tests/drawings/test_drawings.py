"""The pictures are fresh and readable, and the pages around them say nothing that the playbook does not."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from schemas.lead import Priority
from schemas.verdict import Ternary
from services.router.adapters.playbook_coverage import coverage_of
from services.router.adapters.playbook_files import load
from services.router.domain.playbook import Playbook
from tests.drawings import assignment, readiness, scoring, service_levels
from tests.drawings.gallery import FOLDER, ROOT, pictures
from tests.drawings.svg import WIDTH

PAGES = {name: (ROOT / "docs" / f"{name.removesuffix('.svg')}.md") for name in pictures()}
FENCE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    return load(ROOT / "playbook")


def test_the_pictures_show_the_playbook_that_ships() -> None:
    """Else draw them anew, `python -m tests.drawings`, and read what the pages say about them."""
    drawn = pictures()
    stale = [name for name, svg in drawn.items() if (FOLDER / name).read_text("utf-8") != svg]

    assert stale == []
    assert {path.name for path in FOLDER.iterdir()} == set(drawn)


@pytest.mark.parametrize("name", PAGES)
def test_a_picture_stands_on_its_page_and_says_what_it_shows(name: str) -> None:
    picture = parsed(FOLDER / name)
    text = PAGES[name].read_text("utf-8")

    assert re.search(rf"!\[[^\]]{{20,}}\]\(drawings/{re.escape(name)}\)", text)
    assert len(picture.attrib["aria-label"]) > 40


@pytest.mark.parametrize("name", PAGES)
def test_nothing_of_a_picture_hangs_out_of_its_paper(name: str) -> None:
    """Counting seven pixels a letter, which is about what the fonts need."""
    out = [text for text, left, right in spans(FOLDER / name) if left < 8 or right > WIDTH + 4]

    assert out == []


def parsed(path: Path) -> ET.Element:
    return ET.fromstring(path.read_text("utf-8"))  # noqa: S314  (we have drawn it ourselves)


def spans(path: Path) -> Iterator[tuple[str, float, float]]:
    for text in parsed(path).iter(f"{SVG}text"):
        said, x = text.text or "", float(text.attrib["x"])
        wide = len(said) * (9.5 if "head" in text.attrib.get("class", "") else 7.0)
        begins = {"end": x - wide, "middle": x - wide / 2}.get(text.attrib.get("text-anchor", ""), x)
        yield said, begins, begins + wide


@pytest.mark.parametrize("name", PAGES)
def test_every_piece_of_yaml_stands_in_the_playbook(name: str) -> None:
    written = [dedent(path.read_text("utf-8")) for path in (ROOT / "playbook").rglob("*.yaml")]
    shown = FENCE.findall(PAGES[name].read_text("utf-8"))

    assert [block for block in shown if not any(block.rstrip() in page for page in written)] == []


def said(name: str) -> str:
    return " ".join(PAGES[name].read_text("utf-8").split())


def test_the_scoring_page_tells_the_scores_that_are_drawn(playbook: Playbook) -> None:
    scores, fired = scoring.lived(playbook)
    totals = [sum(day.values()) // 1000 for day in scores]
    (priced,) = [day for day, _, _, name in scoring.STORY if name == "the prices"]
    text = said("scoring.svg")

    assert fired == scoring.STORY[-1][0]
    assert f"A whitepaper makes it {totals[0]};" in text
    assert f"lift it to {totals[priced]};" in text
    assert (
        f"a case study makes it {totals[fired]}: more than the threshold of {playbook.scoring.threshold // 1000}"
        in text
    )
    assert f"rests for the cool-down of {playbook.scoring.cool_down.days} days" in text


def test_the_readiness_page_tells_the_three_values_that_are_drawn(playbook: Playbook) -> None:
    values = {name: one.value for name, one in readiness.went(playbook).items()}

    assert values == {"Grace": Ternary.TRUE, "Ada": Ternary.UNKNOWN, "Sam": Ternary.FALSE}
    assert f"at least {playbook.triage_interest // 1000} points a person looks" in said("readiness.svg")


def test_the_plays_page_counts_what_is_drawn(playbook: Playbook) -> None:
    coverage = coverage_of(playbook)
    text = said("plays.svg")

    assert f"{len(coverage.plays)} situations, {len(playbook.plays)} plays, and none of the situations" in text
    assert list(coverage.gaps()) == []
    assert [
        title for title in re.findall(r"\*(An [^*]+)\*", text) if title not in {p.title for p in playbook.plays}
    ] == []


def test_the_assignment_page_tells_the_day_that_is_drawn(playbook: Playbook) -> None:
    parts = assignment.shares(playbook)
    text = said("assignment.svg")

    assert len(assignment.played(playbook)) == 14
    assert (
        f"{parts['priya'].got} plays where her weight alone would have meant {float(parts['priya'].entitled):.1f}"
        in text
    )
    assert [sum(share.causes.values()) - share.deviation for share in parts.values()] == [0, 0, 0]


def test_the_service_levels_page_tells_the_deadlines_that_are_drawn(playbook: Playbook) -> None:
    zone = playbook.reps[service_levels.REP].hours.zone
    times = {one: moment.astimezone(zone) for one, (moment, _) in service_levels.due(playbook).items()}
    text = said("service-levels.svg")

    assert f"on a Friday at {service_levels.OFFERED:%H:%M}" in text
    assert f"Priority A is due at {times[Priority.A]:%H:%M} and B at {times[Priority.B]:%H:%M}" in text
    assert f"the rest on Monday until {times[Priority.C]:%H:%M}" in text
    assert f"due on Monday at {times[Priority.D]:%H:%M}" in text
