"""The small pure parts: words, phones, pages, agents, ids, buckets, encodings."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Mark
from schemas.fact import Trust
from services.ingest import identity, pages
from services.ingest.machines import mark_of
from services.ingest.plain import at, instant, text
from services.ingest.rates import Buckets
from services.ingest.source import Rate
from services.ingest.sources.hubspot import signed_uri
from services.ingest.sources.standard_webhooks import _LOW_ORDER
from services.ingest.uuid7 import Uuid7
from services.ingest.vocabulary import answered, custom_name, meaning

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("Work email *", "email"),
        ("E-Mail", "email"),
        ("jobTitle", "title"),
        ("What is your job title?", "title"),
        ("Company website", "website"),
        ("Company size", "employees"),
        ("Company name", "company"),
        ("Vorname", "first_name"),
        ("Last name", "last_name"),
        ("Your name", "full_name"),
        ("Mobile", "phone"),
        ("Is a budget approved?", "budget"),
        ("When do you plan to decide?", "time_frame"),
        ("How should we contact you?", "contact_way"),
        ("I would like to talk to a consultant", "consultation"),
        ("Request a demo", "consultation"),
        ("I agree to receive the newsletter", "consent"),
        ("How can we help?", "message"),
        ("Favourite colour", None),
        ("", None),
    ],
)
def test_a_question_is_understood_by_its_words(question: str, field: str | None) -> None:
    assert meaning(question) == field


@pytest.mark.parametrize(
    ("field", "said", "expected"),
    [
        ("budget", "Yes, approved", ("budget", "yes")),
        ("budget", "Not yet approved", ("budget", "no")),
        ("budget", "No", ("budget", "no")),
        ("budget", "Not sure", ("budget_stated", "Not sure")),
        ("budget", "10k-50k", ("budget_stated", "10k-50k")),
        ("time_frame", "This quarter", ("time_frame", "this_quarter")),
        ("time_frame", "this_year", ("time_frame", "this_year")),
        ("time_frame", "1-3 months", ("time_frame", "this_quarter")),
        ("time_frame", "Immediately", ("time_frame", "now")),
        ("time_frame", "Just looking", ("time_frame", "later")),
        ("time_frame", "when pigs fly", ("time_frame_stated", "when pigs fly")),
        ("contact_way", "By e-mail, please", ("contact_way", "email")),
        ("contact_way", "Call me", ("contact_way", "phone")),
        ("consultation", "on", ("consultation", "yes")),
        ("title", "Yes man", ("title", "Yes man")),
    ],
)
def test_an_answer_is_brought_to_our_choices_or_kept_as_stated(
    field: str, said: str, expected: tuple[str, str]
) -> None:
    assert answered(field, said) == expected


@pytest.mark.parametrize("name", ["owner", "OWNER", "Owner", "email", "budget"])
def test_a_custom_field_never_takes_the_name_of_one_of_ours(name: str) -> None:
    assert custom_name(name) == f"custom_{name.lower()}"


@pytest.mark.parametrize(
    ("typed", "country", "expected"),
    [
        ("+44 20 7946 0018", "", "+442079460018"),
        ("0044 20 7946 0018", "", "+442079460018"),
        ("030 901820", "DE", "+4930901820"),
        ("030 901820", "Germany", None),
        ("030 901820", "", None),
        ("+44 1", "", None),
        ("call me", "GB", None),
    ],
)
def test_a_phone_counts_where_it_is_whole(typed: str, country: str, expected: str | None) -> None:
    found = identity.phone(typed, Trust.CLAIMED, country)

    assert (found.value if found else None) == expected


@pytest.mark.parametrize(
    "typed", ["", "ada", "ada@", "@acme.example", "ada@acme", "a b@acme.example", "a@b@c.de", "x" * 300]
)
def test_what_is_no_address_is_no_identifier(typed: str) -> None:
    assert identity.email(typed, Trust.CLAIMED) is None


def test_an_address_is_lower_case_whoever_typed_it() -> None:
    found = identity.email(" Ada@ACME.example ", Trust.CLAIMED)

    assert found
    assert found.value == "ada@acme.example"


def test_a_page_gives_its_path_and_campaign_but_not_its_secrets() -> None:
    found = dict(pages.described("https://me:secret@www.acme.example/pricing?utm_campaign=winter&token=hush#top"))

    assert found == {
        "url": "https://www.acme.example/pricing",
        "path": "/pricing",
        "host": "www.acme.example",
        "utm_campaign": "winter",
    }


@pytest.mark.parametrize(
    ("agent", "mark"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Mark.BOT),
        ("Mozilla/5.0 HeadlessChrome/140.0", Mark.BOT),
        ("Mozilla/5.0 (Windows NT 10.0) Proofpoint URL Defense", Mark.SCANNER),
        ("Pingdom.com_bot_version_1.4", Mark.MONITORING),
        ("kube-probe/1.33", Mark.MONITORING),
        ("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0", None),
        ("analytics-python/2.3.0", None),
        ("", None),
    ],
)
def test_a_machine_is_known_by_its_agent(agent: str, mark: Mark | None) -> None:
    assert mark_of(agent) is mark


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-01-05T13:00:00+01:00", NOON),
        ("2026-01-05T12:00:00Z", NOON),
        ("2026-01-05T12:00:00", NOON),
        (NOON.timestamp(), NOON),
        (int(NOON.timestamp()) * 1000, NOON),
        (str(int(NOON.timestamp())), NOON),
        (True, None),
        (-5, None),
        (10**30, None),
        (float("inf"), None),
        (float("nan"), None),
        ("yesterday", None),
        ("9999-12-31T23:59:59-14:00", None),
        (None, None),
        ([], None),
        pytest.param(10**400, None, id="JSON knows no largest number, and a float holds no such one"),
        pytest.param(-(10**400), None, id="nor its negative"),
    ],
)
def test_an_instant_is_read_or_is_nothing(given: object, expected: datetime | None) -> None:
    assert instant(given) == expected


@given(st.text(max_size=50))
def test_text_is_what_every_database_takes(value: str) -> None:
    found = text(value)

    assert "\x00" not in found
    found.encode("utf-8")


def test_a_path_leads_through_objects_and_lists() -> None:
    document = {"answers": [{"text": "yes"}]}

    assert at(document, "answers.0.text") == "yes"
    assert at(document, "answers.1.text") is at(document, "answers.text") is at(document, "a.b") is None


def test_ids_go_up_even_when_the_clock_goes_back() -> None:
    ids = Uuid7()
    moments = [NOON, NOON, NOON - timedelta(hours=1), NOON + timedelta(milliseconds=1)]
    made = [ids.at(moment) for moment in moments for _ in range(3000)]

    assert made == sorted(set(made))
    assert {one.version for one in made} == {7}
    assert {one.variant for one in made} == {"specified in RFC 4122"}
    assert made[0].int >> 80 == int(NOON.timestamp() * 1000)


def test_a_bucket_lets_a_burst_through_and_then_so_many_a_second() -> None:
    buckets = Buckets(Rate(per_second=2, burst=3))
    first = [buckets.wait("198.51.100.7", 0.0) for _ in range(4)]

    assert first == [0, 0, 0, 1]
    assert buckets.wait("198.51.100.8", 0.0) == 0
    assert [buckets.wait("198.51.100.7", 1.0) for _ in range(3)] == [0, 0, 1]


def test_buckets_are_bounded_however_many_addresses_come() -> None:
    buckets = Buckets(Rate(per_second=0.001, burst=1), most=10)
    for number in range(1000):
        buckets.wait(f"address-{number}", 0.0)

    assert len(buckets._levels) <= 10


@pytest.mark.parametrize(
    ("wire", "signed"),
    [
        ("https://a.example/x?to=ada%40acme.example", "https://a.example/x?to=ada@acme.example"),
        ("https://a.example/x?y=%28a%29%2c%3B", "https://a.example/x?y=(a),;"),
        ("https://a.example/x?keep=%20%26%3D%2B%25", "https://a.example/x?keep=%20%26%3D%2B%25"),
    ],
)
def test_twelve_escapes_are_undone_and_only_those(wire: str, signed: str) -> None:
    assert signed_uri(wire) == signed


PRIME = 2**255 - 19
CURVE = -121665 * pow(121666, -1, PRIME) % PRIME


def point_of(encoded: bytes) -> tuple[int, int] | None:
    """Decompresses an Ed25519 point (RFC 8032, section 5.1.3), also from an encoding that is not canonical."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    square = (y * y - 1) * pow(CURVE * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    if (x * x - square) % PRIME:
        return None
    return (PRIME - x if x & 1 != sign else x) % PRIME, y % PRIME


def doubled(point: tuple[int, int]) -> tuple[int, int]:
    x, y = point
    product = CURVE * x * x * y * y
    return (
        2 * x * y * pow(1 + product, -1, PRIME) % PRIME,
        (y * y + x * x) * pow(1 - product, -1, PRIME) % PRIME,
    )


@pytest.mark.parametrize("encoded", sorted(_LOW_ORDER), ids=lambda one: one.hex()[:8] + one.hex()[-2:])
def test_each_refused_key_is_of_small_order(encoded: bytes) -> None:
    point = point_of(encoded)

    assert point is not None
    assert doubled(doubled(doubled(point))) == (0, 1)
