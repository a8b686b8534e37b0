"""What two batches that counted the same flood at the same moment have to notice."""

import pytest

from services.router.domain.floods import flooded, unseen
from services.router.domain.playbook import FloodLimit
from tests.router.builders import a_playbook

FORM = "form:website/demo:7"


@pytest.mark.parametrize(
    ("before", "reckoned", "after", "noticed"),
    [
        pytest.param(0, 2, 2, False, id="nobody else counted"),
        pytest.param(0, 2, 5, False, id="others counted too, below the limit"),
        pytest.param(4, 5, 6, True, id="ours was judged below the limit, and others were there first"),
        pytest.param(0, 4, 7, True, id="some of ours are above it now"),
        pytest.param(5, 6, 9, False, id="ours were judged above it anyway"),
        pytest.param(4, 6, 6, False, id="we passed it ourselves, and saw it"),
    ],
)
def test_a_limit_that_was_passed_meanwhile_is_noticed(before: int, reckoned: int, after: int, noticed: bool) -> None:
    playbook = a_playbook(flood=FloodLimit(per_form=5))
    found = unseen({FORM: before}, {FORM: reckoned}, {FORM: after}, playbook)

    assert found == ((FORM,) if noticed else ())
    assert flooded({FORM: after}, playbook) == ((FORM,) if after > 5 else ())
