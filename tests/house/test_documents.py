"""What the documents say is so: links lead somewhere, commands exist, code runs, the map shows what is there."""

import ast
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.ingest.source import Source
from services.notifier.channel import ChannelPlugin
from services.router.adapters.playbook_files import load

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#\s]+)(?:#[^)]*)?\)")
LANGUAGES = {"sh", "text", "yaml", "python", ""}
NEEDS_AN_ENGINE = ("docker", "kubectl", "helm")
MAKE = re.compile(r"^make\b")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(path: Path, language: str) -> list[str]:
    return [code for tag, code in FENCE.findall(path.read_text("utf-8")) if tag == language]


def commands() -> Iterator[tuple[str, str]]:
    for path in DOCUMENTS:
        for block in blocks(path, "sh"):
            for line in block.replace("\\\n", " ").splitlines():
                if line.strip() and not line.lstrip().startswith("#"):
                    yield named(path), line.strip()


def readable(command: str) -> bool:
    return subprocess.run(["bash", "-n", "-c", command], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_link_leads_somewhere(path: Path) -> None:
    text = FENCE.sub("", path.read_text("utf-8"))
    lost = [link for link in LINK.findall(text) if "://" not in link and not (path.parent / link).resolve().exists()]

    assert lost == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_block_says_what_it_is(path: Path) -> None:
    assert {tag for tag, _ in FENCE.findall(path.read_text("utf-8"))} <= LANGUAGES


@pytest.mark.whole
@pytest.mark.parametrize(("document", "command"), list(commands()))
def test_every_command_is_well_formed(document: str, command: str) -> None:
    assert readable(command), f"{document}: {command}"


@pytest.mark.whole
@pytest.mark.parametrize(
    "command", sorted({command for _, command in commands() if MAKE.match(command)}), ids=lambda command: command
)
def test_every_make_target_exists(command: str) -> None:
    dry = subprocess.run(["make", "--dry-run", *shlex.split(command)[1:]], cwd=ROOT, capture_output=True, check=False)

    assert dry.returncode == 0, dry.stderr


@pytest.mark.whole
@pytest.mark.parametrize(
    "command",
    sorted({command for _, command in commands() if " -m playcaller " in command and "<" not in command}),
    ids=lambda command: command.partition("-m ")[2],
)
def test_every_playcaller_command_is_known(command: str) -> None:
    words = shlex.split(command)
    arguments = words[words.index("playcaller") + 1 :]
    known = [word for word in arguments[:2] if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-")]
    options = {word.partition("=")[0] for word in arguments if word.startswith("--")}
    shown = subprocess.run(
        [sys.executable, "-m", "playcaller", *known, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", "TERM": "dumb"},
    )

    assert shown.returncode == 0, shown.stderr
    assert [option for option in options if option not in shown.stdout] == []


@pytest.mark.whole
def test_the_readme_explains_a_payload_that_is_there() -> None:
    (command,) = [line for document, line in commands() if document == "README.md" and " explain " in line]

    outcome = subprocess.run(
        [sys.executable, *shlex.split(command)[1:]], cwd=ROOT, capture_output=True, text=True, check=False, timeout=180
    )

    assert outcome.returncode == 0, outcome.stderr
    assert re.search(r"PASS|TRIAGE|NURTURE", outcome.stdout)


def test_the_readmes_rule_is_a_rule(tmp_path: Path) -> None:
    (rule,) = blocks(ROOT / "README.md", "yaml")
    playbook = tmp_path / "playbook"
    shutil.copytree(ROOT / "playbook", playbook)
    (playbook / "rules" / "score_threshold.yaml").write_text(rule, "utf-8")

    assert load(playbook).version


def test_the_map_shows_what_is_there() -> None:
    (drawn,) = [block for block in blocks(ROOT / "README.md", "text") if block.startswith("schemas/")]
    rooms = re.findall(r"^(\S+)/ ", drawn, re.MULTILINE)

    assert [room for room in rooms if not (ROOT / room).is_dir()] == []
    assert {"schemas", "runtime", "services/router", "playbook", "deploy", "tests"} <= set(rooms)


@pytest.mark.parametrize(
    ("document", "attribute", "kind"),
    [
        ("docs/add-a-source.md", "SOURCE", Source),
        ("docs/add-a-channel.md", "CHANNEL", ChannelPlugin),
    ],
)
def test_the_shown_plugin_is_one(document: str, attribute: str, kind: type) -> None:
    module: dict[str, object] = {}
    for code in blocks(ROOT / document, "python"):
        exec(compile(ast.parse(code), document, "exec"), module)  # noqa: S102  (the document's own code is what is tested)

    assert isinstance(module[attribute], kind)
