"""A posted HTML form: its fields in order, its files by reference; the urlencoded kind is read here."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode

import msgspec

from schemas.event import Attachment

MOST_FIELDS = 300
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

_CHARSET = re.compile(rb"(?:^|&)_charset_=([A-Za-z0-9_.:-]{1,40})(?:&|$)")
_CHARSETS = frozenset(
    {
        "utf-8",
        "utf8",
        "us-ascii",
        "iso-8859-1",
        "iso-8859-2",
        "iso-8859-9",
        "iso-8859-15",
        "windows-1250",
        "windows-1251",
        "windows-1252",
        "windows-1254",
        "koi8-r",
        "shift_jis",
        "euc-jp",
        "iso-2022-jp",
        "gbk",
        "gb18030",
        "big5",
        "euc-kr",
    },
)
"""The encodings that the WHATWG Encoding standard lets a page post in and that stay linear to decode."""


class Form(msgspec.Struct, frozen=True):
    """What a visitor sent. A name may stand more than once."""

    fields: tuple[tuple[str, str], ...] = ()
    files: tuple[Attachment, ...] = ()

    def first(self, *names: str) -> str:
        """The first field of any of these names that says something; empty otherwise."""
        return next((value for wanted in names for name, value in self.fields if name == wanted and value), "")

    def grouped(self) -> Iterator[tuple[str, list[str]]]:
        """Each name once, with all its values that say something (checkboxes repeat their name)."""
        values: dict[str, list[str]] = {}
        for name, value in self.fields:
            kept = values.setdefault(name, [])
            if value.strip():
                kept.append(value)
        yield from values.items()

    def encoded(self) -> bytes:
        """The form as urlencoded UTF-8, each file as `sha256:<hex>`: the same for every way of posting it."""
        files = [(f"file:{one.name}", f"sha256:{one.sha256}") for one in self.files]
        return urlencode([*self.fields, *files], errors="replace").encode()


def urlencoded(body: bytes) -> Form:
    """The fields of an urlencoded body (WHATWG URL standard, section 5.1), in the charset that `_charset_` names.

    Raises `ValueError` for more than `MOST_FIELDS` fields.
    """
    charset = charset_of(body)
    pairs = parse_qsl(
        body.decode(charset, "replace"),
        keep_blank_values=True,
        encoding=charset,
        errors="replace",
        max_num_fields=MOST_FIELDS,
    )
    return Form(tuple(pairs))


def charset_of(body: bytes) -> str:
    """The charset that the browser filled into `_charset_`; UTF-8 where there is none that we know."""
    found = _CHARSET.search(body)
    named = found[1].decode().lower() if found else "utf-8"
    return named if named in _CHARSETS else "utf-8"
