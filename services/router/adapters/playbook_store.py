"""Published playbooks: every version as it was signed, its agreement, and which one is in force.

A store is a folder. `versions/<version>-<lists>/` holds the pages, `publications/00007.json` who signed which version
and why, `agreements/00007-<version>.md` what they signed, in plain language. The last publication is in force; nothing
that stands here is ever changed. Where the router is given a store instead of a playbook's folder, only what both sides
have signed decides.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from services.router.adapters.playbook_check import check
from services.router.adapters.playbook_files import load
from services.router.agreement import agreement
from services.router.domain.playbook import Playbook

_WORDS = 3
"""A reason has at least so many: whoever reads the history wants more than `fix`."""


class PublishError(Exception):
    """It is not published. The message says what to do."""


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """One version that was put in force."""

    number: int
    version: str
    lists: str
    reason: str
    marketing: str
    """Who signed for marketing."""
    sales: str
    """Who signed for sales."""
    at: datetime
    """UTC."""


class Store:
    """One folder of published playbooks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def history(self) -> list[Publication]:
        """Every publication, the oldest first. Raises `PublishError` for one that cannot be read."""
        return [_read(one) for one in sorted((self.folder / "publications").glob("*.json"))]

    def current(self) -> Publication | None:
        """The one in force; None where nothing was published yet."""
        history = self.history()
        return history[-1] if history else None

    def pages_of(self, version: str, lists: str) -> Path:
        """The folder of one version's pages, whether it is there or not."""
        return self.folder / "versions" / f"{version}-{lists}"

    def agreement_of(self, publication: Publication) -> Path:
        """The page that both signed."""
        return self.folder / "agreements" / f"{publication.number:05d}-{publication.version}.md"

    def book(self, version: str, lists: str) -> Playbook:
        """One version. Raises `PublishError` if it was never published here, `PlaybookFaultsError` as `load` does."""
        pages = self.pages_of(version, lists)
        if not pages.is_dir():
            raise PublishError(f"{self.folder}: version {version} (lists {lists}) was never published here")
        return load(pages)

    def publish(self, draft: Path, *, reason: str, marketing: str, sales: str, at: datetime) -> Publication:
        """Put the draft in force. `at` is UTC.

        Raises `PlaybookFaultsError` for a draft with faults, `PublishError` for what else is in the way. Of two who
        publish at once one is told that the other was first.
        """
        reason, marketing, sales = (text.strip() for text in (reason, marketing, sales))
        _signed(reason, marketing, sales)
        with tempfile.TemporaryDirectory(prefix="playcaller-publish-") as scratch:
            copy = Path(shutil.copytree(draft, Path(scratch) / "pages", ignore=shutil.ignore_patterns(".*")))
            return self._put_in_force(copy, reason, marketing=marketing, sales=sales, at=at)

    def _put_in_force(self, draft: Path, reason: str, *, marketing: str, sales: str, at: datetime) -> Publication:
        """As `publish`, of pages that nobody changes any more."""
        book, last = check(draft).playbook, self.current()
        if last is not None and (last.version, last.lists) == (book.version, book.lists_version):
            raise PublishError(f"this very version is in force since {last.at:%d %B %Y}: change something first")
        self._keep(draft, self.pages_of(book.version, book.lists_version))
        publication = Publication(
            number=last.number + 1 if last else 1,
            version=book.version,
            lists=book.lists_version,
            reason=reason,
            marketing=marketing,
            sales=sales,
            at=at,
        )
        name = f"{publication.number:05d}"
        try:
            self._write(self.folder / "publications" / f"{name}.json", msgspec.json.encode(publication), once=True)
        except FileExistsError:
            raise PublishError("somebody else has published meanwhile: look at theirs, then publish again") from None
        self._write(self.agreement_of(publication), agreement(book, publication).encode())
        return publication

    def _keep(self, draft: Path, pages: Path) -> None:
        """A copy of the pages, whole or not at all."""
        if pages.is_dir():  # going back to an earlier version
            return
        pages.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=pages.parent, prefix=".") as half:
            copy = Path(half) / "pages"
            shutil.copytree(draft, copy)
            os.sync()
            try:
                copy.rename(pages)
            except OSError:
                if not pages.is_dir():  # else somebody else has just kept the very same
                    raise

    @staticmethod
    def _write(path: Path, content: bytes, *, once: bool = False) -> None:
        """The whole file at once, on the disk. Raises `FileExistsError` where it is written `once` and is there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            place: Callable[[str, Path], None] = os.link if once else os.replace
            place(name, path)
        finally:
            Path(name).unlink(missing_ok=True)


def _read(path: Path) -> Publication:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Publication)
    except msgspec.DecodeError as fault:
        raise PublishError(f"{path} is no publication ({fault}): put back what stood there") from None


def _signed(reason: str, marketing: str, sales: str) -> None:
    if len(reason.split()) < _WORDS:
        raise PublishError("say in a few words why: --reason “named accounts are asked sooner”")
    if not marketing or not sales:
        raise PublishError("both sign, with their names: --marketing “Dana Reyes” --sales “Tom Lindqvist”")
    if marketing.casefold() == sales.casefold():
        raise PublishError(f"{marketing} cannot sign for both: the agreement is one between marketing and sales")


def pages_in(path: Path) -> Path:
    """Where the pages that decide are: in a store those of the publication in force, else in the folder itself.

    Raises `PublishError` for a store in which nothing is published yet.
    """
    if not (path / "publications").is_dir():
        return path
    store = Store(path)
    current = store.current()
    if current is None:
        raise PublishError(f"{path}: nothing is published here yet: `playcaller playbook publish`")
    return store.pages_of(current.version, current.lists)


def in_force(path: Path) -> Playbook:
    """The playbook in this folder, of a store the one in force. Raises as `pages_in` and `load` do."""
    return load(pages_in(path))


def books_in(path: Path) -> Mapping[tuple[str, str], Playbook]:
    """(version, lists version) → playbook: the one in this folder, of a store every one that was ever published."""
    store, current = Store(path), in_force(path)
    published = {(one.version, one.lists): store.book(one.version, one.lists) for one in store.history()}
    return {**published, (current.version, current.lists_version): current}
