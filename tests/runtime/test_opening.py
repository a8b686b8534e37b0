"""A carriage opens as the settings say, and the embedded one belongs to one process."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from pydantic import SecretStr

from runtime.log import Message
from runtime.opening import key_secret, open_carriage
from runtime.settings import LogEngine, Settings

ROOT = Path(__file__).parents[2]


def embedded(folder: Path) -> Settings:
    return Settings(data=folder / "data", partitions=2)


async def test_the_embedded_default_is_open_and_ready(tmp_path: Path):
    async with open_carriage(embedded(tmp_path), topics=["visits"]) as carriage:
        await carriage.log.append("visits", [Message(b"ada", b"hello")])
        report = await carriage.health.readiness()

        assert report.checks == {"log": True, "database": True}
    assert {one.name for one in (tmp_path / "data").iterdir()} >= {"lock", "log.db", "state.db", "key"}


async def test_the_key_is_made_once_and_readable_by_nobody_else(tmp_path: Path):
    keys = []
    for _ in range(2):
        async with open_carriage(embedded(tmp_path)) as carriage:
            keys.append(carriage.key_secret)

    assert keys[0] == keys[1]
    assert len(keys[0]) >= 32
    assert (tmp_path / "data" / "key").stat().st_mode & 0o777 == 0o600


def test_a_given_key_is_used(tmp_path: Path):
    settings = embedded(tmp_path).model_copy(update={"key_secret": SecretStr("ours")})

    assert key_secret(settings) == b"ours"


def test_several_processes_have_to_be_given_the_same_key(tmp_path: Path):
    with pytest.raises(SystemExit, match=r"PLAYCALLER_KEY_SECRET is missing.*same long random text for every process"):
        key_secret(Settings(data=tmp_path, log_engine=LogEngine.KAFKA))


@pytest.mark.whole
async def test_a_second_process_is_refused_and_told_who_was_first(tmp_path: Path):
    script = textwrap.dedent(f"""
        import asyncio
        from pathlib import Path
        from runtime.opening import open_carriage
        from runtime.settings import Settings
        async def main():
            async with open_carriage(Settings(data=Path({str(tmp_path / "data")!r}), partitions=2)):
                print("in", flush=True)
                input()
        asyncio.run(main())
    """)
    first = subprocess.Popen([sys.executable, "-c", script], stdin=-1, stdout=-1, cwd=ROOT, text=True)  # noqa: ASYNC220  (nothing else runs meanwhile)
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == "in\n"
        with pytest.raises(SystemExit, match=rf"in use by process {first.pid} .*stop that one first"):
            async with open_carriage(embedded(tmp_path)):
                pass
    finally:
        first.kill()
        first.communicate()
    async with open_carriage(embedded(tmp_path)) as carriage:
        assert await carriage.log.ready()


async def test_a_wrong_database_url_says_how_to_write_it_and_not_what_it_was(tmp_path: Path):
    settings = embedded(tmp_path).model_copy(update={"database_url": SecretStr("hunter2")})
    with pytest.raises(SystemExit, match=r"write postgresql\+asyncpg://") as raised:
        async with open_carriage(settings):
            pass

    assert "hunter2" not in str(raised.value)
