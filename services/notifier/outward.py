"""Calls of addresses that somebody wrote into the playbook: not into our own network, unless a setting says so.

A name is looked up once, everything it stands for is looked at, and what was looked at is what is called: a name that
stands for something else a moment later leads nowhere (DNS rebinding). Certificates are checked against the name.
"""

import asyncio
import socket
import ssl
from collections.abc import Collection
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpx

from runtime.addresses import fault_of, is_loopback

_PORTS = {"https": 443, "http": 80}


class ForbiddenError(ValueError):
    """Nothing was sent. The message says why, without a secret."""


class NotFoundError(OSError):
    """Nothing was sent: nobody knows the name at this moment."""


class Outward:
    """Posts bytes. `inside` are host names in our own network that may be called all the same, over https."""

    def __init__(self, timeout: float, inside: Collection[str] = (), trusted: ssl.SSLContext | None = None) -> None:
        self._inside = frozenset(name.lower() for name in inside)
        self._client = httpx.AsyncClient(
            timeout=timeout,
            trust_env=False,
            follow_redirects=False,
            verify=trusted or _the_public(),
        )

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """The answer, whatever it is; a redirect is one. What it says is not read: it may be endless.

        Raises `ForbiddenError` and `NotFoundError` where nothing was sent, and what httpx raises.
        """
        if fault := fault_of(url):
            raise ForbiddenError(fault)
        asked = httpx.URL(url)
        place = await self._place(asked)
        target = asked.copy_with(host=place)
        host = asked.netloc.decode("ascii")
        request = self._client.build_request(
            "POST",
            target,
            content=body,
            headers={**headers, "host": host},
            extensions={"sni_hostname": asked.raw_host.decode()},
        )
        answer = await self._client.send(request, stream=True)
        await answer.aclose()
        return answer

    async def _place(self, asked: httpx.URL) -> str:
        """The number to call. Of several the first, once all of them may be called."""
        host = asked.host
        port = asked.port or _PORTS[asked.scheme]
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError):
            raise NotFoundError(f"nobody knows the host {host}") from None
        places = list(dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found))
        if not places:
            raise NotFoundError(f"nobody knows the host {host}")
        if is_loopback(host):
            outside = [one for one in places if not ip_address(one).is_loopback]
        else:
            outside = [] if host.lower() in self._inside else [one for one in places if not is_public(one)]
        if outside:
            raise ForbiddenError(f"the host {host} stands in our own network: name it in PLAYCALLER_NURTURE_INSIDE")
        return places[0]

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()


@cache
def _the_public() -> ssl.SSLContext:
    """Who is trusted on the internet. To read them all takes a moment; nobody changes what was read."""
    return ssl.create_default_context()


def is_public(number: str) -> bool:
    """Whether this address is one of the public internet: no own network, no link, no machine, no cloud's door."""
    address = ip_address(number)
    if isinstance(address, IPv6Address):
        address = _embedded(address) or address
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address in it that is called in truth: mapped (RFC 4291), 6to4 (RFC 3056), NAT64 (RFC 6052)."""
    translated = IPv4Address(int(address) & 0xFFFFFFFF) if int(address) >> 32 == _NAT64 else None
    return address.ipv4_mapped or address.sixtofour or translated


_NAT64 = int(IPv6Address("64:ff9b::")) >> 32
