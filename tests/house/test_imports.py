"""The arrows between the rooms hold, and each contract really catches what it forbids."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "runtime", "services", "playcaller")
pytestmark = pytest.mark.whole

TRESPASSES = {
    "Facts import nothing of ours": ("schemas/event.py", "import runtime.clock"),
    "The carriage knows no business word": ("runtime/clock.py", "import schemas.event"),
    "Services never import each other": ("services/ingest/__init__.py", "import services.router.domain.lead"),
    "Services do not know the front door": ("services/router/__init__.py", "import playcaller"),
    "The domain is pure: no I/O, no clock, no chance, no logging": ("services/router/domain/lead.py", "import random"),
    "A source imports its contract, never the reverse": (
        "services/ingest/source.py",
        "import services.ingest.sources.typeform",
    ),
    "A channel imports its contract, never the reverse": (
        "services/notifier/channel.py",
        "import services.notifier.channels.inbox",
    ),
}


def a_copy(place: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, place / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    return place


def lint_imports(place: Path) -> subprocess.CompletedProcess[str]:
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(place)!r}); {command}", "--no-cache"],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def contracts() -> list[str]:
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    return [contract["name"] for contract in configured]


def test_every_contract_has_a_trespass_that_proves_it() -> None:
    assert sorted(contracts()) == sorted(TRESPASSES)


def test_the_contracts_hold(tmp_path: Path) -> None:
    outcome = lint_imports(a_copy(tmp_path))

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize("contract", sorted(TRESPASSES))
def test_a_trespass_is_caught(contract: str, tmp_path: Path) -> None:
    house = a_copy(tmp_path)
    file, line = TRESPASSES[contract]
    trespasser = house / file
    trespasser.write_text(trespasser.read_text("utf-8") + f"\n{line}\n", "utf-8")

    outcome = lint_imports(house)

    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert f"{contract} BROKEN" in " ".join(outcome.stdout.split())
