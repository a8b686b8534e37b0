"""Which of our fields a question on a form means, and which of our answers an answer means.

Forms are written by people in their own words. Names and labels are looked at as plain words; the first pattern that
fits wins. What fits none keeps its own name as a custom field.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from schemas.lead import Field

EMAIL, PHONE = "email", "phone"
"""Answers that are identifiers, not claims."""

_RESERVED = frozenset(Field) | {EMAIL, PHONE}
_ORDERED: tuple[tuple[str, str], ...] = (
    (Field.CONTACT_WAY, r"(how|preferred|best) .*(contact|reach)|contact (way|method|preference|channel)"),
    (Field.TIME_FRAME, r"time ?frame|timeline|timing|how soon|when (do|will|would|are) you|decision date|start date"),
    (Field.BUDGET, r"\bbudget"),
    (Field.CONSENT, r"consent|\bagree\b|gdpr|opt ?in|newsletter|privacy|terms"),
    (
        Field.CONSULTATION,
        r"consult|(talk|speak) (to|with)|call ?back|(request|book|want) (a )?(call|demo|meeting)|(call|contact) me",
    ),
    (Field.EMPLOYEES, r"employees|company size|head ?count|team size|organi[sz]ation size"),
    (Field.WEBSITE, r"web ?site|company url|company domain|homepage"),
    (EMAIL, r"\be ?mail\b"),
    (PHONE, r"\b(tele)?phone\b|\bmobile\b|\bcell\b|\btel\b"),
    (Field.FIRST_NAME, r"(first|given) ?name|\bfname\b|vorname"),
    (Field.LAST_NAME, r"(last|family|sur) ?name|\blname\b|nachname"),
    (Field.TITLE, r"job ?title|\btitle\b|\bposition\b|job ?role|your role|^role$|job function|occupation"),
    (Field.COMPANY, r"\bcompany\b|organi[sz]ation|employer|business name|^firma$"),
    (Field.FULL_NAME, r"^(your |full |contact )?(full )?name$|^fullname$"),
    (Field.INDUSTRY, r"\bindustry\b|\bsector\b"),
    (Field.COUNTRY, r"\bcountry\b"),
    (Field.LANGUAGE, r"\blanguage\b|\blocale\b"),
    (Field.TIME_ZONE, r"time ?zone"),
    (Field.PRODUCT, r"\bproduct\b|\binterest(ed)?\b|\bsolution\b|which service"),
    (Field.MESSAGE, r"message|comment|question|\bnotes?\b|anything else|(how|what) can we (help|do)|describe|details"),
)
_PATTERNS = tuple((field, re.compile(pattern)) for field, pattern in _ORDERED)
_WORDS = re.compile(r"[^a-z0-9äöüéèßñ]+")
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LONGEST_LABEL = 200
_LONGEST_NAME = 60

_NO = re.compile(r"^(no|n|false|off|0|nein|non|none)\b(?! idea)|\bnot (yet |been )*approved|^not yet|unapproved")
_YES = re.compile(r"^(yes|y|true|on|1|ja|oui|si|sí|checked|please|sure)\b|\bapproved|\byes\b|\bi (agree|accept)\b")
_TIME_FRAMES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("later", re.compile(r"later|next year|no plan|just (looking|browsing)|research|unsure|not sure|more than (a|12)")),
    ("now", re.compile(r"\bnow\b|immediate|asap|as soon|urgent|today|this (week|month)|(30|14|7) days|1 month\b|<")),
    ("this_quarter", re.compile(r"quarter|[1-3] ?(-|to|–) ?[23] ?months|(2|3|two|three) months|90 days")),
    ("this_year", re.compile(r"this year|half|year|[3-9] ?(-|to|–) ?(6|9|12) ?months|(6|9|12|six|twelve) months")),
)
_CONTACT_WAYS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("phone", re.compile(r"phone|call|mobile|sms|text")),
    ("email", re.compile(r"mail")),
    ("chat", re.compile(r"chat|slack|teams|whatsapp|messag")),
)


def words(label: str) -> str:
    """The label as lower-case words: `jobTitle`, `job_title` and `Job title *` are all `job title`."""
    return _WORDS.sub(" ", _HUMPS.sub(" ", label[:_LONGEST_LABEL]).lower()).strip()


@lru_cache(maxsize=4096)
def meaning(label: str) -> str | None:
    """The field (or `email`, `phone`) that a question means, or nothing."""
    plain = words(label)
    for field, pattern in _PATTERNS:
        if pattern.search(plain):
            return str(field)
    return None


@lru_cache(maxsize=4096)
def custom_name(label: str) -> str:
    """The name an unknown question is kept under: never one of our own fields' names, which strangers cannot set."""
    name = words(label).replace(" ", "_")[:_LONGEST_NAME]
    return f"custom_{name}" if name in _RESERVED else name


def answered(field: str, value: str) -> tuple[str, str]:
    """(field, answer) in our fixed choices. An answer that fits no choice is kept as `<field>_stated`."""
    chooses = CHOICES.get(field)
    if chooses is None:
        return field, value
    choice = chooses(value.lower())
    return (field, choice) if choice is not None else (f"{field}_stated", value)


def _yes_or_no(plain: str) -> str | None:
    if _NO.search(plain):
        return "no"
    return "yes" if _YES.search(plain) else None


def _time_frame(plain: str) -> str | None:
    exact = words(plain).replace(" ", "_")
    return exact if any(exact == name for name, _ in _TIME_FRAMES) else _first(_TIME_FRAMES, plain)


def _contact_way(plain: str) -> str | None:
    return _first(_CONTACT_WAYS, plain)


def _first(choices: tuple[tuple[str, re.Pattern[str]], ...], plain: str) -> str | None:
    return next((name for name, sign in choices if sign.search(plain)), None)


CHOICES: Mapping[str, Callable[[str], str | None]] = {
    Field.BUDGET: _yes_or_no,
    Field.CONSULTATION: _yes_or_no,
    Field.CONSENT: _yes_or_no,
    Field.TIME_FRAME: _time_frame,
    Field.CONTACT_WAY: _contact_way,
}
"""The fields whose answers are a closed list."""
