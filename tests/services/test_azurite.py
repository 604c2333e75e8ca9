"""The real Azurite: real clients store in it, and what they stored outlives it."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.services.conftest import marked
from tests.services.test_service import gone
from toolkit import service
from toolkit.errors import SetupError
from toolkit.services import azurite, node
from toolkit.services.azurite import AZURITE
from toolkit.store.objects import EMULATED_KEY
from toolkit.store.objects import azurite as store_at

LOCK = json.loads((azurite.PACKAGES / "package-lock.json").read_text(encoding="utf-8"))


def put(running: service.Running, path: str, content: bytes) -> None:
    with store_at(running.ports["blob"]).files.open_output_stream(path) as stream:
        stream.write(content)


def got(running: service.Running, path: str) -> bytes:
    with store_at(running.ports["blob"]).files.open_input_stream(path) as stream:
        return bytes(stream.read())


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.usefixtures("azurite_installed")
@pytest.mark.slow
def test_blobs_outlive_a_server_that_is_killed_and_one_that_is_stopped(service_home: Path) -> None:
    running = service.start(AZURITE)
    store_at(running.ports["blob"]).files.create_dir("lake")
    put(running, "lake/bronze/a.txt", b"one")
    assert got(running, "lake/bronze/a.txt") == b"one"
    time.sleep(azurite.SAVED_SECONDS + 1)
    os.kill(running.pid, signal.SIGKILL)
    gone(running.pid)
    assert service.status(AZURITE).state == "died"
    again = service.start(AZURITE)
    assert again.ports == running.ports
    assert got(again, "lake/bronze/a.txt") == b"one"
    put(again, "lake/bronze/b.txt", b"two")
    assert service.stop(AZURITE), "asked to end, it saves at once"
    assert marked(service_home) == []
    last = service.start(AZURITE)
    assert got(last, "lake/bronze/b.txt") == b"two"
    assert service.stop(AZURITE)
    assert service.status(AZURITE).state == "stopped"


def test_every_package_has_a_checksum_and_none_an_address() -> None:
    packages = {name: package for name, package in LOCK["packages"].items() if name}
    assert len(packages) > 300
    assert [name for name, package in packages.items() if not package.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert packages["node_modules/azurite"]["version"] == "3.35.0"


def test_the_key_is_in_no_command_line_and_the_server_stays_on_this_computer() -> None:
    place = service.Place(Path("/home"), {"blob": 1234})
    words = list(azurite.command(place))
    assert EMULATED_KEY not in " ".join(words)
    assert words[words.index("--blobHost") + 1] == "127.0.0.1"
    assert words[words.index("--blobPort") + 1] == "1234"


@pytest.mark.parametrize(("version", "good"), [("v20.1.0", True), ("v24.0.0", True), ("v18.20.1", False), ("?", False)])
def test_a_node_that_is_too_old_is_not_used(
    version: str, good: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("node", "npm"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho '{version}'\n", encoding="utf-8")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("TOOLKIT_CACHE", str(tmp_path / "cache"))
    assert (node.find() is not None) is good


def test_an_installation_that_fails_leaves_nothing_that_looks_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLKIT_CACHE", str(tmp_path / "cache"))
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\nmkdir node_modules\necho 'no network'\nexit 1\n", encoding="utf-8")
    npm.chmod(0o755)
    monkeypatch.setattr(node, "find", lambda: node.Node("node", (str(npm),)))
    left = tmp_path / "cache" / "azurite" / "installing-killed"
    left.mkdir(parents=True)
    with pytest.raises(SetupError, match=r"packages of azurite could not be installed.*code 1"):
        AZURITE.install()
    assert not node.packages(azurite.PACKAGES, "azurite").exists()
    assert list((tmp_path / "cache" / "azurite").glob("installing-*")) == []
    assert "no network" in (tmp_path / "cache" / "azurite" / "install.log").read_text(encoding="utf-8")
    npm.write_text("#!/bin/sh\nmkdir node_modules\n", encoding="utf-8")
    AZURITE.install()
    assert (node.packages(azurite.PACKAGES, "azurite") / "node_modules").is_dir()


def test_without_node_pip_and_uv_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SetupError, match="Install Node 20 or newer with its npm"):
        AZURITE.install()
