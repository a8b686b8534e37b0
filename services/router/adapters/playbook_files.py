"""A playbook's folder, loaded: pages to immutable values, all faults at once, and a version that is its content."""

import json
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from schemas.verdict import Rule
from services.router.adapters.playbook_book import Book, Sheet
from services.router.adapters.playbook_contact import contact_of
from services.router.adapters.playbook_faults import PlaybookFaultsError
from services.router.adapters.playbook_lists import domains_of, suppressions_of, targets_of
from services.router.adapters.playbook_models import (
    NurturePage,
    PersonaPage,
    PlayPage,
    ReadinessPage,
    RoutingPage,
    RulePage,
    ScoringPage,
    StagesPage,
    TitlePage,
)
from services.router.adapters.playbook_parts import (
    as_condition,
    checklist_of,
    personas_of,
    routing_of,
    rules_of,
    stages_of,
    threshold_of,
    tracks_of,
)
from services.router.adapters.playbook_people import people_of
from services.router.adapters.playbook_plays import our_of, plays_of
from services.router.adapters.playbook_scoring import scoring_of, thousandths
from services.router.domain.playbook import FloodLimit, Playbook
from services.router.domain.vocabulary import CLOSED, Vocabulary, suggestion
from services.router.domain.words import Abbreviations

FILES = (
    "playbook.yaml",
    "scoring.yaml",
    "readiness.yaml",
    "stages.yaml",
    "routing.yaml",
    "nurture.yaml",
    "domains.yaml",
    "targets.csv",
    "suppressions.csv",
)
FOLDERS = ("rules", "personas", "plays", "teams")
_MOST_FILES = 500
_LISTS = ("targets.csv", "suppressions.csv", "domains.yaml")


@dataclass(frozen=True, slots=True)
class Sheets:
    """The pages of which there is one, and the folders, in their shapes."""

    title: Sheet[TitlePage]
    scoring: Sheet[ScoringPage]
    readiness: Sheet[ReadinessPage]
    stages: Sheet[StagesPage]
    routing: Sheet[RoutingPage]
    nurture: Sheet[NurturePage] | None
    rules: list[Sheet[RulePage]]
    personas: list[Sheet[PersonaPage]]
    plays: list[Sheet[PlayPage]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The playbook beside the pages it came from: `check` wants both."""

    playbook: Playbook
    sheets: Sheets
    book: Book


def load(path: str | Path) -> Playbook:
    """The playbook in this folder. Raises `PlaybookFaultsError` with every fault that was found."""
    return load_pages(path).playbook


def load_pages(path: str | Path) -> Loaded:
    """The playbook and its pages. Raises `PlaybookFaultsError` with every fault that was found."""
    book = Book(Path(path))
    if not book.root.is_dir():
        book.fault(str(path), "there is no such folder: give the path of a playbook")
        raise PlaybookFaultsError(book.faults)
    _layout(book)
    sheets = _sheets(book)
    if sheets is None:
        _rest(book)
        raise PlaybookFaultsError(book.all_faults())
    playbook = _build(book, sheets)
    if faults := book.all_faults():
        raise PlaybookFaultsError(faults)
    version, lists = _hash(book, everything=True), _hash(book, everything=False)
    return Loaded(replace(playbook, version=version, lists_version=lists), sheets, book)


def _layout(book: Book) -> None:
    """A page that nobody reads is a fault: its author believes that it works."""
    count = 0
    for path in sorted(book.root.rglob("*")):
        name = path.relative_to(book.root).as_posix()
        if path.is_dir() or name.startswith(".") or "/." in name or name.endswith((".md", ".txt")):
            continue
        count += 1
        if count > _MOST_FILES:
            book.fault(name, f"there are more than {_MOST_FILES} files in this playbook")
            return
        folder, _, page = name.rpartition("/")
        if folder not in FOLDERS and name not in FILES:
            book.fault(
                name, "no page has this name", suggestion(name, [*FILES, *(f"{each}/{page}" for each in FOLDERS)])
            )
        elif folder and not name.endswith(".yaml"):
            book.fault(name, "pages end in “.yaml”", f"{path.stem}.yaml")
        elif folder == "rules" and path.stem not in set(Rule):
            book.fault(name, "there are exactly four rules", suggestion(path.stem, set(Rule)))
        elif folder and not (path.stem.isascii() and path.stem.isidentifier() and path.stem.islower()):
            book.fault(name, "a page's file name is its name: lower-case letters, figures and underscores")
    for rule in Rule:
        if rule not in book.names("rules"):
            book.fault(f"rules/{rule}.yaml", "this page is missing: a playbook has all four rules")


def _sheets(book: Book) -> Sheets | None:
    title = book.sheet("playbook.yaml", TitlePage)
    scoring = book.sheet("scoring.yaml", ScoringPage)
    readiness = book.sheet("readiness.yaml", ReadinessPage)
    stages = book.sheet("stages.yaml", StagesPage)
    routing = book.sheet("routing.yaml", RoutingPage)
    nurture = book.sheet("nurture.yaml", NurturePage, optional=True)
    rules, personas = book.folder("rules", RulePage), book.folder("personas", PersonaPage)
    plays = book.folder("plays", PlayPage)
    if title and scoring and readiness and stages and routing:
        return Sheets(title, scoring, readiness, stages, routing, nurture, rules, personas, plays)
    return None


def _rest(book: Book) -> None:
    """What can be said of the other pages although a main page is broken."""
    people = people_of(book)
    suppressions_of(book)
    targets_of(book, frozenset(people.reps), domains_of(book))


def vocabulary_of(book: Book, sheets: Sheets) -> Vocabulary:
    """The words of this playbook's conditions, before checklists and threshold are known."""
    words, plain = sheets.title.model.words, Vocabulary()
    own = {f"{of}.{name}" for name in words.lead_fields for of in ("lead", "event")}
    own |= {f"event.{name}" for name in words.event_properties}
    values = {
        **CLOSED,
        "lead.persona": book.names("personas"),
        "lead.persona_level": frozenset(sheet.model.level for sheet in sheets.personas),
        "lead.stage": frozenset(stage.name for stage in sheets.stages.model.stages),
    }
    return Vocabulary(
        paths=plain.paths | own,
        values=values,
        signals={name: signal.label for name, signal in sheets.scoring.model.signals.items()},
        abbreviations=Abbreviations(words.abbreviations),
        horizon_days=sheets.scoring.model.horizon_days,
    )


def _build(book: Book, sheets: Sheets) -> Playbook:
    vocabulary = vocabulary_of(book, sheets)
    people, domains = people_of(book), domains_of(book)
    reps, teams = frozenset(people.reps), book.names("teams")
    targets = targets_of(book, reps, domains)
    scoring = scoring_of(book, sheets.scoring, vocabulary)
    mql, sql = (checklist_of(book, sheets.readiness, name, vocabulary) for name in ("mql", "sql"))
    named = {"mql": as_condition(mql, "MQL"), "sql": as_condition(sql, "SQL")}
    ruling = replace(vocabulary, checklists=named, threshold=threshold_of(scoring))
    title = sheets.title.model
    book.known(sheets.title.page, ("last_resort",), "rep", title.last_resort, reps)
    book.known(sheets.title.page, ("triage", "team"), "team", title.triage.team, teams)
    rules = rules_of(book, sheets.rules, ruling)
    stages = stages_of(book, sheets.stages, vocabulary)
    plays = plays_of(book, sheets.plays, our_of(sheets.title), frozenset(stage.name for stage in stages))
    written = [play.name for play in plays if play.fallback]
    if len(written) != 1 and len(plays) == len(book.names("plays")):
        book.fault("plays", f"exactly one play has `fallback: yes`; found {', '.join(written) or 'none'}")
    responses = rules[Rule.TARGET_RESPONDS].when.event_types if Rule.TARGET_RESPONDS in rules else None
    return Playbook(
        version="",
        lists_version="",
        title=title.title,
        scoring=scoring,
        rules=rules,
        mql=mql,
        sql=sql,
        personas=personas_of(book, sheets.personas, vocabulary),
        stages=stages,
        plays=tuple(plays),
        reps=people.reps,
        teams=people.teams,
        routing=tuple(routing_of(book, sheets.routing, vocabulary, teams)),
        last_resort=title.last_resort,
        triage_team=title.triage.team,
        targets=targets.targets,
        target_domains=targets.domains,
        target_aliases=targets.aliases,
        suppressions=suppressions_of(book),
        domains=domains,
        flood=FloodLimit(**title.flood.model_dump()),
        tracks=tracks_of(book, sheets.nurture, vocabulary) if sheets.nurture else (),
        triage_interest=thousandths(title.triage.interest),
        responses=responses or frozenset(),
        click_hold=title.timing.click_hold,
        historical_after=title.timing.historical_after,
        contact=contact_of(book, sheets.title, vocabulary),
    )


def _hash(book: Book, *, everything: bool) -> str:
    """The content's own hash: comments and layout do not count, order does."""
    content: dict[str, Any] = {file: page.data for file, page in book.pages.items() if everything and page.data}
    content.update(book.lists if everything else {name: book.lists.get(name) for name in _LISTS})
    text = json.dumps(content, ensure_ascii=False, default=str, separators=(",", ":"), sort_keys=False)
    ordered = json.dumps(sorted(json.loads(text).items()), ensure_ascii=False, separators=(",", ":"))
    return sha256(ordered.encode("utf-8", "surrogatepass")).hexdigest()[:16]
