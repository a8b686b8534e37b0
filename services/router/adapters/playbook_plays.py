"""The plays as values: the company's own words put in, and every template proven before any lead meets it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.play import Content
from services.router.adapters.playbook_book import Book, Sheet
from services.router.adapters.playbook_models import PlayPage, TitlePage
from services.router.adapters.playbook_pages import Where
from services.router.adapters.templates import TemplateFault, prove
from services.router.domain.playbook import Play
from services.router.domain.plays import UNKNOWN
from services.router.domain.vocabulary import suggestion

_OUR = re.compile(r"\{\{\s*our\.(\w{1,60})\s*\}\}", re.ASCII)


def our_of(title: Sheet[TitlePage]) -> Mapping[str, str]:
    """The company's own words. They are words, not templates."""
    for name, text in title.model.our.items():
        if "{{" in text or "{%" in text:
            title.page.fault(("our", name), "these words go into templates, they cannot be templates themselves")
    return title.model.our


def plays_of(book: Book, sheets: list[Sheet[PlayPage]], our: Mapping[str, str], stages: frozenset[str]) -> list[Play]:
    """The plays; who they are for must exist, and what they say must render."""
    if not book.names("plays"):
        book.fault("plays", "there is no play: write plays/<play>.yaml, one of them with `fallback: yes`")
    personas = book.names("personas") | {UNKNOWN}
    found = []
    for sheet in sheets:
        for at, name in enumerate(sheet.model.for_.personas):
            book.known(sheet.page, ("for", "personas", at), "persona", name, personas)
        for at, name in enumerate(sheet.model.for_.stages):
            book.known(sheet.page, ("for", "stages", at), "stage", name, stages)
        if sheet.model.fallback and sheet.page.data.get("for"):
            sheet.page.fault(("for",), "the fallback is for everybody: it has no `for`")
        data = sheet.model.model_dump(by_alias=True)
        for where, text in _texts(data):
            _prove(sheet, where, text, our)
        found.append(_play(sheet.name, PlayPage.model_validate(_spoken(data, our))))
    return found


def _texts(data: Any, where: Where = ()) -> Iterator[tuple[Where, str]]:
    """Every text of a play that is a template, and where it stands."""
    if isinstance(data, str):
        yield where, data
    elif isinstance(data, dict):
        for name, each in data.items():
            if (*where, name) not in {("title",), ("for",), ("content",)}:
                yield from _texts(each, (*where, name))
    elif isinstance(data, list):
        for at, each in enumerate(data):
            yield from _texts(each, (*where, at))


def _prove(sheet: Sheet[PlayPage], where: Where, text: str, our: Mapping[str, str]) -> None:
    for name in _OUR.findall(text):
        if name not in our:
            meant = suggestion(name, our)
            sheet.page.fault(where, f"playbook.yaml has no “{name}” under `our`", meant and f"our.{meant}")
    try:
        prove(_OUR.sub("ours", text))
    except TemplateFault as fault:
        sheet.page.fault(where, fault.message, fault.suggestion)


def _spoken(data: Any, our: Mapping[str, str]) -> Any:
    if isinstance(data, str):
        return _OUR.sub(lambda found: our.get(found.group(1), found.group(1)), data)
    if isinstance(data, dict):
        return {name: _spoken(each, our) for name, each in data.items()}
    return [_spoken(each, our) for each in data] if isinstance(data, list) else data


def _play(name: str, model: PlayPage) -> Play:
    audience = model.for_
    return Play(
        name=name,
        title=model.title,
        triggers=frozenset(audience.triggers),
        personas=frozenset(audience.personas),
        stages=frozenset(audience.stages),
        products=frozenset(product.casefold() for product in audience.products),
        phone=audience.phone,
        fallback=model.fallback,
        objective=model.objective,
        when_to_call=model.when_to_call,
        talk_track=model.talk_track,
        voicemail=model.voicemail,
        follow_up=model.follow_up,
        email_subject=model.email.subject,
        email_body=model.email.body,
        attempts=model.attempts.number,
        attempt_window=model.attempts.within,
        wedge=model.wedge,
        content=tuple(Content(title=each.title, url=each.url) for each in model.content),
        snippets=tuple(model.snippets),
        tone=model.tone,
        questions=tuple(model.questions),
        email_first=model.email_first,
        not_before=model.not_before,
    )
