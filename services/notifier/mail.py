"""A card as a mail: text and HTML, a stable Message-ID, threading headers, and links that do nothing by themselves."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.notifier.card import Card
from services.notifier.rendering import email_address, one_line
from services.notifier.sheet import Sheet, sheet_of

LONGEST_HTML = 90_000
"""Bytes; Gmail clips a mail at about 102 KB."""


@cache
def templates() -> Environment:
    """The mail's templates: everything is escaped in `.html`, nothing in `.txt`."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(("html",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def sender_of(written: str) -> str:
    """The bare address in `Name <address>`. Raises `SystemExit` with the mend where there is none."""
    address = parseaddr(written)[1]
    if "@" not in address:
        raise SystemExit(f"PLAYCALLER_SMTP_FROM is {written!r}: write it as `Playcaller <playcaller@example.com>`")
    return address


def message_id(key: str, written: str) -> str:
    """The same for every retry of one message, so that receivers may drop a second copy (RFC 5322 §3.6.4)."""
    return f"<play.{key}@{sender_of(written).rpartition('@')[2]}>"


def subject_of(card: Card, sheet: Sheet, *, reply: bool) -> str:
    """One line, no more than a phone shows twice."""
    subject = one_line(f"{sheet.priority} · {sheet.headline}" if sheet.priority else sheet.headline, 120)
    if card.triage and not reply:
        subject = f"Triage: {subject}"
    return f"Re: {subject}" if reply else subject


def html_of(card: Card) -> str:
    """The HTML part: tables and inline styles, light and dark, no image, no script, nothing loaded from anywhere."""
    return templates().get_template("mail.html").render(sheet=sheet_of(card), card=card)


def text_of(card: Card) -> str:
    """The text part: complete, with the link."""
    return templates().get_template("mail.txt").render(sheet=sheet_of(card), card=card)


def compose(card: Card, to: str, written_from: str, at: datetime, *, key: str, thread: str = "") -> EmailMessage:
    """The whole message for one recipient. `thread` is the Message-ID of the first mail about this handoff."""
    sheet = sheet_of(card)
    name, address = parseaddr(written_from)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(display_name=one_line(name, 60), addr_spec=address)
    mail["To"] = Address(display_name=one_line(card.recipient, 60), addr_spec=email_address(to))
    mail["Subject"] = subject_of(card, sheet, reply=bool(thread))
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = message_id(key, written_from)
    if thread:
        mail["In-Reply-To"] = thread
        mail["References"] = thread
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(text_of(card))
    html = html_of(card)
    if len(html.encode()) <= LONGEST_HTML:
        mail.add_alternative(html, subtype="html")
    return mail
