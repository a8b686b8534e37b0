"""The guard at the inbox's door: where it may listen, under which names it answers, and who is asking."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from fastapi import Request

from services.notifier.links import Links
from services.notifier.settings import NotifierSettings

COOKIE = "playcaller_session"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who may look. `identity` is what the proxy says; empty for whoever sits at the machine or has the token."""

    session: str
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Turned:
    """Who may not, and what to do about it. `door`: ask for the inbox's token."""

    status: int
    sentence: str
    door: bool = False


def checked_binding(settings: NotifierSettings) -> None:
    """Raises `SystemExit` with the mend where the inbox would stand open to the network."""
    if settings.notifier_host in LOOPBACK or _loopback(settings.notifier_host):
        return
    if settings.inbox_token is None and not settings.trusted_proxies:
        raise SystemExit(
            f"The inbox would listen on {settings.notifier_host} for everybody. Set PLAYCALLER_INBOX_TOKEN, or "
            "PLAYCALLER_TRUSTED_PROXIES to the network of the proxy that says who is asking, or listen on 127.0.0.1."
        )


class Guard:
    """Decides about every request for the inbox."""

    def __init__(self, settings: NotifierSettings, links: Links) -> None:
        self._settings, self._links = settings, links
        self._hosts = LOOPBACK | {host.lower() for host in settings.inbox_hosts}
        self._hosts |= {urlsplit(settings.public_url).hostname or "localhost"}
        self._proxies: list[IPv4Network | IPv6Network] = [_network(one) for one in settings.trusted_proxies]

    def look_at(self, request: Request) -> Visitor | Turned:
        """Who is it? The proxy's header counts only when the proxy itself is the one who connects."""
        if not self._host_fits(request):
            return Turned(421, "This inbox does not answer under that name. Add it to PLAYCALLER_INBOX_HOSTS.")
        session = self._links.session_of(request.cookies.get(COOKIE, ""))
        name = session[0] if session else ""
        if self._from_proxy(request):
            identity = request.headers.get(self._settings.identity_header, "").strip().lower()
            if identity:
                return Visitor(name, identity)
            return Turned(401, "The proxy does not say who you are: sign in there first.")
        if self._settings.inbox_token is not None:
            known = session is not None and session[1]
            return Visitor(name) if known else Turned(401, "Enter the inbox's token.", door=True)
        here = request.client is not None and _loopback(request.client.host)
        return Visitor(name) if here else Turned(403, "Only the proxy may ask from another machine.")

    def own_form(self, request: Request) -> bool:
        """Does this POST come from our own page, as far as the browser tells? The form's token decides beside it.

        Our pages send no referrer, for which browsers write `Origin: null`: then Sec-Fetch-Site is what counts.
        """
        if not self._host_fits(request):
            return False
        site = request.headers.get("sec-fetch-site", "")
        if site:
            return site == "same-origin"
        origin = request.headers.get("origin", "")
        return origin in {"", "null"} or urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()

    def _host_fits(self, request: Request) -> bool:
        try:
            host = urlsplit("//" + request.headers.get("host", "")).hostname
        except ValueError:
            return False
        return host is not None and host.lower() in self._hosts

    def _from_proxy(self, request: Request) -> bool:
        if request.client is None:
            return False
        try:
            peer = ip_address(request.client.host)
        except ValueError:
            return False
        return any(peer in network for network in self._proxies)


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _network(written: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(written, strict=False)
    except ValueError:
        raise SystemExit(f"PLAYCALLER_TRUSTED_PROXIES: {written!r} is no network; write it as 10.0.0.0/8") from None
