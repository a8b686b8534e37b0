"""Payloads of four senders in their vendors' shapes, about people who belong to one test alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

PAGE = "https://www.brightwater.example"
BROWSER = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0"
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@dataclass(frozen=True, slots=True)
class Post:
    """One webhook: from which source, by which of its doors, saying what."""

    source: str
    payload: dict[str, Any]
    door: str = ""


def page(name: str, path: str, at: datetime, *, cookie: str, agent: str = BROWSER) -> Post:
    """A page view of a browser that has no name yet. `name` is the sender's own id of it."""
    return Post("segment", _call("page", name, at, cookie, {"path": path, "url": PAGE + path}, agent=agent), "/v1/page")


def whitepaper(name: str, at: datetime, *, cookie: str = "", email: str = "") -> Post:
    """A whitepaper that somebody took, with or without leaving an address."""
    properties = {"asset": f"whitepaper-{name}", "title": "The first two hours of the day"}
    call = _call("track", name, at, cookie, properties)
    call["event"] = "Whitepaper Downloaded"
    if email:
        call["context"]["traits"] = {"email": email}
    return Post("segment", call, "/v1/track")


def identified(name: str, at: datetime, *, cookie: str, **traits: str) -> Post:
    """What a page says of whoever sits before it."""
    return Post("segment", {**_call("identify", name, at, cookie, {}), "traits": traits}, "/v1/identify")


def clicks(name: str, at: datetime, count: int, *, email: str) -> Post:
    """One after the other, `count` different links of one mail were opened, all within this second."""
    batch = []
    for number in range(count):
        link = {"link_url": f"{PAGE}/mail/{name}/{number}", "email_subject": "June"}
        call = _call("track", f"{name}-{number}", at, f"mail-{name}", link)
        call["event"] = "Email Link Clicked"
        call["context"]["traits"] = {"email": email}
        batch.append({"type": "track", **call})
    return Post("segment", {"batch": batch, "sentAt": stamp(at)}, "/v1/batch")


def _call(
    word: str, name: str, at: datetime, cookie: str, properties: dict[str, Any], *, agent: str = BROWSER
) -> dict[str, Any]:
    return {
        "type": word,
        "messageId": f"ajs-{name}",
        "anonymousId": cookie,
        "properties": properties,
        "context": {"userAgent": agent, "library": {"name": "analytics.js", "version": "next-1.70.0"}},
        "timestamp": stamp(at),
    }


def typeform(name: str, at: datetime, *, email: str, title: str = "Your mornings", **answers: str) -> Post:
    """A Typeform response; `answers` are (reference of the question, what was typed)."""
    said = [{"type": "email", "email": email, "field": {"id": "mail", "ref": "email", "type": "email"}}]
    for reference, answer in answers.items():
        kind = "phone_number" if reference == "phone" else "text"
        field = {"id": reference, "ref": reference, "type": kind}
        said.append({"type": kind, kind: answer, "field": field})  # type: ignore[dict-item]  # the vendor's own shape
    response = {
        "form_id": f"form-{name}",
        "token": f"token-{name}",
        "submitted_at": stamp(at),
        "hidden": {},
        "definition": {"title": title, "fields": []},
        "answers": said,
    }
    return Post("typeform", {"event_id": f"event-{name}", "event_type": "form_response", "form_response": response})


def consultation(name: str, at: datetime, *, email: str, **answers: str) -> Post:
    """Somebody asks to talk to somebody."""
    return typeform(name, at, email=email, title="Talk to us", consultation="yes", **answers)


def html_form(name: str, *, email: str, form: str, **fields: str) -> Post:
    """A form of the website's own, as a browser posts it. Nothing in it says when."""
    return Post("html_form", {"email": email, "form_id": form, "_submission_id": name, **fields})


def brought(name: str, at: datetime, *, email: str, **stated: str) -> Post:
    """A lead that a rep brings: what stands here is attested."""
    return Post("sales", {"id": f"badge-{name}", "met_at": stamp(at), "email": email, **stated})


def stamp(at: datetime) -> str:
    """RFC 3339, in milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
