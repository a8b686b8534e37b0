"""`playcaller timely` on a narrow screen: one row a rule, nothing cut off, nothing claimed of what never happened."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from playcaller.timely import table_of
from schemas.verdict import Rule
from services.router.adapters.playbook_files import load
from services.router.domain.timeliness import Timeliness

HOUR = timedelta(hours=1)
BOOK = load(Path(__file__).parents[2] / "playbook")
NONE = "–"


def row_of(one: Timeliness, width: int = 80) -> list[str]:
    """The cells of a consultation's row, after its title, as a terminal of this width shows them."""
    console = Console(file=io.StringIO(), width=width)
    console.print(table_of(BOOK, {Rule.CONSULTATION: one}))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    return shown.splitlines()[2].split(BOOK.rules[Rule.CONSULTATION].title)[-1].split("  ")


@pytest.mark.parametrize(
    ("one", "cells"),
    [
        pytest.param(Timeliness(), ["0", NONE, NONE, "4 h", NONE, NONE, NONE], id="nobody asked yet"),
        pytest.param(
            Timeliness([timedelta(seconds=40), 5 * HOUR, 3 * 24 * HOUR], 2, [1.0, 0.5, 0.0], 2, 1),
            ["3", "5 h", "3 days", "4 h", "2 of 3", "50 %", "1 of 2"],
            id="two of three too late, one too early",
        ),
    ],
)
def test_a_row_says_how_soon_and_how_often_not(one: Timeliness, cells: list[str]) -> None:
    shown = [cell.strip() for cell in row_of(one, 140) if cell.strip()]

    assert shown == cells


def test_on_a_narrow_screen_no_figure_is_cut_off() -> None:
    console = Console(file=io.StringIO(), width=80)
    found = Timeliness([3 * 24 * HOUR], 1, [0.25], 1, 1)
    console.print(table_of(BOOK, dict.fromkeys(Rule, found)))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()

    assert "…" not in shown
    assert shown.count("3 days") == 8
    assert all(f" {each} " in shown for each in ("offered", "median", "half-life", "too late", "left", "too early"))
