"""Addresses of other people's doors, as somebody wrote them down: what may be called at all, and what never."""

from ipaddress import ip_address
from urllib.parse import urlsplit

LONGEST = 2000
"""Characters."""


def fault_of(url: str) -> str:
    """What is wrong with it, in a sentence; empty where it may be called.

    Whoever reads the address on the way must not read or change what is sent to it, so only this very machine may be
    spoken to in the clear; a password in an address is a secret where none belongs.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "this is no address: write it as https://tool.example/hooks"
    if len(url) > LONGEST or any(character.isspace() or not character.isprintable() for character in url):
        return f"an address has at most {LONGEST} characters, and no blanks"
    if parts.scheme not in {"https", "http"} or not host:
        return "write the whole address: https://tool.example/hooks"
    if parts.username is not None or parts.password is not None:
        return "no password belongs in an address: whoever is called knows us by the signature"
    if parts.scheme == "http" and not is_loopback(host):
        return "only this machine may be spoken to without encryption: write https://"
    return ""


def is_loopback(host: str) -> bool:
    """Whether the host is written as this very machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
