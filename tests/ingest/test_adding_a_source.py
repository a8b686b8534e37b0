"""A new source is one new file and its samples: in a copy of the tree, with no existing file changed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TALLY = Path(__file__).parent / "plugins" / "tally"
COPIED = ("schemas", "runtime", "services", "playcaller", "tests/conftest.py", "tests/ingest", "pyproject.toml")


def copied(folder: Path) -> Path:
    tree = folder / "tree"
    for name in COPIED:
        source, target = ROOT / name, tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return tree


def promises(tree: Path, only: str) -> "subprocess.CompletedProcess[str]":
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "tests/ingest/test_promises.py",
        "-k",
        only,
        "-p",
        "no:cacheprovider",
    ]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_tally_is_one_file_and_keeps_every_promise(tmp_path: Path) -> None:
    tree = copied(tmp_path)
    shutil.copy(TALLY / "tally.py.txt", tree / "services/ingest/sources/tally.py")
    shutil.copytree(TALLY / "samples", tree / "services/ingest/samples/tally")
    outcome = promises(tree, "tally")

    assert outcome.returncode == 0, outcome.stdout[-3000:]
    assert int(outcome.stdout.rsplit("\n", 2)[-2].split(" passed")[0].split()[-1]) >= 20


def test_a_source_that_breaks_its_promises_is_found_out(tmp_path: Path) -> None:
    tree = copied(tmp_path)
    written = (TALLY / "tally.py.txt").read_text("utf-8")
    gullible = (
        written.replace("verification=SIGNATURE", "verification=Gullible()")
        .replace(
            "TABLE = Table(",
            "class Gullible:\n"
            '    needs = ""\n'
            "    def configured(self, keyring, site): return True\n"
            "    def verify(self, webhook, keyring): return Verified()\n"
            '    def sign(self, webhook, secret): return {"X-Trust": "trust me"}\n\n\n'
            "TABLE = Table(",
        )
        .replace(
            "from services.ingest.table",
            "from services.ingest.verification import Verified\nfrom services.ingest.table",
        )
    )
    (tree / "services/ingest/sources/tally.py").write_text(gullible, "utf-8")
    shutil.copytree(TALLY / "samples", tree / "services/ingest/samples/tally")
    outcome = promises(tree, "tally and proof")

    assert outcome.returncode == 1
    assert "test_without_its_proof_it_is_refused[tally]" in outcome.stdout
