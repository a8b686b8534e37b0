"""`playcaller playbook …`: what marketing operations does with the playbook from a terminal."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from services.router.domain.playbook import Playbook
    from services.router.preview import Preview

app = typer.Typer(
    name="playbook", help="The marketers' playbook.", no_args_is_help=True, pretty_exceptions_enable=False
)


@app.callback()
def playbook() -> None:
    """The marketers' playbook."""


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="The playbook's folder.", show_default=True)] = Path("playbook"),
) -> None:
    """Prove that the playbook works: all faults at once, examples run, every play rendered, the whole grid resolved.

    Ends with 1 if there is a fault.
    """
    from rich.console import Console

    from services.router.adapters.playbook_check import check as prove
    from services.router.adapters.playbook_faults import PlaybookFaultsError
    from services.router.playbook_printing import print_faults, print_report

    console = Console(highlight=False)
    try:
        report = prove(path)
    except PlaybookFaultsError as wrong:
        print_faults(console, path, wrong.faults)
        raise typer.Exit(1) from None
    print_report(console, path, report)


Folder = Annotated[Path, typer.Argument(help="The playbook's folder.", show_default=True)]
To = Annotated[Path, typer.Option("--to", help="The store: the folder that the router is given.")]
Data = Annotated[
    Path | None, typer.Option(help="Where the router keeps what it knows (default: as configured).", show_default=False)
]


@app.command()
def preview(
    path: Folder = Path("playbook"),
    *,
    than: Annotated[Path, typer.Option(help="What decides now: a folder of pages, or the store.")] = Path("published"),
    data: Data = None,
) -> None:
    """Who would cross a line by this playbook, of all who are known already. Only reads; nothing ever fires by it."""
    from rich.console import Console

    from services.router.adapters.playbook_store import PublishError, in_force
    from services.router.preview_printing import print_preview

    console = Console(highlight=False)
    if not than.is_dir():
        raise PublishError(f"{than}: no such folder: name what decides now, with --than playbook")
    before, after = in_force(than), _checked(console, path)
    found = asyncio.run(_previewed(before, after, data))
    if found is None:
        raise PublishError("nobody is known yet: start `playcaller up` first, or name a folder with --data")
    print_preview(console, found)


@app.command()
def publish(
    path: Folder = Path("playbook"),
    *,
    to: To = Path("published"),
    reason: Annotated[str, typer.Option(help="Why, in a few words.")] = "",
    marketing: Annotated[str, typer.Option(help="Who signs for marketing.")] = "",
    sales: Annotated[str, typer.Option(help="Who signs for sales.")] = "",
    data: Data = None,
) -> None:
    """Put a playbook in force: checked, signed by both sides, kept for good, with the agreement on one page."""
    from rich.console import Console
    from rich.markup import escape

    from services.router.adapters.playbook_store import PublishError, Store
    from services.router.preview_printing import print_preview

    console, store = Console(highlight=False), Store(to)
    after, last = _checked(console, path), store.current()
    found = asyncio.run(_previewed(store.book(last.version, last.lists), after, data)) if last else None
    try:
        done = store.publish(path, reason=reason, marketing=marketing, sales=sales, at=datetime.now(UTC))
    except PublishError as unsigned:
        console.print(f"[bold red]✗[/] Not published: {escape(str(unsigned))}")
        raise typer.Exit(1) from None
    if found is not None:
        print_preview(console, found)
    console.print(f"[bold green]✓[/] Version [bold]{done.version}[/] is in force: {escape(done.reason)}")
    console.print(f"  Signed by {escape(done.marketing)} for marketing and {escape(done.sales)} for sales.")
    console.print(f"  The agreement: {escape(str(store.agreement_of(done)))}\n", soft_wrap=True)


def _checked(console: "Console", path: Path) -> "Playbook":
    """The playbook, proven; its faults are printed, and end the command with 1."""
    from services.router.adapters.playbook_check import check as prove
    from services.router.adapters.playbook_faults import PlaybookFaultsError
    from services.router.playbook_printing import print_faults

    try:
        return prove(path).playbook
    except PlaybookFaultsError as wrong:
        print_faults(console, path, wrong.faults)
        raise typer.Exit(1) from None


async def _previewed(before: "Playbook", after: "Playbook", data: Path | None) -> "Preview | None":
    """What the change would do to those who are known here; None where no state is at hand."""
    from runtime.database import Database
    from runtime.opening import database_url
    from services.router.preview import preview as previewed
    from services.router.settings import RouterSettings

    loaded = RouterSettings.load()
    settings = loaded if data is None else loaded.model_copy(update={"data": data})
    if settings.database_url is None and not (settings.data / "state.db").exists():
        return None
    database = Database(database_url(settings))
    try:
        return await previewed(database, before, after, datetime.now(UTC))
    finally:
        await database.close()


@app.command()
def schema(path: Folder = Path("playbook")) -> None:
    """Let editors complete and check the pages: JSON Schemas beside them, each named on its pages' first line."""
    from rich.console import Console

    from services.router.adapters.playbook_schema import install

    console, changed = Console(highlight=False), install(path)
    for file in changed:
        console.print(f"[green]✓[/] {path / file}", soft_wrap=True)
    if not changed:
        console.print("[green]✓[/] Every page names its schema, and every schema is up to date.")


@app.command()
def history(to: To = Path("published")) -> None:
    """What was in force when, why, and who signed it."""
    from rich.console import Console
    from rich.markup import escape

    from services.router.adapters.playbook_store import Store

    console = Console(highlight=False)
    for one in Store(to).history():
        console.print(f"[bold]{one.number}[/]  {one.at:%d %B %Y %H:%M} UTC  [dim]version {one.version}[/]")
        console.print(f"   {escape(one.reason)}")
        console.print(f"   [dim]{escape(one.marketing)} for marketing, {escape(one.sales)} for sales[/]")
