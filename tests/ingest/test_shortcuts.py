"""Each shortcut of the door comes to exactly what the long way comes to."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.plain import instant
from services.ingest.uuid7 import Uuid7
from services.ingest.webhook import EPOCH, unambiguous

MOMENTS = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  (hypothesis wants them naive)
HEADERS = st.tuples(
    st.sampled_from([b"host", b"date", b"x-signature"]), st.sampled_from([b"acme", b"ada", b"grace", b""])
)


@given(moment=MOMENTS)
def test_an_id_carries_the_whole_millisecond_of_its_moment(moment: datetime) -> None:
    made = Uuid7().at(moment)

    assert made.int >> 80 == (moment - EPOCH) // timedelta(milliseconds=1)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")


def test_an_id_draws_new_randomness_when_its_supply_is_used_up() -> None:
    ids = Uuid7()
    drawn = [ids.at(EPOCH + timedelta(days=1)).int & (1 << 62) - 1 for _ in range(2000)]

    assert len(set(drawn)) == len(drawn)


@given(milliseconds=st.integers(min_value=10**11, max_value=253_402_300_798_000))
def test_milliseconds_are_the_instant_that_lies_so_far_after_1970(milliseconds: int) -> None:
    assert instant(milliseconds) == instant(str(milliseconds)) == EPOCH + timedelta(seconds=milliseconds / 1000)


@given(seconds=st.floats(min_value=1e-6, max_value=12_000_000_000))
def test_seconds_are_the_instant_that_lies_so_far_after_1970(seconds: float) -> None:
    assert instant(seconds) == EPOCH + timedelta(seconds=seconds)


@given(headers=st.lists(HEADERS, max_size=6))
def test_a_header_that_stands_twice_counts_only_where_both_say_the_same(headers: list[tuple[bytes, bytes]]) -> None:
    said = {name: {value for one, value in headers if one == name} for name, _ in headers}

    assert unambiguous(headers) == {name: next(iter(all_)) if len(all_) == 1 else b"" for name, all_ in said.items()}
