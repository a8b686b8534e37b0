"""`playcaller playbook …`: what marketing operations does with the playbook from a terminal."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

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


@app.command()
def publish(
    path: Folder = Path("playbook"),
    *,
    to: To = Path("published"),
    reason: Annotated[str, typer.Option(help="Why, in a few words.")] = "",
    marketing: Annotated[str, typer.Option(help="Who signs for marketing.")] = "",
    sales: Annotated[str, typer.Option(help="Who signs for sales.")] = "",
) -> None:
    """Put a playbook in force: checked, signed by both sides, kept for good, with the agreement on one page."""
    from rich.console import Console
    from rich.markup import escape

    from services.router.adapters.playbook_faults import PlaybookFaultsError
    from services.router.adapters.playbook_store import PublishError, Store
    from services.router.playbook_printing import print_faults

    console = Console(highlight=False)
    store = Store(to)
    try:
        done = store.publish(path, reason=reason, marketing=marketing, sales=sales, at=datetime.now(UTC))
    except PlaybookFaultsError as wrong:
        print_faults(console, path, wrong.faults)
        raise typer.Exit(1) from None
    except PublishError as unsigned:
        console.print(f"[bold red]✗[/] {escape(str(unsigned))}", soft_wrap=True)
        raise typer.Exit(1) from None
    console.print(f"[bold green]✓[/] Version {done.version} is in force: {escape(done.reason)}", soft_wrap=True)
    console.print(f"  The agreement: {escape(str(store.agreement_of(done)))}", soft_wrap=True)


@app.command()
def history(to: To = Path("published")) -> None:
    """What was in force when, why, and who signed it."""
    from rich.console import Console
    from rich.table import Table

    from services.router.adapters.playbook_store import Store

    table = Table("", "from", "version", "why", "marketing", "sales", box=None, padding=(0, 2))
    for one in Store(to).history():
        table.add_row(str(one.number), f"{one.at:%Y-%m-%d %H:%M}", one.version, one.reason, one.marketing, one.sales)
    Console(highlight=False).print(table)
