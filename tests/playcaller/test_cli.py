"""The command line answers at once, and tells faults to people."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = {
    "full_name": "Ada Okonkwo",
    "email": "ada@lumenworks.example",
    "title": "Chief Operating Officer",
    "consultation": "yes",
}


def playcaller(*arguments: str, data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PLAYCALLER_")}
    return subprocess.run(
        [sys.executable, "-m", "playcaller", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**plain, "PLAYCALLER_DATA": str(data), "COLUMNS": "160", **environment},
    )


def test_help_imports_no_service_and_no_server() -> None:
    heavy = (
        "{name.partition('.')[0] for name in sys.modules} & {'services', 'sqlalchemy', 'fastapi', 'aiokafka', 'httpx'}"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", f"import sys, playcaller.cli; print(sorted({heavy}))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert outcome.stdout == "[]\n"


def test_every_command_is_listed(tmp_path: Path) -> None:
    shown = playcaller("--help", data=tmp_path).stdout

    for command in ("up", "ingest", "router", "notifier", "migrate", "playbook", "explain", "doctor", "dead-letters"):
        assert command in shown


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (("explain", "no-such-file.json"), {}, "No such file"),
        (("explain", "pyproject.toml"), {}, "--source"),
        (("explain", "pyproject.toml", "--source", "fax"), {}, "fax"),
        (("dead-letters", "list"), {}, "--data"),
        (("migrate",), {"PLAYCALLER_DATABASE_URL": "nonsense"}, "PLAYCALLER_DATABASE_URL"),
        (("migrate",), {"PLAYCALLER_PARTITIONS": "many"}, "PLAYCALLER_PARTITIONS"),
        (("migrate",), {"PLAYCALLER_LOG_ENGINE": "kafka"}, "PLAYCALLER_KEY_SECRET"),
        (("router",), {"PLAYCALLER_PLAYBOOK": "docs"}, "playbook"),
        (("up", "--once"), {"PLAYCALLER_KEY_SECRET_FILE": "/no/such/secret"}, "PLAYCALLER_KEY_SECRET_FILE"),
    ],
)
def test_an_expected_fault_is_a_sentence(
    arguments: tuple[str, ...], environment: dict[str, str], words: str, tmp_path: Path
) -> None:
    outcome = playcaller(*arguments, data=tmp_path / "fresh", **environment)

    assert outcome.returncode == 1
    assert words in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_secret_never_stands_in_a_fault(tmp_path: Path) -> None:
    url = "postgresql+asyncpg://playcaller:hunter2-secret@127.0.0.1:1/nothing"

    outcome = playcaller("migrate", data=tmp_path, PLAYCALLER_DATABASE_URL=url, PLAYCALLER_LOG_LEVEL="INFO")

    assert outcome.returncode == 1
    assert "hunter2" not in outcome.stdout + outcome.stderr


def test_a_payload_is_explained_from_its_file_alone(tmp_path: Path) -> None:
    payload = tmp_path / "lead.json"
    payload.write_text(json.dumps(SAMPLE), "utf-8")

    outcome = playcaller("explain", str(payload), data=tmp_path)

    assert outcome.returncode == 0, outcome.stderr
    assert "PASS" in outcome.stdout
    assert not (tmp_path / "state.db").exists()


def test_a_payload_is_explained_for_a_program(tmp_path: Path) -> None:
    payload = tmp_path / "lead.json"
    payload.write_text(json.dumps(SAMPLE), "utf-8")

    outcome = playcaller("explain", str(payload), "--source", "sales", "--json", data=tmp_path)
    (explained,) = json.loads(outcome.stdout)

    assert explained["verdict"]["fired"][0] == "consultation"
    assert explained["play"]["talk_track"]


def test_a_healthy_house_passes_the_doctor(tmp_path: Path) -> None:
    outcome = playcaller("doctor", data=tmp_path)

    assert outcome.returncode == 0, outcome.stdout
    assert "playbook" in outcome.stdout
    assert "PLAYCALLER_SOURCE_HUBSPOT_SECRETS" in outcome.stdout


def test_the_doctor_finds_a_playbook_that_is_none(tmp_path: Path) -> None:
    outcome = playcaller("doctor", data=tmp_path, PLAYCALLER_PLAYBOOK=str(tmp_path))

    assert outcome.returncode == 1
    assert "playbook check" in outcome.stdout
