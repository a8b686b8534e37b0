"""The command line. Everything is imported when it is needed, so that `--help` answers at once."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="playcaller",
    help="Webhooks from marketing tools in, one prescriptive play for one rep out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
letters = typer.Typer(
    name="dead-letters", help="What could not be processed: list it, look at it, drive it again.", no_args_is_help=True
)
app.add_typer(letters)

FORWARDED = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


class Engine(StrEnum):
    """What the ring runs on."""

    EMBEDDED = "embedded"
    KAFKA = "kafka"


class Story(StrEnum):
    """Whether `up` plays the story."""

    FIRST = "first"
    """Only in a data directory in which it has not been told yet."""
    AGAIN = "again"
    NEVER = "never"


Data = Annotated[
    Path | None, typer.Option(help="Where everything is kept (default: ./.playcaller).", show_default=False)
]


@app.command()
def up(
    *,
    engine: Annotated[
        Engine, typer.Option(help="One process on SQLite, or Kafka + PostgreSQL with three.")
    ] = Engine.EMBEDDED,
    story: Annotated[
        Story, typer.Option(help="Play the story: in a new data directory, again, or never.")
    ] = Story.FIRST,
    data: Data = None,
    once: Annotated[bool, typer.Option("--once", help="Play the story, then exit 0.")] = False,
) -> None:
    """Run the whole ring on this machine, and play a short story of real webhooks."""
    from playcaller.people import plainly
    from playcaller.up import run

    with plainly():
        raise SystemExit(run(engine=engine.value, story=story.value, data=data, once=once))


def _role(name: str) -> None:
    from playcaller.people import plainly
    from playcaller.roles import run

    with plainly():
        run(name)


@app.command()
def ingest() -> None:
    """The door: take webhooks, put events on the log."""
    _role("ingest")


@app.command()
def router() -> None:
    """The heart: judge events, make handoffs and plays."""
    _role("router")


@app.command()
def notifier() -> None:
    """The messenger: bring plays to reps, take their answers."""
    _role("notifier")


@app.command()
def migrate() -> None:
    """Bring the database's tables and the log's topics up to this version; run it before the services."""
    from playcaller.people import plainly
    from playcaller.preparing import run

    with plainly():
        run()


@app.command(context_settings=FORWARDED, add_help_option=False)
def playbook(context: typer.Context) -> None:
    """Check the marketers' playbook, and what else can be done with it (`playbook --help`)."""
    from playcaller.people import plainly
    from services.router.playbook_commands import app as commands

    with plainly():
        commands(args=context.args, prog_name="playcaller playbook")


@app.command()
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


@app.command()
def backtest(
    playbook_path: Annotated[Path, typer.Option("--playbook", help="The candidate's folder.")] = Path("playbook"),
    data: Data = None,
) -> None:
    """What a playbook would have decided over the whole past, beside what was decided. Only reads."""
    from playcaller.backtesting import run
    from playcaller.people import plainly

    with plainly():
        raise SystemExit(run(playbook_path, data))


@app.command()
def audit(
    playbook_path: Annotated[
        Path, typer.Option("--playbook", help="The playbook's folder, or the store of those published.")
    ] = Path("playbook"),
    data: Data = None,
) -> None:
    """Decide everything again from the log, and compare each verdict and receipt byte for byte. Only reads."""
    from playcaller.auditing import run
    from playcaller.people import plainly

    with plainly():
        raise SystemExit(run(playbook_path, data))


@app.command()
def snapshot(
    playbook_path: Annotated[
        Path, typer.Option("--playbook", help="The playbook's folder, or the store of those published.")
    ] = Path("playbook"),
    data: Data = None,
) -> None:
    """Keep the state as it is now, so that `audit`, `explain` and `backtest` can begin here later."""
    from playcaller.people import plainly
    from playcaller.snapshotting import run

    with plainly():
        raise SystemExit(run(playbook_path, data))


@app.command()
def turns(
    playbook_path: Annotated[
        Path, typer.Option("--playbook", help="The playbook's folder, or the store of those published.")
    ] = Path("playbook"),
    data: Data = None,
) -> None:
    """Who got how many plays in turn, what they were entitled to, and why the two differ. Only reads."""
    from playcaller.people import plainly
    from playcaller.turns import run

    with plainly():
        raise SystemExit(run(playbook_path, data))


@app.command()
def doctor(data: Data = None) -> None:
    """Look at everything that has to be in order: settings, database, log, playbook, sources."""
    from playcaller.doctor import run
    from playcaller.people import plainly

    with plainly():
        raise SystemExit(run(data))


DoorUrl = Annotated[str, typer.Option("--door", help="Where the running door is (default: as configured here).")]
Email = Annotated[str, typer.Argument(help="The person's email address.")]


@app.command()
def correct(
    events: Annotated[list[str], typer.Argument(help="The events' ids, as `export` shows them.")],
    *,
    retract: Annotated[bool, typer.Option("--retract", help="They never happened.")] = False,
    unmark: Annotated[bool, typer.Option("--unmark", help="They were a person, no machine.")] = False,
    claim: Annotated[list[str] | None, typer.Option(help="What holds of the lead instead: field=value.")] = None,
    prop: Annotated[list[str] | None, typer.Option("--property", help="And of the event: name=value.")] = None,
    why: Annotated[str, typer.Option(help="For whoever reads the history.")] = "",
    door: DoorUrl = "",
    data: Data = None,
) -> None:
    """Say what holds instead of events, through the running door. Nothing is rewritten: each is one more event."""
    from playcaller.mending import DoorAt, change, corrected
    from playcaller.people import plainly

    with plainly():
        said = change(retract=retract, unmark=unmark, claims=claim or [], properties=prop or [], why=why)
        corrected(events, said, DoorAt(door, data))


@app.command()
def erase(email: Email, *, door: DoorUrl = "", data: Data = None) -> None:
    """Forget a person, through the running door: state at once, the log within its retention."""
    from playcaller.mending import DoorAt, erased
    from playcaller.people import plainly

    with plainly():
        erased(email, DoorAt(door, data))


@app.command()
def export(email: Email, *, data: Data = None) -> None:
    """Everything that is kept about a person, as JSON. Only reads."""
    from playcaller.mending import exported
    from playcaller.people import plainly

    with plainly():
        exported(email, data)


@letters.command("list")
def list_letters(data: Data = None) -> None:
    """All dead letters that the log still holds, with their reasons."""
    from playcaller.letters import listed
    from playcaller.people import plainly

    with plainly():
        listed(data)


@letters.command("show")
def show_letter(letter: Annotated[str, typer.Argument(help="Its id, as `list` shows it.")], data: Data = None) -> None:
    """One dead letter, with the original bytes."""
    from playcaller.letters import shown
    from playcaller.people import plainly

    with plainly():
        shown(letter, data)


@letters.command("retry")
def retry_letter(
    letter: Annotated[str, typer.Argument(help="Its id, or `all`.")] = "all",
    reason: Annotated[str, typer.Option(help="Only those that died of this reason.")] = "",
    data: Data = None,
) -> None:
    """Put dead letters back where they came from."""
    from playcaller.letters import retried
    from playcaller.people import plainly

    with plainly():
        retried(letter, reason, data)


def main() -> None:
    """The entry of `python -m playcaller`."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
