"""Plain HTML forms: posted by a browser or by a page's script, with files, a honeypot and a thank-you page."""

import html
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

import msgspec

from schemas.event import EventType
from schemas.fact import Trust
from services.ingest.answer import ACCEPTED_ALOUD, Answer
from services.ingest.draft import Draft, MalformedError
from services.ingest.forms import MULTIPART, URLENCODED, Form, urlencoded
from services.ingest.gathering import Gathering
from services.ingest.hidden import ANONYMOUS, hidden_field, is_hidden
from services.ingest.origins import KnownOrigin
from services.ingest.plain import text
from services.ingest.source import Cors, Rate, Source
from services.ingest.verification import Verified
from services.ingest.webhook import Webhook

HONEYPOTS = frozenset({"_gotcha", "_honeypot", "_hp", "honeypot", "bot-field"})
"""Fields that people do not see. Whatever fills one in is a machine."""
REDIRECTS = ("_redirect", "_next", "_thanks")
IDENTITIES = ("_submission_id", "submission_id", "_id")
COOKIES = ("ajs_anonymous_id", "rl_anonymous_id")
"""Cookies in which analytics libraries keep the anonymous id."""
THANKS = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Thank you</title><body style="font:1.1rem/1.5 system-ui;margin:15vh auto;max-width:30rem;padding:0 1rem">
<h1>Thank you</h1><p>We have received your message and will be in touch.</p>{back}"""


def read(webhook: Webhook, _verified: Verified) -> Sequence[Draft]:
    """One posting as one form submission."""
    form = posted(webhook)
    found = Gathering()
    asked = 0
    for name, values in form.grouped():
        if name in HONEYPOTS:
            found.honeypot = found.honeypot or bool(values)
        elif name.startswith("_") and not name.startswith("_form"):
            continue
        else:
            asked += not is_hidden(name.lstrip("_"))
            hidden_field(found, name.lstrip("_"), values[0] if len(values) == 1 else list(values))
    found.page(webhook.header(b"referer"))  # after a hidden page_url, which knows more than most referrer policies tell
    for cookie in COOKIES:
        found.cookie(ANONYMOUS, _cookie(webhook, cookie), Trust.CLAIMED)
    found.note("form_fields", asked)
    found.attachments = form.files
    found.agent, found.address = text(webhook.header(b"user-agent"), 300), webhook.address
    encoded = form.encoded()
    draft = found.draft(
        EventType.FORM_SUBMITTED,
        webhook.content if webhook.form is None else encoded,
        identity=form.first(*IDENTITIES) or encoded.decode("ascii", "replace"),
        media_type=URLENCODED,
    )
    return [msgspec.structs.replace(draft, name=text(draft.properties.get("form_name"), 200) or "form")]


def posted(webhook: Webhook) -> Form:
    """The form's fields, however it was encoded. Raises `MalformedError`."""
    if webhook.form is not None:
        return webhook.form
    try:
        return urlencoded(webhook.content)
    except ValueError as fault:
        raise MalformedError(f"the form cannot be read: {fault}") from None


def answer(webhook: Webhook) -> Answer:
    """303 to an allowed thank-you page for a browser, JSON for a script, a page of our own where none is configured."""
    if "application/json" in webhook.header(b"accept"):
        return ACCEPTED_ALOUD
    wished = posted(webhook).first(*REDIRECTS)
    allowed = webhook.site.redirects
    target = wished if may_redirect(wished, allowed) else next((one for one in allowed if not one.endswith("/")), "")
    if target:
        return Answer(303, ((b"location", target.encode("ascii")), (b"cache-control", b"no-store")))
    back = webhook.header(b"referer")
    link = f'<p><a href="{html.escape(back)}">Back</a></p>' if _is_web(back) else ""
    return Answer(200, ((b"content-type", b"text/html; charset=utf-8"),), THANKS.format(back=link).encode())


def may_redirect(wished: str, allowed: Sequence[str]) -> bool:
    """Is it one of the allowed pages, or below an allowed prefix (which ends in `/`)? No other may be sent to."""
    if not _is_web(wished) or not wished.isascii() or any(letter <= " " or letter == "\\" for letter in wished):
        return False
    if "/../" in f"{urlsplit(wished).path}/" or "%2e" in wished.lower():
        return False
    return any(wished == one or (one.endswith("/") and wished.startswith(one)) for one in allowed)


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"https", "http"} and bool(parts.netloc)


def _cookie(webhook: Webhook, name: str) -> str | None:
    pairs = (pair.strip().partition("=") for pair in webhook.header(b"cookie").split(";"))
    return next((value for known, _, value in pairs if known == name), None)


SOURCE = Source(
    name="html_form",
    title="HTML form",
    docs=("https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#form-submission-algorithm",),
    attested="Nothing.",
    claimed="Everything: whoever finds the form can type anything.",
    identified_by="A hidden field `_submission_id` where the page has one, else all fields together.",
    verification=KnownOrigin(),
    read=read,
    retries_for=timedelta(),
    media_types=(URLENCODED, MULTIPART),
    options={"open": "take forms from any page, also from none"},
    answer=answer,
    cors=Cors.CONFIGURED,
    rate=Rate(per_second=20, burst=200),
    files=True,
)
