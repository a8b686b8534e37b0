"""Makes strangers' text harmless before any channel escapes it: no controls, no tricks of direction, no links."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_SPACES = re.compile(r"[ \t]+")
_BLANK_LINES = re.compile(r"\n{3,}")
_MARKS = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_STACKED = re.compile(f"({_MARKS}{{3}}){_MARKS}+")
_SCHEME = re.compile(r"(?i)([a-z][a-z0-9+.-]{1,20}):(?=//|[^\s\d])")
_HOST = re.compile(r"(?i)(?<=[a-z0-9-])\.(?=[a-z0-9])")
_LINKISH = re.compile(r"(?i)(?:[a-z][a-z0-9+.-]{1,20}:/*[^\s<>\"']+|(?:[a-z0-9-]+\.)+[a-z]{2,}[^\s<>\"']*)")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_PHONE = re.compile(r"\+?[0-9][0-9 ().-]{4,24}")
LONGEST_URL = 2_000
GAP = "\u200b"
"""A zero-width space: invisible, and no program sees a link across it."""


def clean(text: str, limit: int = 4000) -> str:
    """The text without control, direction or invisible characters, at most `limit` UTF-16 units, newlines kept."""
    if not text.replace("\n", " ").isprintable():  # all that `_BREAKS` and `_CONTROL` find, and tabs, are not
        text = _CONTROL.sub("", _BREAKS.sub("\n", text))
    if not text.isascii():
        text = _STACKED.sub(r"\1", text)
    if "  " in text or "\t" in text:
        text = _SPACES.sub(" ", text)
    if "\n\n\n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    return clipped(text.strip(), limit)


def one_line(text: str, limit: int = 200) -> str:
    """Cleaned, on one line: for headings, subjects and labels."""
    return clipped(" ".join(clean(text, limit * 4).split()), limit)


def units(text: str) -> int:
    """Length in UTF-16 code units: what providers written in Java and JavaScript count."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def clipped(text: str, limit: int) -> str:
    """At most `limit` UTF-16 units; what was cut off is marked by an ellipsis."""
    if units(text) <= limit:
        return text
    kept, total = [], 0
    for character in text:
        total += 2 if character > "\uffff" else 1
        if total > limit - 1:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…"


def defanged(text: str) -> str:
    """The same text to the eye, in which no mail client and no chat program finds a link."""
    if ":" in text:
        text = _SCHEME.sub(r"\1:" + GAP, text)
    return _HOST.sub("." + GAP, text) if "." in text else text


def linkish(texts: Iterable[str]) -> tuple[str, ...]:
    """What looks like a link in these texts, longest first."""
    suspect = [text for text in texts if ":" in text or "." in text]
    return tuple(sorted({found for text in suspect for found in _LINKISH.findall(text)}, key=len, reverse=True))


def without(text: str, strangers: Iterable[str]) -> str:
    """The text in which these strangers' links are defanged; the playbook's own links stay."""
    for link in strangers:
        text = text.replace(link, defanged(link))
    return text


def safe_url(url: str) -> str:
    """The URL if it is a plain absolute https one; else nothing."""
    try:
        parts = urlsplit(url)
        ok = parts.scheme == "https" and parts.hostname and not parts.username and len(url) <= LONGEST_URL
    except ValueError:
        return ""
    return url if ok and not re.search(r"[\s<>\"'`|\\\x00-\x20\x7f]", url) else ""


def email_address(text: str) -> str:
    """The address if it is one that can be put into a `mailto:` link; else nothing."""
    return text if _EMAIL.fullmatch(text) else ""


def phone_number(text: str) -> str:
    """The digits (and a leading +) if it is a number that can be put into a `tel:` link; else nothing."""
    return ("+" if text.startswith("+") else "") + re.sub(r"\D", "", text) if _PHONE.fullmatch(text) else ""
