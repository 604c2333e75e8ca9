"""Fetching against a lock, from a small repository on loopback, with the real resolver."""

from __future__ import annotations

import functools
import hashlib
import http.server
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from toolkit import jars, java, network, paths
from toolkit.errors import SetupError

NOBODY_LISTENS = "http://127.0.0.1:9/"
CONTENT = b"not really a jar"
NAME = "org.example_tiny-1.0.jar"
POM = """<project><modelVersion>4.0.0</modelVersion>
<groupId>org.example</groupId><artifactId>tiny</artifactId><version>1.0</version></project>"""


@dataclass
class Repository:
    """A Maven repository with one artifact, and what was asked of it."""

    url: str
    asked: list[str] = field(default_factory=list)


class Handler(http.server.SimpleHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def do_CONNECT(self) -> None:
        self.asked.append(self.path)
        self.send_error(407)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    artifact = tmp_path / "repository" / "org" / "example" / "tiny" / "1.0"
    artifact.mkdir(parents=True)
    (artifact / "tiny-1.0.pom").write_text(POM)
    (artifact / "tiny-1.0.jar").write_bytes(CONTENT)
    asked: list[str] = []
    handler = functools.partial(type("H", (Handler,), {"asked": asked}), directory=str(tmp_path / "repository"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Repository(f"http://127.0.0.1:{server.server_port}/", asked)
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOOLKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lock that names one small file."""
    return lock_with(tmp_path, monkeypatch, hashlib.sha256(CONTENT).hexdigest())


def lock_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digest: str) -> Path:
    file = tmp_path / "jars.lock"
    file.write_text(f'roots = ["org.example:tiny:1.0"]\nexcludes = []\n\n[sha256]\n"{NAME}" = "{digest}"\n')
    monkeypatch.setattr(jars, "LOCK", file)
    return file


FETCH = """
import sys
from pathlib import Path
from toolkit import jars
jars.LOCK = Path(sys.argv[1])
print(jars.fetch())
"""


def test_two_fetches_at_once_download_once(locked: Path, repository: Repository) -> None:
    variables = os.environ | {"TOOLKIT_MAVEN": repository.url, "PYTHONPATH": str(paths.REPOSITORY)}
    words = [sys.executable, "-c", FETCH, str(locked)]
    both = [subprocess.Popen(words, env=variables, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate(timeout=120)[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert told == [str(jars.folder())] * 2
    assert sum(path.endswith(".jar") for path in repository.asked) == 1
    assert [file.read_bytes() for file in jars.class_path()] == [CONTENT]
    jars.verify()


def test_a_file_that_is_not_the_locked_one_is_refused_and_not_kept(
    tmp_path: Path, cache: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock_with(tmp_path, monkeypatch, "0" * 64)
    (cache / "fetching-killed").mkdir(parents=True)
    monkeypatch.setenv("TOOLKIT_MAVEN", repository.url)
    with pytest.raises(SetupError, match=rf"{NAME} is not the file that jars\.lock names: its checksum differs"):
        jars.fetch()
    assert jars.missing() == [NAME]
    assert not list(cache.glob("fetching-*"))


def test_without_network_the_sentence_names_the_cure_and_keeps_the_words(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLKIT_MAVEN", NOBODY_LISTENS)
    with pytest.raises(SetupError, match=r"could not be fetched\. Check the network connection, or set TOOLKIT_MAVEN"):
        jars.fetch()
    assert "127.0.0.1:9" in (cache / "resolve.log").read_text()
    assert not list(cache.glob("fetching-*"))


def test_the_proxy_of_the_environment_is_used(
    locked: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", repository.url)
    monkeypatch.setenv("TOOLKIT_MAVEN", "https://maven.example/")
    with pytest.raises(SetupError, match="the proxy wants credentials"):
        jars.fetch()
    assert "maven.example:443" in repository.asked


def put_in_place(content: bytes) -> None:
    jars.folder().mkdir(parents=True)
    (jars.folder() / NAME).write_bytes(content)


def test_what_is_there_is_not_fetched_again_nor_is_the_cache_written(
    locked: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in_place(CONTENT)
    monkeypatch.setenv("TOOLKIT_MAVEN", NOBODY_LISTENS)
    assert jars.fetch() == jars.folder()
    assert [file.name for file in cache.iterdir()] == ["jars"]


def test_a_damaged_file_is_found(locked: Path) -> None:
    put_in_place(CONTENT[:-1])
    assert jars.missing() == []
    with pytest.raises(SetupError, match=f"{NAME} is not the file"):
        jars.verify()


def test_missing_jars_name_the_command_that_fetches_them(locked: Path) -> None:
    with pytest.raises(SetupError, match=rf"1 of Spark's jars are missing, {NAME} among them\. Run \./run once"):
        jars.class_path()


def test_another_lock_has_another_folder(tmp_path: Path, locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = jars.folder()
    lock_with(tmp_path, monkeypatch, "1" * 64)
    assert jars.folder() != before


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("java.io.IOException: No space left on device", "the disk is full"),
        ("PKIX path building failed", "does not trust the certificate"),
        ("Server returned HTTP response code: 403 for URL", "refused the request"),
        ("something new", r"could not be fetched\. Check the network"),
    ],
)
def test_the_resolvers_words_become_a_sentence(tmp_path: Path, cache: Path, said: str, what: str) -> None:
    cache.mkdir()
    (tmp_path / "log").write_text(said)
    assert re.search(what, str(jars._not_fetched(tmp_path / "log")))


# ----------------------------------------------------------------------------------------------- proxies and trust


def test_proxies_are_told_to_java(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"https": "http://proxy:3128", "http": "http://proxy", "no": "localhost, .example.com, build*"}
    monkeypatch.setattr(network.urllib.request, "getproxies", lambda: known)
    assert network.proxies() == {
        "http.proxyHost": "proxy",
        "http.proxyPort": "80",
        "https.proxyHost": "proxy",
        "https.proxyPort": "3128",
        "http.nonProxyHosts": "localhost|127.*|localhost|*.example.com|build*",
    }


def test_without_a_proxy_java_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network.urllib.request, "getproxies", dict)
    assert network.proxies() == {}


@pytest.mark.parametrize("source", ["PATH", java.WHEEL])
def test_the_store_that_the_system_keeps_for_java_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    (tmp_path / "cacerts").touch()
    monkeypatch.setattr(network, "SYSTEM_TRUST_STORES", (tmp_path / "gone", tmp_path / "cacerts"))
    told = network.trusted(java.Java(tmp_path, "21", source), tmp_path)
    assert told == {"javax.net.ssl.trustStore": str(tmp_path / "cacerts")}


def test_only_the_wheels_java_gets_a_store_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "SYSTEM_TRUST_STORES", ())
    assert network.trusted(java.Java(tmp_path, "21", "JAVA_HOME"), tmp_path) == {}
    assert not (tmp_path / "trusted.jks").exists()
