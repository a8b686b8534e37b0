"""Plain HTML forms: what a visitor typed, where they are sent then, and what a machine fills in."""

import hashlib
from urllib.parse import urlencode

import httpx
import pytest

from schemas.event import Event, IdentifierKind, Mark
from services.ingest.sample import Sample, samples
from services.ingest.sources.html_form import may_redirect
from tests.ingest.doors import PAGE, House

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Origin": PAGE}
PATH = "/webhooks/html_form"


def sample(name: str) -> Sample:
    return next(one for one in samples("html_form") if one.file.name == name)


async def posted(home: House, fields: dict[str, str], **headers: str) -> tuple[httpx.Response, Event]:
    answer = await home.client.post(PATH, content=urlencode(fields), headers={**FORM, **headers})
    (event,) = await home.events()
    return answer, event


def claimed(event: Event) -> dict[str, str]:
    return {claim.field: claim.value for claim in event.claims}


async def test_qualification_answers_are_first_class(home: House) -> None:
    await home.send(sample("quote.txt"))
    (event,) = await home.events()
    said = claimed(event)

    assert said["budget"] == "yes"
    assert said["time_frame"] == "this_quarter"
    assert said["contact_way"] == "phone"
    assert said["consultation"] == "yes"
    assert said["product"] == "Difference engine, Punch cards"
    assert event.properties["form_id"] == "quote"
    assert event.properties["form_variant"] == "short"
    assert event.properties["form_fields"] == 12


async def test_a_national_number_counts_where_the_country_is_known(home: House) -> None:
    _, british = await posted(home, {"phone": "020 7946 0018", "country": "GB"})

    assert [one.value for one in british.identifiers] == ["+442079460018"]


async def test_a_national_number_without_a_country_is_kept_as_typed_but_tells_nobody_apart(home: House) -> None:
    _, event = await posted(home, {"phone": "020 7946 0018"})

    assert event.identifiers == ()
    assert claimed(event) == {"phone_as_typed": "020 7946 0018"}


async def test_a_hidden_field_and_a_cookie_carry_the_same_anonymous_id(home: House) -> None:
    await home.client.post(PATH, content="email=ada%40acme.example&anonymous_id=anon-7c41", headers=FORM)
    await home.client.post(
        PATH,
        content="email=ada%40acme.example",
        headers={**FORM, "Cookie": "theme=dark; ajs_anonymous_id=%22anon-7c41%22"},
    )
    cookies = [
        one.value for event in await home.events() for one in event.identifiers if one.kind is IdentifierKind.COOKIE
    ]

    assert cookies == ["segment:anon-7c41", "segment:anon-7c41"]


async def test_a_honeypot_marks_the_event_and_keeps_it(home: House) -> None:
    await home.send(sample("honeypot.txt"))
    (event,) = await home.events()

    assert event.marks == (Mark.HONEYPOT,)
    assert claimed(event)["consultation"] == "yes"


async def test_a_robots_agent_marks_the_event(home: House) -> None:
    _, event = await posted(home, {"email": "ada@acme.example"}, **{"User-Agent": "AhrefsBot/7.0"})

    assert event.marks == (Mark.BOT,)


async def test_a_stranger_cannot_name_an_owner_or_a_lifecycle(home: House) -> None:
    _, event = await posted(home, {"email": "ada@acme.example", "owner": "grace", "brought_by": "grace"})

    assert "owner" not in claimed(event)
    assert claimed(event)["custom_owner"] == "grace"
    assert "brought_by" not in event.properties


async def test_the_address_stands_in_no_clear_in_the_event(home: House) -> None:
    _, event = await posted(home, {"email": "ada@acme.example"})

    assert event.properties["address"]
    assert "127.0.0.1" not in str(event.properties)


async def test_a_file_is_kept_by_reference(home: House) -> None:
    answer = await home.send(sample("with_file.multipart"))
    (event,) = await home.events()
    (file,) = event.attachments
    content = b"%PDF-1.4\nnot much of a document\n"

    assert answer.status_code == 303
    assert (file.name, file.media_type, file.size) == ("Spezifikation Webstühle.pdf", "application/pdf", len(content))
    assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert home.files.path(file.sha256).read_bytes() == content
    assert event.raw
    assert content not in event.raw.body
    assert claimed(event)["full_name"] == "Grace Höpper"


async def test_the_same_form_in_another_boundary_is_the_same_event(home: House) -> None:
    chosen = sample("with_file.multipart")
    boundary = chosen.media_type.partition("boundary=")[2]
    await home.send(chosen)
    await home.client.post(
        PATH,
        content=chosen.body.replace(boundary.encode(), b"quite-another-boundary"),
        headers={"Content-Type": "multipart/form-data; boundary=quite-another-boundary", "Origin": PAGE},
    )
    first, second = await home.events()

    assert first.dedup_key == second.dedup_key


async def test_a_file_over_the_limit_is_refused_and_leaves_nothing(home: House) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="big.bin"\r\n\r\n'
        + b"x" * 3_000_000
        + b"\r\n--b--\r\n"
    )
    answer = await home.client.post(
        PATH, content=body, headers={"Content-Type": "multipart/form-data; boundary=b", "Origin": PAGE}
    )

    assert answer.status_code == 413
    assert list((home.files.path("ab").parents[1] / "incoming").glob("*")) == []
    assert await home.nothing()


async def test_the_charset_of_the_page_is_honoured(home: House) -> None:
    body = b"name=Gr%FCn&_charset_=windows-1252"
    await home.client.post(PATH, content=body, headers=FORM)
    (event,) = await home.events()

    assert claimed(event)["full_name"] == "Grün"


async def test_nul_bytes_and_lone_surrogates_do_not_get_in(home: House) -> None:
    await home.client.post(PATH, content=b"name=Ada%00Byron&message=%ED%A0%80", headers=FORM)
    (event,) = await home.events()

    assert claimed(event)["full_name"] == "AdaByron"
    assert "\x00" not in str(event.claims)


async def test_a_browser_is_sent_to_the_thank_you_page_it_asked_for(home: House) -> None:
    answer, _ = await posted(home, {"email": "ada@acme.example", "_redirect": f"{PAGE}/offers/winter"})

    assert answer.status_code == 303
    assert answer.headers["location"] == f"{PAGE}/offers/winter"


async def test_nobody_is_sent_to_a_page_that_is_not_ours(home: House) -> None:
    answer, _ = await posted(home, {"email": "ada@acme.example", "_redirect": "https://evil.example/"})

    assert answer.headers["location"] == f"{PAGE}/thanks"


@pytest.mark.parametrize(
    "wished",
    [
        f"{PAGE}/offers/../admin",
        f"{PAGE}/offers/%2e%2e/admin",
        f"{PAGE}.evil.example/offers/",
        f"{PAGE}/thanks?x",
        f"{PAGE}/offers/\r\nSet-Cookie: a=b",
        f"{PAGE}\\@evil.example/offers/",
        "javascript:alert(1)",
        "//evil.example",
        "",
    ],
)
def test_a_redirect_outside_the_list_is_refused(wished: str) -> None:
    assert not may_redirect(wished, (f"{PAGE}/thanks", f"{PAGE}/offers/"))


async def test_a_script_gets_json_it_may_read(home: House) -> None:
    answer, _ = await posted(home, {"email": "ada@acme.example"}, Accept="application/json")

    assert answer.json() == {"status": "accepted"}
    assert answer.headers["access-control-allow-origin"] == PAGE


async def test_a_browser_asks_before_it_posts(home: House) -> None:
    ours = await home.client.options(PATH, headers={"Origin": PAGE})
    theirs = await home.client.options(PATH, headers={"Origin": "https://evil.example"})

    assert ours.headers["access-control-allow-origin"] == PAGE
    assert "access-control-allow-origin" not in theirs.headers


async def test_another_pages_form_is_refused(home: House) -> None:
    answer = await home.client.post(
        PATH, content="email=ada%40acme.example", headers={**FORM, "Origin": "https://evil.example"}
    )

    assert answer.status_code == 403
    assert await home.nothing()
