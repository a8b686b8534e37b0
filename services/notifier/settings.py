"""What the messenger needs to know: its providers' doors and secrets, and where its own door is."""

from typing import Annotated

from pydantic import SecretStr, field_validator
from pydantic_settings import NoDecode

from runtime.settings import Settings


class NotifierSettings(Settings):
    """Settings of the notifier (`PLAYCALLER_…`). A channel whose secret is missing is off, and says so at the start."""

    slack_token: SecretStr | None = None
    """A bot token (`xoxb-…`) with chat:write, im:write and im:history."""
    slack_signing_secret: SecretStr | None = None
    slack_base_url: str = "https://slack.com/api/"
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_user: str = ""
    smtp_password: SecretStr | None = None
    smtp_tls: str = "starttls"
    """`starttls`, `tls` or `none`."""
    smtp_from: str = "Playcaller <playcaller@localhost>"
    link_secret: SecretStr | None = None
    """Signs the links in mails and the inbox's forms; generated under `data` when embedded."""
    link_hours: int = 72
    """How long a link in a mail can be acted on."""
    public_url: str = ""
    """Where people's browsers reach `notifier_host`; nothing means that very address."""
    notifier_host: str = "127.0.0.1"
    notifier_port: int = 8090
    """The inbox, the links in mails and Slack's interactivity; 0 takes a free port."""
    inbox_token: SecretStr | None = None
    """Whoever knows it may open the inbox; needed for any address but loopback."""
    inbox_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Further host names under which the inbox may be asked for."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Networks (CIDR) of the proxy whose identity header is believed."""
    identity_header: str = "X-Forwarded-Email"
    delivery_timeout: float = 10.0
    """Seconds one call of a provider may take."""
    delivery_lease: float = 15.0
    """Seconds after which another replica looks after a message whose sender fell silent."""

    @field_validator("inbox_hosts", "trusted_proxies", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        """In the environment a list is written with commas."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("smtp_tls")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in {"starttls", "tls", "none"}:
            raise ValueError("write starttls, tls or none")
        return value
