"""Email by SMTP (RFC 5321), one recipient a transaction, driven step by step so that we know in which one it failed.

Only what is lost after the final dot is unknown; SMTP lets nobody ask, so such a mail is never sent again: the reminder
carries the whole play.
"""

import contextlib
import ssl

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPNotSupported,
    SMTPResponseException,
    SMTPSenderRefused,
)

from services.notifier.card import Card
from services.notifier.channel import (
    Capabilities,
    Channel,
    ChannelPlugin,
    Delivered,
    Failed,
    Fault,
    Means,
    Outcome,
    Sighting,
    Unknown,
)
from services.notifier.mail import compose, message_id, sender_of
from services.notifier.rendering import email_address
from services.notifier.settings import NotifierSettings

TRANSIENT = range(400, 500)


class Email:
    """One SMTP server. A handle is the Message-ID."""

    def __init__(self, means: Means) -> None:
        self._settings, self._clock = means.settings, means.clock
        self._sender = sender_of(means.settings.smtp_from)

    async def send(self, card: Card, address: str, key: str, thread: str = "") -> Outcome:
        """Hand it to the server."""
        if not email_address(address):
            return Failed(Fault.PERMANENT, "this is no email address we can write to")
        mail = compose(card, address, self._settings.smtp_from, self._clock.now(), key=key, thread=thread)
        client = _client(self._settings)
        try:
            refused = await self._envelope(client, address)
            if refused is not None:
                return refused
            return await self._content(client, mail.as_bytes(), key)
        finally:
            with contextlib.suppress(SMTPException, OSError, TimeoutError):
                await client.quit(timeout=1)
            client.close()

    async def _envelope(self, client: SMTP, address: str) -> Failed | None:
        """Everything before the content. Whatever fails here, nothing was sent."""
        try:
            await client.connect()
            await client.mail(self._sender)
            await client.rcpt(address)
        except SMTPResponseException as fault:
            return _refused(fault)
        except (ssl.SSLCertVerificationError, SMTPNotSupported) as fault:
            return Failed(Fault.CONFIG, f"the mail server's TLS does not fit ({type(fault).__name__})")
        except SMTPException as fault:
            if "STARTTLS" in str(fault):
                return Failed(Fault.CONFIG, "the mail server offers no STARTTLS: set PLAYCALLER_SMTP_TLS")
            return Failed(Fault.RETRY, f"the mail server went away ({type(fault).__name__})")
        except (OSError, TimeoutError) as fault:
            return Failed(Fault.RETRY, f"the mail server cannot be reached ({type(fault).__name__})")
        return None

    async def _content(self, client: SMTP, content: bytes, key: str) -> Outcome:
        try:
            await client.data(content)
        except SMTPResponseException as fault:
            return _refused(fault)
        except (SMTPException, OSError, TimeoutError) as fault:
            return Unknown(f"no answer after the content ({type(fault).__name__})")
        return Delivered(message_id(key, self._settings.smtp_from))

    async def update(self, handle: str, card: Card) -> Outcome:  # noqa: ARG002  (nothing can be done)
        """A mail that was sent cannot be changed."""
        return Failed(Fault.PERMANENT, "a mail cannot be changed")

    async def reconcile(self, key: str, address: str, thread: str = "") -> Sighting:  # noqa: ARG002  (the same)
        """SMTP cannot be asked."""
        return Unknown("a mail server cannot be asked what it delivered")

    async def close(self) -> None:
        """Every mail has a connection of its own."""


def _refused(fault: SMTPResponseException) -> Failed:
    """What the server's code means (RFC 5321 §4.2.1, RFC 3463). Its text is not kept: it may quote the address."""
    said = f"the mail server said {fault.code}"
    if fault.code in TRANSIENT:
        return Failed(Fault.RETRY, said)
    policy = " 5.7." in f" {fault.message}"
    if isinstance(fault, (SMTPAuthenticationError, SMTPSenderRefused)) or policy:
        return Failed(Fault.CONFIG, said)
    return Failed(Fault.PERMANENT, said)


def _client(settings: NotifierSettings) -> SMTP:
    return SMTP(
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        username=settings.smtp_user or None,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
        use_tls=settings.smtp_tls == "tls",
        start_tls=settings.smtp_tls == "starttls",
        timeout=settings.delivery_timeout,
        local_hostname=sender_of(settings.smtp_from).rpartition("@")[2],  # else it asks the resolver, mail by mail
    )


async def _open(means: Means) -> Channel | None:
    return Email(means) if means.settings.smtp_host else None


CHANNEL = ChannelPlugin(name="email", capabilities=Capabilities(), open=_open, needs="PLAYCALLER_SMTP_HOST")
