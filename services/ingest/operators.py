"""Who may mend the record: operators, each with a bearer token of their own."""

import hmac

from pydantic import SecretStr

from services.ingest.keyring import Keyring

NEEDS = "set PLAYCALLER_INGEST_OPERATORS to <name>:<token>, one for each person who may correct events or erase people"
_SCHEME = "bearer "


class Operators:
    """Everybody who holds a token (RFC 6750): `<name>:<token>`, comma-separated. Nobody means the door is off."""

    def __init__(self, written: SecretStr | None) -> None:
        parts = written.get_secret_value().replace("\n", ",").split(",") if written is not None else ()
        self._keyring = Keyring([SecretStr(part.strip()) for part in parts if part.strip()])

    @property
    def any(self) -> bool:
        """Is there anybody?"""
        return any(name for name, _ in self._keyring.labelled())

    def named(self, authorization: str) -> str:
        """Whose token this `Authorization` header carries; empty for nobody's. All are compared, in equal time."""
        if authorization[: len(_SCHEME)].lower() != _SCHEME:
            return ""
        given = authorization[len(_SCHEME) :].strip().encode("utf-8", "surrogatepass")
        fits = [name for name, token in self._keyring.labelled() if hmac.compare_digest(token, given) and name]
        return fits[0] if fits else ""
