"""The verdict on a measure: medians of paired ratios, and red where below must."""

import io

import pytest
from rich.console import Console

from tests.bench.measure import MEASURES, Grade, Measure, Pair, grade, result
from tests.bench.report import show

FASTER = Measure("X1", "throughput", "ev/s", "a limit", 0.25, 0.5, "nowhere")
TIGHTER = Measure("X2", "latency", "ms", "a limit", 3, 2, "nowhere", more=False)


def a_pair(ours: float, limit: float) -> Pair:
    return Pair(measure="X1", ours=ours, limit=limit)


@pytest.mark.parametrize(
    ("measure", "ratio", "expected"),
    [
        (FASTER, 0.5, Grade.AIM),
        (FASTER, 0.25, Grade.MUST),
        (FASTER, 0.2499, Grade.BELOW),
        (TIGHTER, 2, Grade.AIM),
        (TIGHTER, 3, Grade.MUST),
        (TIGHTER, 3.01, Grade.BELOW),
    ],
)
def test_a_ratio_on_the_line_still_holds(measure: Measure, ratio: float, expected: Grade) -> None:
    actual = grade(measure, ratio)

    assert actual == expected


def test_the_ratio_is_the_median_of_the_pairs_not_the_ratio_of_the_medians() -> None:
    pairs = [a_pair(10, 100), a_pair(40, 50), a_pair(60, 600)]

    actual = result(FASTER, pairs)

    assert (actual.ours, actual.limit, actual.ratio) == (40, 100, 0.1)


def test_nothing_measured_is_no_pass() -> None:
    with pytest.raises(ValueError, match="X1"):
        result(FASTER, [])


@pytest.mark.parametrize(("ours", "expected"), [(30, 0), (20, 1)])
def test_the_exit_status_tells_whether_anything_is_below_must(ours: float, expected: int) -> None:
    console = Console(file=io.StringIO(), width=200)

    actual = show(console, [result(FASTER, [a_pair(ours, 100)])])

    assert actual == expected


def test_a_program_that_fails_is_as_bad_as_one_below_must() -> None:
    console = Console(file=io.StringIO(), width=200)

    actual = show(console, [], [FASTER])

    assert actual == 1


def test_no_aim_is_easier_than_its_must() -> None:
    easier = [one.id for one in MEASURES if grade(one, one.aim) is not Grade.AIM or grade(one, one.must) is Grade.BELOW]

    assert easier == []
