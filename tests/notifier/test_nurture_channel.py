"""The marketing tool's channel by itself: its secrets, while one takes the place of another, and its certificates."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from runtime.clock import ManualClock
from schemas.enrolment import Contact
from services.notifier.card import Card, enrolment_card
from services.notifier.channel import Delivered, Failed
from services.notifier.channels.nurture import Nurture, keys_of
from services.notifier.enrolments import payload
from services.notifier.outward import Outward
from tests.notifier.builders import NOON, an_enrolment
from tests.notifier.certificates import a_certificate
from tests.notifier.marketing_tool import SECRET, MarketingTool, a_marketing_tool


async def test_while_a_secret_is_replaced_both_sign() -> None:
    new = "whsec_YW5vdGhlciB0d28gZG96ZW4gYnl0ZXMgb2Ygc2VjcmV0"
    both = keys_of_text(f"{SECRET}, {new}")
    channel = Nurture(Outward(5.0), ManualClock(NOON), both)
    async with a_marketing_tool() as tool:
        told = []
        for tool.secret in (SECRET, new):
            told.append(await channel.send(dressed(tool), tool.url, "a key"))
    await channel.close()

    assert [type(one) for one in told] == [Delivered, Delivered]


def keys_of_text(text: str) -> tuple[bytes, ...]:
    return keys_of(SecretStr(text))


@pytest.mark.parametrize("secret", ["", "whsec_", "short", "whsec_c2hvcnQ=", "whsec_no base64 at all", f"{SECRET},x"])
def test_a_secret_that_is_none_stops_the_start_and_is_not_repeated(secret: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        keys_of_text(secret)

    assert "openssl rand -base64 32" in str(stopped.value)
    assert secret.strip("whsec_") == "" or secret not in str(stopped.value)


async def test_a_tool_over_tls_is_known_by_its_name(tmp_path: Path) -> None:
    server, trusting = a_certificate(tmp_path, "localhost")
    async with a_marketing_tool("localhost", server) as tool:
        outward = Outward(5.0, trusted=trusting)
        channel = Nurture(outward, ManualClock(NOON), keys_of_text(SECRET))
        told = await channel.send(dressed(tool), tool.url, "a key")
        await channel.close()

    assert (type(told), tool.seen[0]["Host"]) == (Delivered, tool.url.split("/")[2])


async def test_a_tool_with_anothers_certificate_is_told_nothing(tmp_path: Path) -> None:
    server, trusting = a_certificate(tmp_path, "tool.example")
    async with a_marketing_tool("localhost", server) as tool:
        channel = Nurture(Outward(5.0, trusted=trusting), ManualClock(NOON), keys_of_text(SECRET))
        told = await channel.send(dressed(tool), tool.url, "a key")
        await channel.close()

    assert isinstance(told, Failed)
    assert tool.asked == []


def dressed(tool: MarketingTool) -> Card:
    return enrolment_card(an_enrolment(address=tool.url), 1, NOON)


def test_a_name_with_a_link_in_it_is_not_mailed_on() -> None:
    advert = Contact(email="victim@acme.example", name="Win at https://evil.example now", company="www.evil.example")
    said = payload(an_enrolment(contact=advert), 1)["data"]["contact"]

    assert said == {"email": "victim@acme.example", "name": "", "title": "", "company": "", "phone": ""}
