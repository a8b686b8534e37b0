"""A new source is one new file and its samples: in a copy of the tree, with no existing file changed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.whole
TALLY = Path(__file__).parent / "plugins" / "tally"
COPIED = ("schemas", "runtime", "services/__init__.py", "services/ingest", "tests/ingest", "pyproject.toml")
GULLIBLE = """
class Gullible:
    needs = ""

    def configured(self, keyring, site):
        return True

    def verify(self, webhook, keyring):
        return Verified()

    def sign(self, webhook, secret):
        return {"X-Trust": "trust me"}


TABLE = Table("""


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the promise suite says of Tally, and of a source that believes everybody."""
    tree = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        source, target = ROOT / name, tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)  # with its bytecode, which saves seconds
        else:
            shutil.copy(source, target)
    written = (TALLY / "tally.py.txt").read_text("utf-8")
    believing = written.replace("verification=SIGNATURE", "verification=Gullible()").replace(
        "\nTABLE = Table(", GULLIBLE
    )
    believing = believing.replace('name="tally"', 'name="gullible"').replace(
        "from services.ingest.table", "from services.ingest.verification import Verified\nfrom services.ingest.table"
    )
    for name, text in (("tally", written), ("gullible", believing)):
        (tree / f"services/ingest/sources/{name}.py").write_text(text, "utf-8")
        shutil.copytree(TALLY / "samples", tree / f"services/ingest/samples/{name}")
    command = [sys.executable, "-m", "pytest", "-rA", "-q", "--tb=no", "tests/ingest/test_promises.py"]
    return subprocess.run(
        [*command, "-k", "tally or gullible and proof"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    ).stdout


def lines(verdicts: str, word: str, source: str) -> list[str]:
    return [line for line in verdicts.splitlines() if line.startswith(f"{word} ") and f"[{source}" in line]


def test_tally_is_one_file_and_keeps_every_promise(verdicts: str) -> None:
    assert lines(verdicts, "FAILED", "tally") == lines(verdicts, "ERROR", "tally") == []
    assert len(lines(verdicts, "PASSED", "tally")) >= 19


def test_a_source_that_believes_everybody_is_found_out(verdicts: str) -> None:
    failed = "".join(lines(verdicts, "FAILED", "gullible"))

    assert "test_without_its_proof_it_is_refused" in failed
    assert "test_with_any_part_of_its_proof_changed_it_is_refused" in failed
