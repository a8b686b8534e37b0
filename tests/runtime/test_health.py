"""A process says whether it lives, whether work may be sent to it, and what it counts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter

from runtime import metrics
from runtime.health import Health, serve_health


@contextlib.asynccontextmanager
async def probes(health: Health, registry: CollectorRegistry | None = None) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serve_health(health, registry=registry or CollectorRegistry()) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        yield client


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


async def broken() -> bool:
    raise ConnectionError("postgresql://ada:hunter2@db")


async def never() -> bool:
    await asyncio.Event().wait()
    return True


async def test_a_process_with_nothing_to_say_is_ready_and_alive():
    async with probes(Health()) as client:
        assert (await client.get("/ready")).json() == {"ok": True, "checks": {}}
        assert (await client.get("/live")).status_code == 200


async def test_readiness_names_each_check():
    health = Health()
    health.ready("log", yes)
    health.ready("database", no)
    async with probes(health) as client:
        answer = await client.get("/ready")

    assert answer.status_code == 503
    assert answer.json() == {"ok": False, "checks": {"log": True, "database": False}}


async def test_a_check_that_raises_is_not_ready_and_tells_no_secret(caplog: pytest.LogCaptureFixture):
    health = Health()
    health.ready("database", broken)
    async with probes(health) as client:
        answer = await client.get("/ready")

    assert answer.status_code == 503
    assert "hunter2" not in answer.text + caplog.text


async def test_a_check_that_hangs_is_not_ready(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("runtime.health._PATIENCE", 0.05)
    health = Health()
    health.ready("database", never)
    health.ready("log", yes)
    async with probes(health) as client:
        answer = await client.get("/ready")

    assert answer.json()["checks"] == {"database": False, "log": True}


async def test_a_database_that_is_away_is_no_reason_to_restart():
    health = Health()
    health.ready("database", no)
    health.alive("loop", lambda: True)
    async with probes(health) as client:
        assert (await client.get("/live")).status_code == 200


async def test_a_stuck_loop_is():
    health = Health()
    health.alive("loop", lambda: False)
    async with probes(health) as client:
        answer = await client.get("/live")

    assert answer.status_code == 503
    assert answer.json()["checks"] == {"loop": False}


async def test_metrics_are_in_the_format_prometheus_reads():
    registry = CollectorRegistry()
    Counter("calls", "Calls made.", registry=registry).inc(3)
    async with probes(Health(), registry) as client:
        answer = await client.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain")
    assert "calls_total 3.0" in answer.text


async def test_anything_else_says_what_there_is():
    async with probes(Health()) as client:
        answer = await client.get("/")

    assert answer.status_code == 404
    assert "/live, /ready or /metrics" in answer.text


async def test_a_port_that_is_taken_says_which_setting_to_change():
    async with serve_health(Health()) as port:
        with pytest.raises(SystemExit, match=f"{port}.*PLAYCALLER_HEALTH_PORT"):
            async with serve_health(Health(), port=port):
                pass


@pytest.mark.parametrize("metric", metrics.METRICS, ids=lambda one: one._name)
def test_every_metric_says_in_a_sentence_what_it_is(metric: object):
    documentation = metric._documentation  # type: ignore[attr-defined]  # the client has no public name for it

    assert documentation[0].isupper()
    assert documentation.endswith(".")
    assert len(documentation.split()) >= 6
