"""The lists: named accounts, suppressions, and which email domains make no account."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from services.router.adapters.playbook_book import Book
from services.router.adapters.playbook_models import DomainsPage
from services.router.adapters.playbook_pages import MOST, Page, read_text
from services.router.domain.playbook import Domains, SuppressionKind, Suppressions, Target
from services.router.domain.vocabulary import suggestion
from services.router.domain.words import company_name

_TARGETS = ("name", "domains", "aliases", "owner", "tier", "game_plan", "start", "end")
_SUPPRESSIONS = ("who", "why", "note")


@dataclass(slots=True)
class Targets:
    """The named accounts, and how they are found."""

    targets: dict[str, Target] = field(default_factory=dict)
    domains: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a CSV file, with the line on which it starts."""

    page: Page
    line: int
    cells: Mapping[str, str]

    def fault(self, message: str, meant: str = "") -> None:
        """Note a fault on this row's line."""
        self.page.lines[(self.line,)] = self.line
        self.page.fault((self.line,), message, meant)


def domains_of(book: Book) -> Domains:
    """Free-mail and disposable domains, and aliases."""
    sheet = book.sheet("domains.yaml", DomainsPage, optional=True)
    if sheet is None:
        return Domains()
    model, page = sheet.model, sheet.page
    book.lists["domains.yaml"] = page.data
    found: dict[str, frozenset[str]] = {}
    for part in ("free", "disposable"):
        names = [_domain(text) for text in getattr(model, part)]
        for at, name in enumerate(names):
            if not name:
                page.fault((part, at), f"“{getattr(model, part)[at]}” is no domain: write it as “example.com”")
        found[part] = frozenset(filter(None, names))
    for alias, main in model.aliases.items():
        if not _domain(alias) or not _domain(main):
            page.fault(("aliases", alias), "an alias is written as `sub.example: main.example`")
        elif main in model.aliases:
            page.fault(("aliases", alias), f"“{main}” is an alias itself: name the main domain")
    aliases = {_domain(alias): _domain(main) for alias, main in model.aliases.items()}
    return Domains(found["free"], found["disposable"], aliases)


def targets_of(book: Book, reps: frozenset[str], domains: Domains) -> Targets:
    """The named accounts; the account's key is its first domain."""
    result = Targets()
    for row in _rows(book, "targets.csv", _TARGETS, ("name", "domains", "owner", "tier", "game_plan")):
        names = [_domain(text) for text in row.cells["domains"].split()]
        if not names or not all(names):
            row.fault("`domains` are written as “acme.example acme.test”, parted by blanks")
            continue
        owner = row.cells["owner"]
        if owner not in reps:
            row.fault(f"there is no rep “{owner}” in teams/", suggestion(owner, reps))
        if names[0] in result.targets:
            row.fault(f"“{names[0]}” already belongs to another row: one company, one row")
        key, aliases = names[0], frozenset(filter(None, map(company_name, row.cells["aliases"].split(";"))))
        called = aliases | {company_name(row.cells["name"])}
        for domain in names:
            if domain in domains.free or domain in domains.disposable:
                row.fault(f"“{domain}” is everybody's: it cannot make a named account")
            _claim(row, result.domains, domain, key)
        for alias in called:
            _claim(row, result.aliases, alias, key)
        start, end = _day(row, "start"), _day(row, "end")
        if start and end and end < start:
            row.fault("this account's `end` is before its `start`")
        cells = row.cells
        result.targets[key] = Target(
            key, cells["name"], owner, cells["tier"], frozenset(names), called, cells["game_plan"], start, end
        )
    return result


def _claim(row: Row, table: dict[str, str], word: str, key: str) -> None:
    if table.setdefault(word, key) != key:
        row.fault(f"“{word}” already belongs to the account {table[word]}: one company, one row")


def suppressions_of(book: Book) -> Suppressions:
    """Who must not reach a rep, by address or domain, and why."""
    emails: dict[str, SuppressionKind] = {}
    domains: dict[str, SuppressionKind] = {}
    kinds = {kind.value for kind in SuppressionKind}
    for row in _rows(book, "suppressions.csv", _SUPPRESSIONS, ("who", "why")):
        who, why = row.cells["who"].casefold(), row.cells["why"]
        if why not in kinds:
            row.fault(f"“{why}” is not one of {', '.join(sorted(kinds))}", suggestion(why, kinds))
            continue
        name, at, domain = who.rpartition("@")
        if not _domain(domain) or (at and not name):
            row.fault(f"“{who}” is neither an email address nor a domain")
            continue
        table, key = (emails, who) if at else (domains, _domain(who))
        if table.setdefault(key, SuppressionKind(why)) != why:
            row.fault(f"“{who}” stands here twice, with different reasons: keep one")
    return Suppressions(emails, domains)


def _rows(book: Book, file: str, columns: tuple[str, ...], needed: tuple[str, ...]) -> Iterator[Row]:
    path = book.root / file
    if not path.is_file():
        return
    page = book.pages[file] = Page(file)
    text = read_text(page, path)
    if text is None:
        return
    reader = csv.DictReader(io.StringIO(text), strict=True)
    kept, before = book.lists.setdefault(file, []), 0
    try:
        _head(page, reader.fieldnames or (), columns, needed)
        if page.faults:
            return
        before = reader.line_num
        for raw in reader:
            cells = {column: (raw.get(column) or "").strip() for column in columns}
            row, before = Row(page, before + 1, cells), reader.line_num
            if not any(cells.values()) or cells[columns[0]].startswith("#"):
                continue
            kept.append(list(cells.values()))
            if None in raw:
                row.fault("this row has more cells than columns: put texts with commas in double quotes")
            elif len(kept) > MOST:
                row.fault(f"this list has more than {MOST} rows")
                return
            elif missing := [column for column in needed if not cells[column]]:
                row.fault(f"`{missing[0]}` is empty: fill it")
            else:
                yield row
    except csv.Error as fault:
        page.lines[()] = (
            before + 1
        )  # where the row begins that could not be read, however far it was looked for its end
        page.fault((), f"this is not readable as CSV from here on: {fault}; is a double quote never closed?")


def _head(page: Page, found: object, columns: tuple[str, ...], needed: tuple[str, ...]) -> None:
    names = [str(name).strip() for name in found] if isinstance(found, list | tuple) else []
    for name in names:
        if name not in columns:
            page.fault((), f"“{name}” is no column of this list", suggestion(name, columns))
    for name in needed:
        if name not in names:
            page.fault((), f"the column “{name}” is missing: the first line names {', '.join(columns)}")


def _day(row: Row, column: str) -> date | None:
    text = row.cells[column]
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        row.fault(f"`{column}` is a date such as 2026-09-30, not “{text}”")
        return None


def _domain(text: str) -> str:
    """The domain, folded; empty when it is none."""
    folded = text.strip().casefold().removeprefix("www.")
    parts = folded.split(".")
    good = len(parts) > 1 and all(part and part.replace("-", "").isalnum() for part in parts) and len(folded) < 254  # noqa: PLR2004  (RFC 1035, 2.3.4)
    return folded if good else ""
