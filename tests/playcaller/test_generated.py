"""A data directory makes its own secrets once, keeps them private, and the environment's come first."""

import stat
from pathlib import Path

from playcaller.generated import as_environment, lasting, source_secrets


def test_secrets_are_made_once_and_stay(tmp_path: Path) -> None:
    first = source_secrets(tmp_path, ["typeform", "sales"], {})
    second = source_secrets(tmp_path, ["typeform", "sales", "hubspot"], {})

    assert second["typeform"] == first["typeform"]
    assert len({*second.values()}) == 3


def test_the_environment_comes_first(tmp_path: Path) -> None:
    environment = {"PLAYCALLER_SOURCE_TYPEFORM_SECRETS": "from-typeform, an-older-one"}

    secrets = source_secrets(tmp_path, ["typeform", "hubspot"], environment)

    assert secrets["typeform"] == "from-typeform"
    assert as_environment(secrets, environment) == {"PLAYCALLER_SOURCE_HUBSPOT_SECRETS": secrets["hubspot"]}


def test_a_secret_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "typeform").write_text("from-a-file\n", "utf-8")
    environment = {"PLAYCALLER_SOURCE_TYPEFORM_SECRETS_FILE": str(tmp_path / "typeform")}

    secrets = source_secrets(tmp_path / "data", ["typeform"], environment)

    assert secrets == {"typeform": "from-a-file"}
    assert as_environment(secrets, environment) == {}


def test_nobody_else_may_read_them(tmp_path: Path) -> None:
    source_secrets(tmp_path, ["typeform"], {})
    lasting(tmp_path, "key")

    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_sales_tokens_belong_to_a_rep(tmp_path: Path) -> None:
    rep, colon, token = source_secrets(tmp_path, ["sales"], {})["sales"].partition(":")

    assert (rep, colon) == ("maya", ":")
    assert len(token) >= 32
