"""Signed links and forms: who may act on what is in the signature, never in a parameter somebody could change."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from itsdangerous import BadData, URLSafeTimedSerializer

from runtime.settings import LogEngine
from services.notifier.settings import NotifierSettings


@dataclass(frozen=True, slots=True)
class Pass:
    """What a link in a mail says: this person, this handoff."""

    handoff: UUID
    person: str


class Links:
    """Makes and reads what is signed with the link secret (HMAC-SHA1 of itsdangerous with a key derived per salt)."""

    def __init__(self, secret: str, public_url: str, hours: int) -> None:
        self._passes = URLSafeTimedSerializer(secret, salt="playcaller.act")
        self._forms = URLSafeTimedSerializer(secret, salt="playcaller.form")
        self._sessions = URLSafeTimedSerializer(secret, salt="playcaller.session")
        self.public_url = public_url.rstrip("/")
        self._age = hours * 3600

    def act_url(self, handoff: UUID, person: str) -> str:
        """The page on which this person can act on this handoff."""
        return f"{self.public_url}/act/{self._passes.dumps([handoff.hex, person])}"

    def read(self, token: str) -> Pass | None:
        """Who the link is for; nothing where it is forged or too old."""
        try:
            handoff, person = self._passes.loads(token, max_age=self._age)
            return Pass(UUID(handoff), str(person))
        except (BadData, ValueError, TypeError, AttributeError):
            return None

    def form(self, owner: str) -> str:
        """A fresh token for one rendering of a form, bound to its owner (a session or a link)."""
        return str(self._forms.dumps([owner, secrets.token_hex(8)]))

    def form_event(self, token: str, owner: str) -> str:
        """The rendering's own id, equal for a double click; empty where it is forged, old, or another owner's."""
        try:
            found, event = self._forms.loads(token, max_age=12 * 3600)
        except (BadData, ValueError, TypeError):
            return ""
        return str(event) if secrets.compare_digest(str(found).encode(), owner.encode()) else ""

    def session(self, *, trusted: bool) -> str:
        """A new session for a browser. `trusted`: it has shown the inbox's token."""
        return str(self._sessions.dumps([secrets.token_hex(16), trusted]))

    def session_of(self, cookie: str) -> tuple[str, bool] | None:
        """(the session's id, whether it showed the token); nothing where the cookie is forged or too old."""
        try:
            found, trusted = self._sessions.loads(cookie, max_age=30 * 24 * 3600)
            return str(found), bool(trusted)
        except (BadData, ValueError, TypeError):
            return None


def link_secret(settings: NotifierSettings) -> str:
    """The configured secret, else one generated once and kept in a private file under `data`.

    Raises `SystemExit` where several replicas would each generate their own.
    """
    if settings.link_secret is not None:
        return settings.link_secret.get_secret_value()
    if settings.log_engine is LogEngine.KAFKA:
        raise SystemExit(
            "PLAYCALLER_LINK_SECRET is missing: set it, or PLAYCALLER_LINK_SECRET_FILE, to the same long random text "
            "for every replica (for example the output of `openssl rand -hex 32`)"
        )
    file: Path = settings.data / "link-secret"
    if not file.exists():
        settings.data.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(32), "utf-8")
        fresh.replace(file)
    return file.read_text("utf-8").strip()
