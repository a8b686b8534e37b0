"""Settings come from the environment and from files, and secrets stay secret."""

from pathlib import Path

import pytest

from runtime.settings import LogEngine, Settings, from_files


def test_without_an_environment_everything_runs_embedded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("PLAYCALLER_LOG_ENGINE", raising=False)

    settings = Settings.load()

    assert (settings.log_engine, settings.database_url) == (LogEngine.SQLITE, None)


def test_the_environment_is_heard(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PLAYCALLER_LOG_ENGINE", "kafka")
    monkeypatch.setenv("PLAYCALLER_PARTITIONS", "24")

    settings = Settings.load()

    assert (settings.log_engine, settings.partitions) == (LogEngine.KAFKA, 24)


def test_a_secret_may_be_named_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    secret = tmp_path / "key"
    secret.write_text("open sesame\n")
    monkeypatch.setenv("PLAYCALLER_KEY_SECRET_FILE", str(secret))

    settings = Settings.load()

    assert settings.key_secret is not None
    assert settings.key_secret.get_secret_value() == "open sesame"


def test_a_file_comes_before_the_environment_and_what_is_explicit_before_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "user").write_text("from the file")
    monkeypatch.setenv("PLAYCALLER_KAFKA_USER", "from the environment")
    monkeypatch.setenv("PLAYCALLER_KAFKA_USER_FILE", str(tmp_path / "user"))

    assert Settings.load().kafka_user == "from the file"
    assert Settings.load(kafka_user="explicit").kafka_user == "explicit"


def test_a_secret_is_in_no_repr(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PLAYCALLER_DATABASE_URL", "postgresql+asyncpg://ada:hunter2@db/x")

    settings = Settings.load(kafka_password="hunter2", key_secret="hunter2")

    assert "hunter2" not in repr(settings) + str(settings)


def test_a_wrong_value_is_not_repeated_in_the_error():
    with pytest.raises(ValueError, match="partitions") as raised:
        Settings(partitions="hunter2")  # type: ignore[arg-type]  # what an environment may hold

    assert "hunter2" not in str(raised.value)


def test_a_file_that_is_not_there_says_which_setting_named_it():
    with pytest.raises(
        SystemExit, match=r"PLAYCALLER_KEY_SECRET_FILE: cannot read /none.*mount it or correct the path"
    ):
        from_files({"PLAYCALLER_KEY_SECRET_FILE": "/none"})


def test_a_file_that_is_no_text_says_so(tmp_path: Path):
    (tmp_path / "key").write_bytes(b"\xff\xfe\x80")
    with pytest.raises(SystemExit, match="is not text"):
        from_files({"PLAYCALLER_KEY_SECRET_FILE": str(tmp_path / "key")})


def test_other_programs_variables_are_left_alone():
    assert from_files({"OTHER_KEY_FILE": "/none", "PLAYCALLER_PARTITIONS": "3"}) == {}
