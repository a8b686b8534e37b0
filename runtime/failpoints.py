"""Named places where a test may kill this process, to prove that nothing acknowledged is lost there."""

import os
import signal

_ARMED, _, _COUNT = os.environ.get("PLAYCALLER_FAILPOINT", "").partition(":")
_left = int(_COUNT or 1)


def reach(name: str) -> None:
    """Die here with SIGKILL if `PLAYCALLER_FAILPOINT=<name>[:<n>]` is armed and this is the n-th time; else nothing."""
    global _left  # noqa: PLW0603  (one counter a process, set only by tests)
    if name != _ARMED:
        return
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
