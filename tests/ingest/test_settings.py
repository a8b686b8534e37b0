"""What the operator sets: secrets, options, addresses; and what is told when it is set wrongly."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from services.ingest.gate import gates
from services.ingest.keyring import Keyring
from services.ingest.reading import sources
from services.ingest.settings import IngestSettings, SourceSettings, source_settings


def test_secrets_come_one_a_line_or_between_commas() -> None:
    own = source_settings(
        {
            "PLAYCALLER_SOURCE_TYPEFORM_SECRETS": "new, old",
            "PLAYCALLER_SOURCE_HUBSPOT_SECRETS": "a,b with a comma\nsecond\n",
            "PLAYCALLER_SOURCE_HUBSPOT_OPTIONS": "accept_v1, accept_v2",
        }
    )

    assert list(own["typeform"].keyring) == [b"new", b"old"]
    assert list(own["hubspot"].keyring) == [b"a,b with a comma", b"second"]
    assert own["hubspot"].options == {"accept_v1", "accept_v2"}


def test_secrets_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file\n", "utf-8")
    own = source_settings({"PLAYCALLER_SOURCE_CALENDLY_SECRETS_FILE": str(tmp_path / "secret")})

    assert list(own["calendly"].keyring) == [b"from the file"]


def test_nothing_between_commas_is_no_secret() -> None:
    own = source_settings({"PLAYCALLER_SOURCE_TYPEFORM_SECRETS": " , ,"})

    assert len(own["typeform"].keyring) == 0


def test_a_secret_of_nothing_but_nuls_stops_the_start() -> None:
    with pytest.raises(SystemExit, match="SOURCE_TYPEFORM_SECRETS"):
        source_settings({"PLAYCALLER_SOURCE_TYPEFORM_SECRETS": "good,\x00\x00"})


def test_a_keyring_shows_nothing_and_keeps_no_blank_key() -> None:
    keyring = Keyring([SecretStr("hush"), SecretStr("\x00"), SecretStr("  ")])

    assert list(keyring) == [b"hush"]
    assert "hush" not in repr(keyring)
    assert "hush" not in repr(SourceSettings(keyring))


def test_an_unknown_option_stops_the_start_and_says_which_there_are() -> None:
    own = {"hubspot": SourceSettings(Keyring(), frozenset({"acept_v1"}))}
    with pytest.raises(SystemExit, match="accept_v1, accept_v2"):
        gates(sources().values(), IngestSettings(), own, "")


def test_secrets_for_a_source_that_does_not_exist_stop_the_start() -> None:
    with pytest.raises(SystemExit, match="there is no such source"):
        gates(sources().values(), IngestSettings(), {"hubspott": SourceSettings()}, "")


def test_a_public_address_needs_its_scheme() -> None:
    with pytest.raises(ValidationError, match="write the scheme"):
        IngestSettings(ingest_public_url="hooks.acme.example")
