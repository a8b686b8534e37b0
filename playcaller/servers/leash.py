"""Starts a program that dies with its parent, however that dies, and does not run as root if told another user.

Run as a script: `leash.py <signal> <parent's pid> <user or ""> <program> <arguments…>`.
"""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time

_SET_DEATH_SIGNAL, _KEEP_CAPABILITIES, _AMBIENT, _RAISE = 1, 8, 47, 2
_CAPABILITY_VERSION_3 = 0x20080522
_DAC_OVERRIDE = 1
"""Lets the other user walk through a home directory that only root may enter (capabilities(7))."""


def main() -> None:
    """Become the user, then the program."""
    number, parent, user, *program = sys.argv[1:]
    if user:
        become(user)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, int(number), 0, 0, 0)  # after setuid, which clears it (prctl(2))
        if os.getppid() != int(parent):
            raise SystemExit("the parent died before its child began")
        os.execv(program[0], program)  # noqa: S606  (the program is ours to choose, there is no shell)
    _watch(int(number), int(parent), program)


def become(user: str) -> None:
    """Give root up for `user`, keeping only the right to pass through directories."""
    entry = pwd.getpwnam(user)
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library:
        library.prctl(_KEEP_CAPABILITIES, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    os.environ["HOME"] = entry.pw_dir
    if library:
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        mask = 1 << _DAC_OVERRIDE
        library.capset(header, (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0))
        library.prctl(_AMBIENT, _RAISE, _DAC_OVERRIDE, 0, 0)


def _watch(number: int, parent: int, program: list[str]) -> None:
    """Where the kernel does not tell of a parent's death (macOS): stay, and look."""
    child = subprocess.Popen(program)  # noqa: S603  (as above)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    signal.signal(signal.SIGINT, lambda *_: child.send_signal(signal.SIGINT))
    while child.poll() is None:
        if os.getppid() != parent:
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(number)
            child.wait()
        time.sleep(0.2)
    raise SystemExit(child.returncode)


if __name__ == "__main__":
    main()
