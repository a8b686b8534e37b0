"""What the command line is asked about decisions. It changes no decision, and is imported when it is needed."""

from pathlib import Path
from typing import Annotated

import typer

questions = typer.Typer()
Data = Annotated[
    Path | None, typer.Option(help="Where everything is kept (default: ./.playcaller).", show_default=False)
]
Published = Annotated[Path, typer.Option("--playbook", help="The playbook's folder, or the store of those published.")]


@questions.command()
def explain(
    what: Annotated[
        str,
        typer.Argument(
            help="A webhook's payload (a file, or - for standard input), an event's id, or somebody's email address."
        ),
    ],
    *,
    source: Annotated[str, typer.Option(help="Which source sent it; guessed where only one understands it.")] = "",
    playbook_path: Annotated[Path, typer.Option("--playbook", help="The playbook's folder.")] = Path("playbook"),
    full: Annotated[bool, typer.Option("--full", help="The whole receipt.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
    with_state: Annotated[bool, typer.Option("--with-state", help="With all that is known of the person.")] = False,
) -> None:
    """What would happen to a payload, or what was decided on an event, and why. Nothing is sent or stored."""
    from playcaller.explaining import Wish, run
    from playcaller.people import plainly

    with plainly():
        raise SystemExit(run(what, source, playbook_path, Wish(full=full, as_json=as_json, with_state=with_state)))


@questions.command()
def backtest(
    playbook_path: Annotated[Path, typer.Option("--playbook", help="The candidate's folder.")] = Path("playbook"),
    data: Data = None,
    until: Annotated[str, typer.Option(help="As if it were this day or moment (UTC): nothing later is known.")] = "",
) -> None:
    """What a playbook would have decided over the whole past, beside what was decided. Only reads."""
    from playcaller.backtesting import run
    from playcaller.people import plainly

    with plainly():
        raise SystemExit(run(playbook_path, data, until))


@questions.command()
def audit(
    playbook_path: Published = Path("playbook"),
    data: Data = None,
) -> None:
    """Decide everything again from the log, and compare each verdict and receipt byte for byte. Only reads."""
    from playcaller.auditing import run
    from playcaller.people import plainly

    with plainly():
        raise SystemExit(run(playbook_path, data))


@questions.command()
def snapshot(playbook_path: Published = Path("playbook"), data: Data = None) -> None:
    """Keep the state as it is now, so that `audit`, `explain` and `backtest` can begin here later."""
    from playcaller.people import plainly
    from playcaller.snapshotting import run

    with plainly():
        raise SystemExit(run(playbook_path, data))


@questions.command()
def turns(
    playbook_path: Published = Path("playbook"),
    data: Data = None,
) -> None:
    """Who got how many plays in turn, what they were entitled to, and why the two differ. Only reads."""
    from playcaller.people import plainly
    from playcaller.turns import run

    with plainly():
        raise SystemExit(run(playbook_path, data))


@questions.command("timely")
def timely_(
    playbook_path: Published = Path("playbook"),
    data: Data = None,
) -> None:
    """How long after they were ready leads were handed off, and how many were sent back as not ready. Only reads."""
    from playcaller.people import plainly
    from playcaller.timely import run

    with plainly():
        raise SystemExit(run(playbook_path, data))


@questions.command()
def plays(
    playbook_path: Published = Path("playbook"),
    data: Data = None,
    *,
    days: Annotated[int, typer.Option(min=1, help="How far to look back.")] = 90,
) -> None:
    """Who came, how often, and which play is for them: where it is the fallback, one should be written. Only reads."""
    from playcaller.people import plainly
    from playcaller.plays import run

    with plainly():
        raise SystemExit(run(playbook_path, data, days))
