"""What is wrong in a playbook, all at once, each with file, line and what was probably meant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class PlaybookFault:
    """One fault. `file` is relative to the playbook's folder; `line` counts from 1."""

    file: str
    line: int
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        meant = f" (did you mean “{self.suggestion}”?)" if self.suggestion else ""
        return f"{self.file}:{self.line}: {self.message}{meant}"


class PlaybookFaultsError(ValueError):
    """A playbook that cannot be used. `faults` are sorted by file and line."""

    def __init__(self, faults: Iterable[PlaybookFault]) -> None:
        self.faults: Sequence[PlaybookFault] = sorted(set(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))
