"""The small values of the playbook's pages: durations, hours, switches and names, as people write them."""

from datetime import time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_LONGEST_DAYS = 3660


def duration(value: Any) -> Any:
    """`10 minutes`, `1 hour`, `5 days` as a duration; anything else is refused with the way to write it."""
    if isinstance(value, timedelta):
        return value
    number, _, unit = str(value).strip().partition(" ")
    seconds = _UNITS.get(unit.strip().rstrip("s"))
    if seconds is None or not number.isascii() or not number.isdigit():
        raise ValueError(f"write a duration as “10 minutes”, “2 hours” or “5 days”, not “{value}”")
    if len(number) > 9 or int(number) * seconds > _LONGEST_DAYS * 86400:  # noqa: PLR2004  (digits that fit an int)
        raise ValueError(f"“{value}” is longer than ten years")
    return timedelta(seconds=int(number) * seconds)


def switch(value: Any) -> Any:
    """`on`, `off`, `yes`, `no` (texts in YAML 1.2) as a flag."""
    return {"on": True, "yes": True, "off": False, "no": False}.get(value, value) if isinstance(value, str) else value


def listed(value: Any) -> Any:
    """A single value where a list is meant."""
    return value if isinstance(value, list) else [value]


def hours(value: Any) -> Any:
    """`09:00-12:30, 13:30-17:30` as intervals of local wall-clock time."""
    found: list[tuple[time, time]] = []
    for part in str(value).split(","):
        start, dash, end = part.strip().partition("-")
        try:
            interval = time.fromisoformat(start.strip()), time.fromisoformat(end.strip() if dash else "-")
        except ValueError:
            raise ValueError(f"write hours as “09:00-17:30”, not “{part.strip()}”") from None
        if interval[0] >= interval[1]:
            raise ValueError(f"the hours “{part.strip()}” end before they start")
        found.append(interval)
    ordered = sorted(found)
    if any(former[1] > later[0] for former, later in pairwise(ordered)):
        raise ValueError(f"the hours “{value}” overlap")
    return tuple(ordered)


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=6000)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
DurationText = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9} (second|minute|hour|day)s?$")]
Duration = Annotated[timedelta, BeforeValidator(duration, json_schema_input_type=DurationText)]
OnOff = Literal["yes", "no", "on", "off"] | bool
Switch = Annotated[bool, BeforeValidator(switch, json_schema_input_type=OnOff)]
Names = Annotated[list[Name], BeforeValidator(listed, json_schema_input_type=Name | list[Name])]
Texts = Annotated[list[Text], BeforeValidator(listed, json_schema_input_type=Text | list[Text])]
Points = Annotated[
    Decimal,
    Field(ge=-100_000, le=100_000, decimal_places=3),
    WithJsonSchema({"type": "number", "minimum": -100_000, "maximum": 100_000}),
]
AtLeastOne = Annotated[int, Field(ge=1)]
Days = Annotated[int, Field(ge=1, le=3660)]
HoursText = Annotated[
    str, StringConstraints(pattern=r"^\s*[0-9:]{5}\s*-\s*[0-9:]{5}(\s*,\s*[0-9:]{5}\s*-\s*[0-9:]{5})*\s*$")
]
Hours = Annotated[tuple[tuple[time, time], ...], BeforeValidator(hours, json_schema_input_type=HoursText)]
When = Any
"""A condition: compiled, and its faults found, by `domain.conditions`."""
