"""The coverage map: which play answers whom, for every persona, trigger and stage; a hole would be seen at once."""

from schemas.verdict import Rule
from services.router.adapters.playbook_coverage import NOBODY, Cell, coverage_of
from services.router.domain.playbook import Playbook
from services.router.domain.plays import LEADING
from tests.drawings.svg import WIDTH, Picture

LEFT, TOP, ROW, CELL, GAP = 176, 128, 34, 37, 14
_HEADS = {
    Rule.CONSULTATION: "asks to talk",
    Rule.TARGET_RESPONDS: "named account",
    Rule.SQL_CRITERIA: "checklist met",
    Rule.SCORE_THRESHOLD: "score reached",
}


def draw(playbook: Playbook) -> str:
    """The picture, from the grid that `playbook check` resolves."""
    coverage = coverage_of(playbook)
    stages = [stage.name for stage in reversed(playbook.stages)]
    personas = [*(persona.name for persona in playbook.personas), NOBODY]
    busy = [name for name, _ in coverage.counts.most_common() if name != coverage.fallback]
    styles = {**{name: f"c{at}" for at, name in enumerate(busy)}, coverage.fallback: "none"}
    letters = {**{name: chr(ord("A") + at) for at, name in enumerate(busy)}, coverage.fallback: "·"}
    legend = TOP + ROW * len(personas) + 30
    rows = (len(styles) + 1) // 2
    gaps = sum(1 for _ in coverage.gaps())
    says = f"A grid of {len(coverage.plays)} situations; {gaps} of them have only the fallback play."
    picture = Picture("Which play answers whom", says, legend + rows * 24 + 34)
    _heads(picture, stages)
    for row, persona in enumerate(personas):
        y = TOP + ROW * row
        picture.text(24, y + 21, persona.replace("_", " ") or "not known yet", "" if persona else "soft")
        for trigger_at, trigger in enumerate(LEADING):
            for stage_at, stage in enumerate(stages):
                x = _x(trigger_at, stage_at)
                play = coverage.plays[Cell(trigger, persona, stage, NOBODY, True)]
                other = coverage.plays[Cell(trigger, persona, stage, NOBODY, False)]
                picture.rect(x, y, CELL - 3, ROW - 4, styles[play], round_=4, tip=f"{persona}, {stage}: {play}")
                if other != play:
                    corner = [(x + CELL - 3, y), (x + CELL - 3, y + ROW - 4), (x + 8, y + ROW - 4)]
                    picture.area(corner, styles[other], tip=f"{persona}, {stage}, no phone: {other}")
                picture.text(
                    x + (10 if other != play else (CELL - 3) / 2), y + 20, letters[play], "on", anchor="middle"
                )
    _legend(picture, playbook, styles, letters, top=legend)
    return picture.svg()


def _x(trigger: int, stage: int) -> float:
    return LEFT + trigger * (4 * CELL + GAP) + stage * CELL


def _heads(picture: Picture, stages: list[str]) -> None:
    for at, trigger in enumerate(LEADING):
        picture.text(_x(at, 0) + 2 * CELL - 2, 90, _HEADS[trigger], "bold", anchor="middle")
        for stage_at in range(len(stages)):
            picture.text(_x(at, stage_at) + CELL / 2 - 2, 114, str(stage_at + 1), "soft", anchor="middle")
    said = "   ".join(f"{at} {stage}" for at, stage in enumerate(stages, 1))
    picture.text(WIDTH - 24, 34, f"Stages: {said}", "soft", anchor="end")


def _legend(
    picture: Picture, playbook: Playbook, styles: dict[str, str], letters: dict[str, str], *, top: float
) -> None:
    titles = {play.name: play.title for play in playbook.plays}
    half = (len(styles) + 1) // 2
    for at, (name, style) in enumerate(styles.items()):
        x, y = 24 + (at // half) * (WIDTH / 2 - 12), top + (at % half) * 24
        picture.rect(x, y - 14, 22, 19, style, round_=4)
        picture.text(x + 11, y, letters[name], "on", anchor="middle")
        picture.text(x + 32, y, titles[name])
    picture.text(24, top + half * 24 + 8, "A corner in another colour: whom no phone number is known of.", "soft")
