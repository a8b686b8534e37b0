"""Importing the house does nothing: no connection, no file written, no process started."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.whole

WATCH = """
import importlib, pkgutil, sys

DEEDS = {"socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.fork", "sqlite3.connect",
         "os.mkdir", "os.remove", "os.rename", "shutil.rmtree"}

def watch(event, arguments):
    written = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if event in DEEDS or written:
        raise SystemExit(f"importing {module} did {event} {arguments!r}")

sys.dont_write_bytecode = True
sys.addaudithook(watch)
count = 0
for package in ("schemas", "runtime", "services", "playcaller"):
    module = package
    root = importlib.import_module(package)
    for found in pkgutil.walk_packages(root.__path__, package + "."):
        module = found.name
        if module.endswith("__main__") or ".migrations." in module:
            continue
        importlib.import_module(module)
        count += 1
print(count)
"""


def test_importing_every_module_connects_to_nothing() -> None:
    outcome = subprocess.run(
        [sys.executable, "-c", WATCH], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )

    assert outcome.returncode == 0, outcome.stderr
    assert int(outcome.stdout) > 20
