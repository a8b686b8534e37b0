"""Normalises what tells one person from another: email, phone, cookie. What does not hold up gives nothing."""

import re
from urllib.parse import unquote

import phonenumbers

from schemas.event import Identifier, IdentifierKind
from schemas.fact import Trust
from services.ingest.plain import text

_EMAIL = re.compile(r"[^@\s,;<>\"()\[\]\\]{1,64}@[^@\s,;<>\"()\[\]\\.]+(?:\.[^@\s,;<>\"()\[\]\\.]+)+")
_LONGEST_EMAIL = 254
_LONGEST_COOKIE = 200
_LONGEST_PHONE = 40


def email(value: object, trust: Trust) -> Identifier | None:
    """The address, lower-cased (RFC 5321 allows 254 characters); nothing where it is no address."""
    address = text(value, 300).lower()
    if address.startswith(("mailto:", "<")):
        address = address.removeprefix("mailto:").strip("<> ")
    if len(address) > _LONGEST_EMAIL or _EMAIL.fullmatch(address) is None:
        return None
    return Identifier(kind=IdentifierKind.EMAIL, value=address, trust=trust)


def phone(value: object, trust: Trust, country: str = "") -> Identifier | None:
    """The number in E.164 (ITU-T). `country` is an ISO 3166 code; without it only international numbers count."""
    number = text(value, _LONGEST_PHONE)
    if not number:
        return None
    region = country.strip().upper() if len(country.strip()) == 2 else None  # noqa: PLR2004  (ISO 3166-1 alpha-2)
    if number.startswith("00"):
        number = "+" + number[2:]
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return Identifier(kind=IdentifierKind.PHONE, value=written, trust=trust)


def cookie(namespace: str, value: object, trust: Trust) -> Identifier | None:
    """An anonymous id as `<namespace>:<value>`. Quotes and percent signs that browsers put around it are undone."""
    plain = text(unquote(value) if isinstance(value, str) and "%" in value else value, _LONGEST_COOKIE + 2).strip('"')
    if not plain or len(plain) > _LONGEST_COOKIE or len(plain.split()) != 1:
        return None
    return Identifier(kind=IdentifierKind.COOKIE, value=f"{namespace}:{plain}", trust=trust)
