"""Nobody who writes the playbook makes us call into our own network, however the address is written."""

import asyncio

import httpx
import pytest

from playcaller.servers.ports import free_ports
from services.notifier.outward import ForbiddenError, NotFoundError, Outward, is_public
from tests.notifier.marketing_tool import a_marketing_tool

INNER = (
    "10.0.0.5",
    "172.16.1.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "127.1",
    "2130706433",
    "0x7f.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::ffff:10.0.0.1]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:0a00:0001::]",
    "[fd00::1]",
    "[fe80::1]",
    "[ff02::1]",
)


@pytest.mark.parametrize("host", INNER)
async def test_an_address_of_our_own_network_is_not_called(host: str) -> None:
    outward = Outward(1.0)
    with pytest.raises(ForbiddenError, match="PLAYCALLER_NURTURE_INSIDE"):
        await outward.post(f"https://{host}/hooks", b"{}", {})
    await outward.close()


async def test_a_name_that_is_allowed_may_stand_inside() -> None:
    (port,) = free_ports(1)
    outward = Outward(1.0, inside=("127.1",))
    with pytest.raises(httpx.ConnectError):
        await outward.post(f"https://127.1:{port}/hooks", b"{}", {})
    await outward.close()


async def test_an_address_in_the_clear_is_not_called() -> None:
    outward = Outward(1.0, inside=("10.0.0.5",))
    with pytest.raises(ForbiddenError, match="https://"):
        await outward.post("http://10.0.0.5/hooks", b"{}", {})
    await outward.close()


async def test_a_name_that_nobody_knows_is_tried_again_later() -> None:
    outward = Outward(1.0)
    with pytest.raises(NotFoundError):
        await outward.post("https://tool.invalid/hooks", b"{}", {})
    await outward.close()


async def test_the_path_and_the_query_arrive_as_they_stand() -> None:
    async with a_marketing_tool() as tool:
        outward = Outward(5.0)
        said = {"webhook-id": "k", "webhook-timestamp": "0", "webhook-signature": "v1,none"}
        answer = await outward.post(tool.url, b"{}", said)
        await outward.close()

    assert answer.status_code == 401
    assert answer.request.url.raw_path == b"/hooks/nurture?list=7"


@pytest.mark.parametrize("number", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_the_public_internet_is_public(number: str) -> None:
    assert is_public(number)


async def test_an_answer_that_never_ends_is_an_answer() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\nand so on")
        await writer.drain()
        await reader.read()  # until we hang up
        writer.close()

    outward = Outward(5.0)
    async with await asyncio.start_server(endless, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        answer = await outward.post(f"http://127.0.0.1:{port}/hooks", b"{}", {})
        await outward.close()

    assert answer.status_code == 200
