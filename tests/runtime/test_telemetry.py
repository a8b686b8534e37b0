"""Logs are one line an event and carry nobody's personal data."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from pydantic import SecretStr

from runtime.telemetry import configure, without_personal_data


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    stream = io.StringIO()
    configure("INFO", "json", stream)
    yield stream
    root.handlers[:], root.level = handlers, level
    structlog.configure(**before)


def last(lines: io.StringIO) -> dict[str, object]:
    return dict(json.loads(lines.getvalue().splitlines()[-1]))


def test_an_event_is_one_json_line_with_time_level_and_name(lines: io.StringIO):
    structlog.get_logger("playcaller.router").info("batch done", records=7)

    line = last(lines)

    assert (line["event"], line["records"], line["level"]) == ("batch done", 7, "info")
    assert line["logger"] == "playcaller.router"
    assert str(line["timestamp"]).endswith("Z")


def test_the_standard_librarys_lines_look_the_same(lines: io.StringIO):
    logging.getLogger("uvicorn.error").warning("slow %s", "client")

    assert last(lines)["event"] == "slow client"


def test_below_the_level_nothing_is_said(lines: io.StringIO):
    structlog.get_logger("x").debug("whisper")

    assert lines.getvalue() == ""


@pytest.mark.parametrize(
    "said",
    [
        {"who": "ada.lovelace@acme.example"},
        {"who": ["ada.lovelace@acme.example"]},
        {"who": {"email": "ada.lovelace@acme.example"}},
        {"fault": ValueError("no such lead: ada.lovelace@acme.example")},
        {"who": "call +44 20 7946 0958 now"},
        {"secret": SecretStr("ada.lovelace@acme.example")},
    ],
    ids=["text", "list", "dict", "exception", "phone", "secret"],
)
def test_addresses_and_numbers_of_people_are_blanked(lines: io.StringIO, said: dict[str, object]):
    structlog.get_logger("x").info("seen", **said)

    assert "lovelace" not in lines.getvalue()
    assert "7946" not in lines.getvalue()


def test_an_exceptions_trace_is_kept_without_the_address(lines: io.StringIO):
    try:
        int("ada@acme.example")
    except ValueError:
        structlog.get_logger("x").exception("failed")

    assert "Traceback" in str(last(lines)["exception"])
    assert "ada@acme" not in lines.getvalue()


@pytest.mark.parametrize(
    "text", ["2026-03-02T12:00:00.000000+00:00", "offset 12345678901", "127.0.0.1:9092", "user=@me", "1 + 23456789"]
)
def test_times_numbers_and_addresses_of_machines_stay(text: str):
    assert without_personal_data(text) == text


@pytest.mark.parametrize(("level", "style"), [("LOUD", "json"), ("INFO", "xml")])
def test_a_wrong_setting_names_the_choices(level: str, style: str):
    with pytest.raises(SystemExit, match="write"):
        configure(level, style)
