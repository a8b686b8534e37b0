"""The command line answers at once, and tells faults to people."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.whole
LEAD = {"full_name": "Ada Okonkwo", "email": "ada@lumenworks.example", "title": "COO", "consultation": "yes"}
UNREACHABLE = "postgresql+asyncpg://playcaller:hunter2-secret@127.0.0.1:1/nothing"

CALLS: dict[str, tuple[list[str], dict[str, str]]] = {
    "help": (["--help"], {}),
    "a file that is not there": (["explain", "no-such-file.json"], {}),
    "a payload nobody understands": (["explain", "pyproject.toml"], {}),
    "a source nobody knows": (["explain", "pyproject.toml", "--source", "fax"], {}),
    "letters of a folder without a log": (["dead-letters", "list"], {}),
    "a database that is none": (["migrate"], {"PLAYCALLER_DATABASE_URL": "nonsense"}),
    "a database that is away": (["migrate"], {"PLAYCALLER_DATABASE_URL": UNREACHABLE}),
    "a number that is none": (["migrate"], {"PLAYCALLER_PARTITIONS": "many"}),
    "Kafka without a key": (["migrate"], {"PLAYCALLER_LOG_ENGINE": "kafka"}),
    "a playbook that is none": (["router"], {"PLAYCALLER_PLAYBOOK": "docs"}),
    "a secret's file that is not there": (["up", "--once"], {"PLAYCALLER_KEY_SECRET_FILE": "/no/such/secret"}),
    "a correction that says nothing": (["correct", "0198c0de-0000-7000-8000-000000000000"], {}),
    "a claim without a value": (["correct", "0198c0de-0000-7000-8000-000000000000", "--claim", "title"], {}),
    "an erasure without a token": (["erase", "ada@acme.example"], {}),
    "an erasure without a ring": (
        ["erase", "ada@acme.example", "--door", "http://127.0.0.1:1"],
        {"PLAYCALLER_OPERATOR_TOKEN": "hunter2"},
    ),
    "an export from nowhere": (["export", "ada@acme.example"], {}),
    "somebody away whom nobody knows": (["away", "mya", "--until", "2026-08-14"], {}),
    "somebody away until no day": (["away", "maya", "--until", "friday"], {}),
    "somebody away without a last day": (["away", "maya", "--from", "2026-08-01"], {}),
    "how timely nothing was": (["timely"], {}),
    "explain": (["explain", "{lead}"], {}),
    "explain in full": (["explain", "{lead}", "--full"], {}),
    "explain for a program": (["explain", "{lead}", "--source", "sales", "--json"], {}),
    "doctor": (["doctor"], {}),
    "doctor without a playbook": (["doctor"], {"PLAYCALLER_PLAYBOOK": "docs"}),
}
FAULTS = {
    "a file that is not there": "No such file",
    "a payload nobody understands": "--source",
    "a source nobody knows": "fax",
    "letters of a folder without a log": "--data",
    "a database that is none": "PLAYCALLER_DATABASE_URL",
    "a database that is away": "PLAYCALLER_DATABASE_URL",
    "a number that is none": "PLAYCALLER_PARTITIONS",
    "Kafka without a key": "PLAYCALLER_KEY_SECRET",
    "a playbook that is none": "playbook",
    "a secret's file that is not there": "PLAYCALLER_KEY_SECRET_FILE",
    "a correction that says nothing": "--retract",
    "a claim without a value": "name=value",
    "an erasure without a token": "PLAYCALLER_OPERATOR_TOKEN",
    "an erasure without a ring": "--door",
    "an export from nowhere": "--data",
    "somebody away whom nobody knows": "“maya”",
    "somebody away until no day": "2026-08-14",
    "somebody away without a last day": "--until",
    "how timely nothing was": "--data",
}

ALL_IN_ONE_PROCESS = """
import contextlib, io, json, os, sys, traceback
from playcaller.cli import app

plain = dict(os.environ)
for name, (arguments, environment) in json.loads(sys.argv[1]).items():
    os.environ.clear()
    os.environ.update(plain | environment)
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            app(args=arguments)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
            err.write(end.code if isinstance(end.code, str) else "")
        except Exception:
            code = 99
            traceback.print_exc(file=err)
    print(json.dumps([name, code, out.getvalue(), err.getvalue()]))
"""


@dataclass(frozen=True)
class Outcome:
    """How a call ended."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """What each call ends with. One process makes them all: importing the house takes longest."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "lead.json").write_text(json.dumps(LEAD), "utf-8")
    calls = json.dumps(CALLS).replace("{lead}", str(folder / "lead.json"))
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PLAYCALLER_")}
    made = subprocess.run(
        [sys.executable, "-c", ALL_IN_ONE_PROCESS, calls],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=170,
        env={**plain, "PLAYCALLER_DATA": str(folder / "fresh"), "COLUMNS": "160"},
    )
    told = [json.loads(line) for line in made.stdout.splitlines()]
    return {name: Outcome(code, out, err) for name, code, out, err in told}


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


COMMANDS = (
    *("up", "ingest", "router", "notifier", "migrate", "playbook", "explain", "doctor", "dead-letters"),
    *("correct", "erase", "export", "away"),
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_listed(outcomes: dict[str, Outcome], command: str) -> None:
    assert f" {command} " in outcomes["help"].out


@pytest.mark.parametrize("fault", FAULTS)
def test_an_expected_fault_is_a_sentence(outcomes: dict[str, Outcome], fault: str) -> None:
    outcome = outcomes[fault]

    assert outcome.code == 1, outcome.err
    assert FAULTS[fault] in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("call", CALLS)
def test_a_secret_never_stands_in_what_is_printed(outcomes: dict[str, Outcome], call: str) -> None:
    assert "hunter2" not in outcomes[call].out + outcomes[call].err


def test_a_payload_is_explained_from_its_file_alone(outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes["explain"]

    assert outcome.code == 0, outcome.err
    assert "lead_brought “lead brought by sales” from sales → PASS" in outcome.out


def test_the_whole_receipt_is_there_on_request(outcomes: dict[str, Outcome]) -> None:
    assert "Rules: consultation true" in outcomes["explain in full"].out
    assert "Rules: consultation true" not in outcomes["explain"].out


def test_a_payload_is_explained_for_a_program(outcomes: dict[str, Outcome]) -> None:
    (explained,) = json.loads(outcomes["explain for a program"].out)

    assert explained["verdict"]["fired"][0] == "consultation"
    assert explained["play"]["talk_track"]


def test_a_healthy_house_passes_the_doctor(outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes["doctor"]

    assert outcome.code == 0, outcome.out
    assert "PLAYCALLER_SOURCE_HUBSPOT_SECRETS" in outcome.out


def test_the_doctor_finds_a_playbook_that_is_none(outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes["doctor without a playbook"]

    assert outcome.code == 1
    assert "playbook check" in outcome.out
