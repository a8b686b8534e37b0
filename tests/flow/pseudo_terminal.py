"""A pseudo-terminal of eighty columns: commands run in it as under somebody's hands, and what they show is read."""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

WIDE, HIGH = 80, 50
PATIENCE = 120.0
_CONTROL = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b[=>]")


class Screen:
    """What is read on a terminal: text, new lines, and the few movements by which a progress bar draws itself anew."""

    def __init__(self) -> None:
        self.lines: list[str] = [""]
        self._row = self._column = 0
        self._rest = ""

    def feed(self, text: str) -> None:
        """More output. A control sequence that is cut off waits for its end."""
        text, self._rest = self._rest + text, ""
        place = 0
        while place < len(text):
            if text[place] == "\x1b":
                found = _CONTROL.match(text, place)
                if found is None:
                    self._rest = text[place:]
                    return
                self._move(found[1] or "", found[2] or "")
                place = found.end()
                continue
            self._write(text[place])
            place += 1

    def _write(self, sign: str) -> None:
        if sign == "\n":
            self._row += 1
            self._column = 0
        elif sign == "\r":
            self._column = 0
        else:
            if self._column == WIDE:  # a real one goes on in the next line, in the middle of a word
                self._row, self._column = self._row + 1, 0
            self._reach()
            line = self.lines[self._row].ljust(self._column)
            self.lines[self._row] = line[: self._column] + sign + line[self._column + 1 :]
            self._column += 1
        self._reach()

    def _reach(self) -> None:
        while len(self.lines) <= self._row:
            self.lines.append("")

    def _move(self, numbers: str, what: str) -> None:
        if what == "A":
            self._row = max(0, self._row - int(numbers or 1))
        elif what == "K":
            kept = "" if numbers == "2" else self.lines[self._row][: self._column]
            self.lines[self._row] = kept

    @property
    def text(self) -> str:
        """All that was printed, line by line, without what was wiped off."""
        return "\n".join(line.rstrip() for line in self.lines)


class Running:
    """A command at work in a pseudo-terminal."""

    def __init__(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", HIGH, WIDE, 0, 0))
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("PLAYCALLER_", "COLUMNS"))}
        self.process = subprocess.Popen(
            arguments,
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={**plain, "TERM": "xterm-256color", **environment},
        )
        os.close(theirs)
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._screen = Screen()

    @property
    def read(self) -> str:
        """What stands there so far."""
        return self._screen.text

    def until(self, wanted: str, *, seconds: float = PATIENCE) -> str:
        """Read on until this stands there, line breaks or not; everything then. Fails with what is there instead."""
        end = time.monotonic() + seconds
        while flat(wanted) not in flat(self.read):
            if not self._more(end):
                raise AssertionError(f"never read “{wanted}”, but:\n{self.read}")
        return self.read

    def finished(self, *, seconds: float = PATIENCE) -> int:
        """Read to the end; the exit status."""
        end = time.monotonic() + seconds
        while self._more(end):
            pass
        return self.process.wait(timeout=seconds)

    def close(self) -> None:
        """End it as Ctrl-C does, by its own pid, and let the terminal go."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.finished()
        os.close(self._ours)

    def _more(self, end: float) -> bool:
        """Read what comes next; False at the end of the output, or when time is up."""
        ready, _, _ = select.select([self._ours], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # Linux's way to say that nobody holds the other end any more
            return False
        self._screen.feed(self._decoder.decode(data))
        return bool(data)


def flat(text: str) -> str:
    """The words alone: where a line ends is the terminal's matter."""
    return " ".join(text.replace("│", " ").split())
