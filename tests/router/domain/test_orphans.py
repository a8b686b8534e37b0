"""H4: no orphan, ever. A walk at random through all that can happen, with a look at what is open after each step."""

from collections import Counter

import pytest
from hypothesis import settings

from schemas.feedback import RejectReason, TimerKind
from schemas.handoff import HandoffState
from tests.router.domain.walker import Walker

pytestmark = pytest.mark.hypothesis  # it knows full counts
WALKS, STEPS = (20, 50_000) if settings.default.max_examples >= 1000 else (1, 3_000)
"""A million steps in full counts."""
SILENCE = STEPS // 3
"""After so many steps nobody does anything for three weeks."""


def test_random_steps_leave_no_orphan_and_nothing_without_a_way_out() -> None:
    seen: Counter[str] = Counter()
    for seed in range(WALKS):
        walker = Walker(seed)
        for step in range(1, STEPS + 1):
            wrong = walker.step()
            assert not wrong, f"walk {seed}, step {step}: {wrong}"
            if step % SILENCE == 0:
                wrong = list(walker.silence())
                assert not wrong, f"walk {seed}, silence after step {step}: {wrong}"
        seen.update(walker.seen)

    assert {state.value for state in HandoffState} - {"rejected"} <= seen.keys()  # rejected is never stayed in
    assert {reason.value for reason in RejectReason} | {kind.value for kind in TimerKind} <= seen.keys()
    assert {
        "erased",
        "silence",
        "turn returned",
        "absence",
        "an absence of nobody",
        "form_submitted",
        "retracted",
    } <= seen.keys()
