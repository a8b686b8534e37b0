"""Every picture of docs/, drawn from the shipped playbook through the code that decides."""

from pathlib import Path

from services.router.adapters.playbook_files import load
from tests.drawings import assignment, plays, readiness, scoring, service_levels

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "drawings"


def pictures() -> dict[str, str]:
    """file → its SVG."""
    playbook = load(ROOT / "playbook")
    return {
        "scoring.svg": scoring.draw(playbook),
        "readiness.svg": readiness.draw(playbook),
        "plays.svg": plays.draw(playbook),
        "assignment.svg": assignment.draw(playbook),
        "service-levels.svg": service_levels.draw(playbook),
    }
