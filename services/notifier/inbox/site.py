"""The templates and the headers every page goes out with."""

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.notifier.inbox.forms import choices
from services.notifier.reactions import days_ahead

LARGEST = 120
"""Characters that are still read at a glance when set large."""
HERE = Path(__file__).parent
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-same-origin"
)
"""The mail's own inline styles are shown in a frame that can do nothing: no script, no form, nothing loaded."""


@cache
def templates() -> Environment:
    """Every template is escaped, whatever its name."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["choices"] = choices()
    environment.filters["iso"] = _iso
    environment.filters["left"] = _left
    environment.filters["sentences"] = _sentences
    environment.filters["days_ahead"] = days_ahead
    return environment


def page(name: str, status: int = 200, **context: Any) -> HTMLResponse:
    """The rendered page, not to be stored, framed, indexed or told about to anybody."""
    return HTMLResponse(templates().get_template(name).render(context), status, headers=headers(POLICY))


def headers(policy: str) -> dict[str, str]:
    """What every page of ours carries."""
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN" if policy is MAIL_POLICY else "DENY",
        "X-Robots-Tag": "noindex, nofollow",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def _sentences(text: str) -> tuple[str, str]:
    """The first sentence, which is set large, and the rest; a first sentence that is long stays with the rest."""
    first, mark, rest = re.sub(r"([.!?])\s+", "\\1\0", text, count=1).partition("\0")
    return (first, rest) if mark and len(first) <= LARGEST else (text, "")


def _left(deadline: datetime, now: datetime) -> str:
    """`18 min left`, as it was when the page was made; the page counts on by itself where it can."""
    minutes = int((deadline - now).total_seconds() // 60)
    words = _span(abs(minutes))
    return f"{words} left" if minutes >= 0 else f"{words} over"


def _span(minutes: int) -> str:
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
