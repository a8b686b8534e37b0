"""A play filled in for one lead and one rep: plain text, complete for everybody, never what they have already read."""

from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from schemas.brief import Brief
from schemas.play import Content, PlayText
from services.router.adapters.templates import clean, complete, said
from services.router.domain.playbook import Play
from services.router.domain.team import Rep

_NAMELESS = frozenset({"", "name not known", "unknown", "anonymous"})
"""What a brief says where there is no name. A visitor is called by no name at all rather than by the wrong one."""


def render(play: Play, brief: Brief, rep: Rep, *, read: frozenset[str] = frozenset()) -> PlayText:
    """The play's text. `read` names what the lead has seen: addresses, paths or titles; none of that is sent again.

    Without a phone the play begins with its email-first variant. Raises `TemplateFault` only for a play that was never
    checked: `load` proves every template.
    """
    fresh = unread(play.content, read)
    values = complete(values_of(brief, rep, fresh))
    email_first = not brief.phone

    def say(text: str) -> str:
        return said(text, values)

    return PlayText(
        name=play.name,
        objective=say(play.objective),
        when_to_call=say(play.email_first if email_first and play.email_first else play.when_to_call),
        talk_track=say(play.talk_track),
        voicemail=say(play.voicemail),
        follow_up=say(play.follow_up),
        email_subject=" ".join(say(play.email_subject).split()),
        email_body=say(play.email_body),
        attempts=play.attempts,
        attempt_window=spoken(play.attempt_window),
        wedge=say(play.wedge),
        content=fresh,
        snippets=tuple(map(say, play.snippets)),
        tone=say(play.tone),
        questions=tuple(map(say, play.questions)),
        email_first=email_first,
    )


def values_of(brief: Brief, rep: Rep, fresh: tuple[Content, ...]) -> dict[str, str]:
    """What a template may say about this lead and this rep. Empty where nothing is known."""
    named = "" if brief.name.strip().casefold() in _NAMELESS or "@" in brief.name else brief.name
    reachable = bool(brief.email or brief.phone)
    return {
        "name": named or brief.email,
        "first_name": _first(named) if reachable else "",
        "title": brief.title,
        "company": brief.company,
        "email": brief.email,
        "phone": brief.phone,
        "persona": brief.persona,
        "stage": brief.stage,
        "awareness": brief.awareness,
        "source": brief.source,
        "interest": brief.interest,
        "account": brief.account,
        "game_plan": brief.game_plan.strip().rstrip("."),
        "why_now": "; ".join(brief.why_now),
        "history": "; ".join(brief.history[:3]),
        "content_title": fresh[0].title if fresh else "",
        "content_url": fresh[0].url if fresh else "",
        "rep_name": rep.name,
        "rep_first_name": _first(rep.name),
        "rep_email": rep.email,
    }


def _first(name: str) -> str:
    words = clean(name).split(" ")
    return words[0].strip(",;") if words else ""


def unread(content: Iterable[Content], read: frozenset[str]) -> tuple[Content, ...]:
    """What is left to send: an address counts as read by its whole, by its path, by its last part or by its title."""
    if not read:
        return tuple(content)
    seen = {_folded(each) for each in read}
    return tuple(each for each in content if seen.isdisjoint(_marks(each)))


@lru_cache(maxsize=512)
def _marks(content: Content) -> frozenset[str]:
    path = urlsplit(content.url).path.rstrip("/")
    parts = {content.url, path, path.rpartition("/")[2], content.title}
    return frozenset(_folded(part) for part in parts if part.strip("/"))


def _folded(text: str) -> str:
    return text.strip().casefold().split("#")[0].split("?")[0].rstrip("/")


@lru_cache(maxsize=256)
def spoken(duration: timedelta) -> str:
    """A duration as people say it: `5 days`, `1 hour`, `90 minutes`."""
    seconds = int(duration.total_seconds())
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}{'' if seconds == size else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
