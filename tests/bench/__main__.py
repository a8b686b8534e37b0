"""Runs every measure beside its limit and prints the table: `python -m tests.bench [B1 B3 …] [--rounds 5] [--full]`."""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console
from rich.text import Text

from playcaller.servers.kafka import kafka
from playcaller.servers.postgres import postgres
from tests.bench.measure import MEASURES, Measure, Note, Pair, Result, result
from tests.bench.process import ALLOWED, CORES, WORLD, stay
from tests.bench.program import DATABASE, KAFKA, heard
from tests.bench.report import figure, show

ROOT = Path(__file__).parents[2]


async def main(wanted: Sequence[Measure], rounds: int, *, full: bool) -> int:
    """Start the servers, run the programs one after another, show what came of it; the exit status."""
    console = Console(highlight=False)
    stay(WORLD)  # the servers inherit it; each program moves what it tests to the other core
    pairs: dict[str, list[Pair]] = {one.id: [] for one in wanted}
    with tempfile.TemporaryDirectory(prefix="playcaller-bench-") as folder:
        async with AsyncExitStack() as servers:
            environment = await _environment(servers, Path(folder), console)
            for program in dict.fromkeys(one.program for one in wanted):
                console.print(Text(program, "bold"))
                arguments = ["--rounds", str(rounds), *(["--full"] if full else [])]
                await _listen(program, arguments, environment, pairs, console)
    results, silent = _results(wanted, pairs)
    return show(console, results, silent)


async def _environment(servers: AsyncExitStack, folder: Path, console: Console) -> dict[str, str]:
    environment = dict(os.environ) | {ALLOWED: ",".join(map(str, CORES))}
    if KAFKA not in environment:
        broker = await servers.enter_async_context(kafka(folder / "kafka", console.print))
        environment[KAFKA] = broker.bootstrap
    if DATABASE not in environment:
        server = await servers.enter_async_context(postgres(folder / "postgres", console.print))
        environment[DATABASE] = server.url
    return environment


async def _listen(
    program: str, arguments: Sequence[str], environment: dict[str, str], pairs: dict[str, list[Pair]], console: Console
) -> None:
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"tests.bench.{program}", *arguments),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=environment,
    )
    assert running.stdout is not None
    units = {one.id: one.unit for one in MEASURES}
    async for line in running.stdout:
        match heard(line):
            case Pair() as pair:
                pairs.setdefault(pair.measure, []).append(pair)
                ours, limit = (figure(value, units[pair.measure]) for value in (pair.ours, pair.limit))
                console.print(f"  {pair.measure:<4} {ours:>18}  limit {limit:>18}  ratio {pair.ratio:.2f}")
            case Note(text=text):
                console.print(Text(f"  {text}", "grey62"))
            case None:
                console.print(Text(line.decode("utf-8", "replace").rstrip(), "grey42"))
    if await running.wait() != 0:
        console.print(Text(f"  {program} ended with status {running.returncode}", "red"))


def _results(wanted: Sequence[Measure], pairs: dict[str, list[Pair]]) -> tuple[list[Result], list[Measure]]:
    measured = [result(one, pairs[one.id]) for one in wanted if pairs[one.id]]
    return measured, [one for one in wanted if not pairs[one.id]]


def _asked() -> argparse.Namespace:
    ask = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    ask.add_argument(
        "measures", nargs="*", metavar="ID", help=f"of {', '.join(one.id for one in MEASURES)}; none is all"
    )
    ask.add_argument("--rounds", type=int, default=5, help="interleaved repetitions of each pair")
    ask.add_argument("--full", action="store_true", help="B9 with a million leads instead of 200 000")
    return ask.parse_args()


if __name__ == "__main__":
    told = _asked()
    chosen = [one for one in MEASURES if not told.measures or {one.id, one.id.rstrip("ab")} & set(told.measures)]
    if not chosen:
        raise SystemExit(f"none of {', '.join(one.id for one in MEASURES)}: {' '.join(told.measures)}")
    raise SystemExit(asyncio.run(main(chosen, told.rounds, full=told.full)))
