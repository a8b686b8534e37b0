"""Processes under test: which core they run on, and what processor time and memory they have used."""

import os
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
ALLOWED = "PLAYCALLER_BENCH_CORES"
"""What the runner tells its programs: they inherit its one core, and would take that for all there are."""
CORES = sorted(map(int, os.environ[ALLOWED].split(",")) if ALLOWED in os.environ else os.sched_getaffinity(0))
TESTED = CORES[0]
"""The core of the system under test."""
WORLD = CORES[-1]
"""The core of everything else: clients, broker, database (the same one where there is only one)."""


def move(pid: int, core: int) -> None:
    """Keep a process, with all its threads, on one core."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {core})


def stay(core: int) -> None:
    """Keep this process, and what it starts from now on, on one core."""
    move(os.getpid(), core)


def cpu_seconds(pid: int) -> float:
    """Processor time a process has used, user and system, all threads (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident_mib(pid: int) -> float:
    """Memory a process holds at this moment, in MiB (proc(5), VmRSS)."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"process {pid} is gone")
