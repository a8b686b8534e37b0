"""What is deployed is what is here: the image's parts exist, the compose file is whole, the locks agree."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
ROLES = {"migrate", "ingest", "router", "notifier"}


def compose() -> dict[str, Any]:
    read: dict[str, Any] = YAML(typ="safe").load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return read


def locked(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", path.read_text("utf-8"), re.MULTILINE))


def environments() -> dict[str, dict[str, str]]:
    return {name: service["environment"] for name, service in compose()["services"].items() if name in ROLES}


def test_every_role_has_a_service_of_its_own() -> None:
    services = compose()["services"]

    assert set(services) == ROLES | {"kafka", "postgres"}
    assert {name: services[name]["command"] for name in ROLES} == {name: [name] for name in ROLES}


def test_no_role_runs_before_the_tables_and_topics_stand() -> None:
    services = compose()["services"]

    assert all(
        services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
        for name in ROLES - {"migrate"}
    )
    assert set(services["migrate"]["depends_on"]) == {"kafka", "postgres"}


@pytest.mark.parametrize("name", sorted(ROLES - {"migrate"} | {"kafka", "postgres"}))
def test_every_lasting_service_says_when_it_is_well(name: str) -> None:
    assert compose()["services"][name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


@pytest.mark.parametrize("name", sorted(ROLES))
def test_a_role_may_write_nothing_and_gain_nothing(name: str) -> None:
    service = compose()["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", sorted(ROLES))
def test_secrets_are_files_and_every_setting_exists(name: str) -> None:
    from services.ingest.settings import IngestSettings
    from services.notifier.settings import NotifierSettings
    from services.router.settings import RouterSettings

    known = {
        f"PLAYCALLER_{field}".upper()
        for settings in (IngestSettings, RouterSettings, NotifierSettings)
        for field in settings.model_fields
    }
    used = {variable.removesuffix("_FILE") for variable in environments()[name]}

    assert used - known == set()
    assert not [value for key, value in environments()[name].items() if "SECRET" in key and not key.endswith("_FILE")]


def test_every_mounted_secret_is_declared_and_made() -> None:
    declared = compose()["secrets"]
    script = (DEPLOY / "secrets.sh").read_text("utf-8")

    assert {secret for service in compose()["services"].values() for secret in service.get("secrets", ())} == set(
        declared
    )
    assert all(name in script for name in declared)


def test_published_ports_are_on_loopback() -> None:
    ports = [port for service in compose()["services"].values() for port in service.get("ports", ())]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_image_holds_what_exists_and_runs_as_nobody_in_particular() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text("utf-8")
    copied = re.findall(r"^COPY (?!--from)(\S+) ", dockerfile, re.MULTILINE)
    ignored = (ROOT / ".dockerignore").read_text("utf-8")

    assert [path for path in copied if not (ROOT / path).exists()] == []
    assert [path for path in copied if f"!{path}\n" not in ignored] == []
    assert re.search(r"^USER 10001:10001$", dockerfile, re.MULTILINE)


def test_the_image_installs_the_very_versions_that_are_tested() -> None:
    everything, image = locked(ROOT / "requirements.lock"), locked(DEPLOY / "requirements.lock")

    assert image.items() <= everything.items()
    assert "fastapi" in image
    assert "pytest" not in image


def test_a_dependency_of_the_project_is_in_both_locks() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    names = {re.split(r"[\[<>=~!; ]", line)[0].lower().replace(".", "-") for line in wanted}

    assert names <= locked(DEPLOY / "requirements.lock").keys()
