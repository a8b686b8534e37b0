"""However a playbook is broken, it either loads or gives faults with a file and a line: never a traceback."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from services.router.adapters.playbook_check import check
from services.router.adapters.playbook_faults import PlaybookFault, PlaybookFaultsError
from services.router.adapters.playbook_files import FOLDERS
from tests.playbook.conftest import STRAW_MAN

EXAMPLES = 300 if os.environ.get("PLAYCALLER_TEST_PROFILE") == "soak" else 12
PAGES = sorted(
    path.relative_to(STRAW_MAN).as_posix() for end in ("yaml", "csv") for path in STRAW_MAN.rglob(f"*.{end}")
)
JUNK = st.sampled_from(
    ["", "null", "[]", "{}", "-1", "1e400", "yes", "{{ x }}", "{%", "\x00", "\t", ": :", "&a [*a]", "2026-13-45", "🙂"],
)
CELLS = st.sampled_from(["", '"', ",,,,,,,,,,,", "\x00", "a@b@c", "2026-99-99", "maya", "\ud7ff" * 3, "..."])


def outcome(folder: Path) -> Sequence[PlaybookFault]:
    """The faults, or none if it loads; anything else raises."""
    try:
        check(folder)
    except PlaybookFaultsError as wrong:
        return wrong.faults or [PlaybookFault("", 0, "refused without a reason")]
    return []


def is_placed(fault: PlaybookFault) -> bool:
    return fault.line >= 1 and (Path(fault.file).suffix in {".yaml", ".csv"} or fault.file in FOLDERS)


def broken(page: str, change: "st.DataObject") -> str:
    """The page with one of its lines dropped, doubled, cut or replaced by junk."""
    lines = (STRAW_MAN / page).read_text("utf-8").split("\n")
    at = change.draw(st.integers(0, len(lines) - 1))
    line = lines[at]
    cut = change.draw(st.integers(0, len(line)))
    head, colon, _ = line.partition(": ")
    junk = change.draw(CELLS if page.endswith(".csv") else JUNK)
    lines[at : at + 1] = change.draw(
        st.sampled_from([[], [line, line], [line[:cut]], [head + colon + junk], [line[:cut] + junk + line[cut:]]]),
    )
    return "\n".join(lines)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_line_gone_wrong_is_a_fault_or_harmless(data: "st.DataObject") -> None:
    page = data.draw(st.sampled_from(PAGES))
    text = broken(page, data)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "playbook"
        shutil.copytree(STRAW_MAN, folder)
        (folder / page).write_text(text, "utf-8", errors="surrogatepass")

        assert all(map(is_placed, outcome(folder)))


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 10**20), st.text(max_size=5), st.just("event.type")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["any", "not", "count", "event.type", "lead.title", "words", "x"]), inner, max_size=3
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([page for page in PAGES if page.endswith(".yaml")]), st.data())
def test_a_value_of_the_wrong_shape_is_a_fault_or_harmless(page: str, data: "st.DataObject") -> None:
    yaml = YAML(typ="safe", pure=True)
    content = yaml.load(STRAW_MAN / page)
    place = content
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            place[key] = data.draw(VALUES)
            break
        place = inner
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "playbook"
        shutil.copytree(STRAW_MAN, folder)
        yaml.dump(content, folder / page)

        assert all(map(is_placed, outcome(folder)))
