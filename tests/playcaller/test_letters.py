"""Dead letters are listed, shown and driven again as they were, and so marked that they pass de-duplication once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from playcaller.letters import listed, retried, shown
from playcaller.ring import RingError
from runtime.log import Message, Record
from runtime.opening import open_carriage
from runtime.settings import Settings
from schemas.dead_letter import DeadLetter, DeadLetterReason
from schemas.event import DECODER as EVENTS
from schemas.fact import decode, encode
from schemas.topics import DEAD_LETTERS, EVENTS_BEHAVIOUR, EVENTS_URGENT
from services.router.reading import DRIVEN_AGAIN

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LEAD = b'{"full_name": "Ada Okonkwo", "email": "ada@acme.example", "title": "VP Operations"}'


def a_letter(number: int, **changes: object) -> DeadLetter:
    stated = {
        "id": UUID(int=number),
        "reason": DeadLetterReason.POISON,
        "detail": "deciding it raised",
        "at": NOON,
        "source": "typeform",
        "topic": EVENTS_BEHAVIOUR.name,
        "partition": 0,
        "offset": number,
        "key": b"a-key",
        "value": b"what it was",
    }
    return DeadLetter(**{**stated, **changes})  # type: ignore[arg-type]  # built from a dict on purpose


async def keep(data: Path, *letters: DeadLetter) -> None:
    async with open_carriage(Settings.load(data=data)) as carriage:
        await carriage.log.append(
            DEAD_LETTERS.name, [Message(letter.source.encode(), encode(letter)) for letter in letters]
        )


async def standing(data: Path, topic: str) -> Sequence[Record]:
    async with open_carriage(Settings.load(data=data)) as carriage:
        return [
            record
            for partition in await carriage.log.partitions(topic)
            for record in await carriage.log.read(partition, 0)
        ]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLAYCALLER_DATA", str(tmp_path))
    return tmp_path


def test_a_letter_is_listed_with_its_reason(data: Path, capsys: pytest.CaptureFixture[str], run_async) -> None:
    run_async(keep(data, a_letter(7)))

    listed(data)

    assert "poison" in (printed := capsys.readouterr().out)
    assert "typeform" in printed


def test_an_empty_log_has_none(data: Path, capsys: pytest.CaptureFixture[str], run_async) -> None:
    run_async(keep(data))

    listed(data)

    assert capsys.readouterr().out == "No dead letters.\n"


def test_a_letter_is_shown_whole(data: Path, capsys: pytest.CaptureFixture[str], run_async) -> None:
    run_async(keep(data, a_letter(7)))

    shown(str(UUID(int=7)), data)

    assert "what it was" in capsys.readouterr().out


def test_an_unknown_letter_is_a_sentence(data: Path, run_async) -> None:
    run_async(keep(data, a_letter(7)))

    with pytest.raises(RingError, match="dead-letters list"):
        shown("ffff", data)


def test_a_folder_without_a_log_is_a_sentence(data: Path) -> None:
    with pytest.raises(RingError, match="--data"):
        listed(data)


def test_a_retry_puts_the_record_back_so_that_it_passes_once(data: Path, run_async) -> None:
    run_async(keep(data, a_letter(7)))

    retried("all", "", data)
    (record,) = run_async(standing(data, EVENTS_BEHAVIOUR.name))

    assert (record.key, record.value) == (b"a-key", b"what it was")
    assert record.headers[DRIVEN_AGAIN] == UUID(int=7).bytes


def test_a_reason_narrows_a_retry(data: Path, run_async) -> None:
    run_async(keep(data, a_letter(7), a_letter(8, reason=DeadLetterReason.NEWER, value=b"newer")))

    retried("all", "newer", data)
    (record,) = run_async(standing(data, EVENTS_BEHAVIOUR.name))

    assert record.value == b"newer"


def test_a_reason_that_is_none_is_refused_with_the_choices(data: Path) -> None:
    with pytest.raises(RingError, match="not_understood"):
        retried("all", "tired", data)


def test_what_the_door_could_not_read_is_read_anew(data: Path, run_async) -> None:
    letter = a_letter(7, source="sales", reason=DeadLetterReason.NOT_UNDERSTOOD, topic="", value=LEAD)
    run_async(keep(data, letter))

    retried("all", "", data)
    (record,) = run_async(standing(data, EVENTS_URGENT.name))

    assert decode(record.value, EVENTS).identifiers[0].value == "ada@acme.example"
    assert record.headers[DRIVEN_AGAIN] == letter.id.bytes


def test_what_still_cannot_be_read_stays_and_says_so(data: Path, run_async) -> None:
    letter = a_letter(7, source="sales", reason=DeadLetterReason.NOT_UNDERSTOOD, topic="", value=b'{"name": "nobody"}')
    run_async(keep(data, letter))

    with pytest.raises(RingError, match="Mend its table"):
        retried("all", "", data)
