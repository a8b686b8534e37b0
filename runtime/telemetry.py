"""Structured logs: one line an event, JSON for machines or colour for people, without anybody's personal data."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w.:-])\+\d(?:[ ().-]?\d){7,14}(?![\w.:-])")
_QUIET = {"aiokafka": logging.CRITICAL, "alembic": logging.WARNING, "uvicorn.access": logging.WARNING}
"""Libraries that tell more than a person on duty wants (aiokafka forty lines a second while a broker is away):
readiness, metrics and our own lines say the same once."""


def without_personal_data(text: str) -> str:
    """The text with every email address and every international phone number blanked."""
    return _PHONE.sub("[phone]", _EMAIL.sub("[email]", text))


def configure(level: str = "INFO", style: str = "json", stream: TextIO | None = None) -> None:
    """Send structlog's and the standard library's log lines to `stream` (stderr), as `json` or `console`.

    Raises `SystemExit` with the choices where `level` or `style` is none of them.
    """
    if style not in {"json", "console"}:
        raise SystemExit(f"PLAYCALLER_LOG_FORMAT is {style!r}: write json or console")
    if level.upper() not in logging.getLevelNamesMapping():
        raise SystemExit(f"PLAYCALLER_LOG_LEVEL is {level!r}: write DEBUG, INFO, WARNING or ERROR")
    out = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _blank,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=out.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, quiet in _QUIET.items():
        logging.getLogger(name).setLevel(max(quiet, root.level))


def _blank(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, BaseException):
            event[key] = without_personal_data(f"{type(value).__name__}: {value}")
        elif isinstance(value, str):
            event[key] = without_personal_data(value)
        elif isinstance(value, list | tuple | set | dict):
            event[key] = without_personal_data(str(value))
    return event
