"""Plug-ins are found by their files; one that is none stops the start and says what to write."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.clock import ManualClock
from runtime.discovery import PluginError, discover


class Instrument:
    def __init__(self, name: str) -> None:
        self.name = name


Make = Callable[..., str]


@pytest.fixture
def orchestra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes a package of instruments from file names and texts; gives its name."""
    name = f"orchestra_{abs(hash(tmp_path))}"
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(**files: str) -> str:
        (tmp_path / name).mkdir()
        for stem, source in {"__init__": "", **files}.items():
            (tmp_path / name / f"{stem}.py").write_text(source)
        return name

    yield make
    for module in [one for one in sys.modules if one.startswith(name)]:
        del sys.modules[module]


def plays(name: str) -> str:
    return f"from tests.runtime.test_discovery import Instrument\nINSTRUMENT = Instrument({name!r})\n"


def found(package: str) -> dict[str, Instrument]:
    kind = sys.modules["tests.runtime.test_discovery"].Instrument
    return discover(package, "INSTRUMENT", kind)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plug-ins import this very module."""
    monkeypatch.setitem(sys.modules, "tests.runtime.test_discovery", sys.modules[__name__])


def test_each_file_is_a_plug_in_by_its_name(orchestra: Make):
    package = orchestra(violin=plays("violin"), cello=plays("cello"))

    assert list(found(package)) == ["cello", "violin"]


def test_a_private_file_is_none(orchestra: Make):
    package = orchestra(violin=plays("violin"), _strings="raise RuntimeError")

    assert list(found(package)) == ["violin"]


@pytest.mark.parametrize(
    ("source", "mend"),
    [
        ("", r"violin\.py has no INSTRUMENT: add `INSTRUMENT = Instrument\(…\)`, or move it elsewhere"),
        ("INSTRUMENT = 3", r"INSTRUMENT is a int, but has to be a Instrument"),
        (plays("viola"), r"calls itself 'viola': give the file and the plug-in the same name"),
        ("import no_such_module", r"violin\.py cannot be imported \(No module named 'no_such_module'\): mend it"),
        ("def (", r"violin\.py cannot be imported"),
    ],
    ids=["missing", "of another kind", "misnamed", "not importable", "no Python"],
)
def test_what_is_no_plug_in_stops_the_start_with_the_mend(orchestra: Make, source: str, mend: str):
    with pytest.raises(PluginError, match=mend):
        found(orchestra(cello=plays("cello"), violin=source))


def test_a_manual_clock_is_no_instrument(orchestra: Make):
    source = f"from {ManualClock.__module__} import ManualClock\nINSTRUMENT = ManualClock"
    with pytest.raises(PluginError, match="violin"):
        found(orchestra(violin=source))
