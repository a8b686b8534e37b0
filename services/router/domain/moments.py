"""Instants as whole numbers: milliseconds since the epoch and UTC days, exact, without floating point."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = EPOCH.toordinal()
_A_DAY = 86_400_000


def milliseconds(moment: datetime) -> int:
    """Milliseconds since the epoch, rounded down. Raises `TypeError` for a time without an offset."""
    since = moment - EPOCH
    return since.days * _A_DAY + since.seconds * 1000 + since.microseconds // 1000


def instant(number: int) -> datetime:
    """The UTC instant of these milliseconds."""
    return EPOCH + timedelta(milliseconds=number)


def day_at(number: int) -> int:
    """The UTC day (proleptic ordinal) of these milliseconds."""
    return _EPOCH_DAY + number // _A_DAY


def day_of(moment: datetime) -> int:
    """The UTC day (proleptic ordinal) of this instant."""
    return moment.toordinal() if moment.tzinfo is UTC else day_at(milliseconds(moment))
