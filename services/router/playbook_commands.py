"""`playcaller playbook …`: what marketing operations does with the playbook from a terminal."""

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
