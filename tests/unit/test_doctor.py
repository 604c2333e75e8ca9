"""What `toolkit doctor` finds, on this computer and on worse ones."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from toolkit import doctor, jars, java, session


def only(findings: list[doctor.Finding]) -> doctor.Finding:
    assert len(findings) == 1
    return findings[0]


def test_this_computer_is_ready_and_every_complaint_has_a_cure() -> None:
    findings = doctor.examine()
    assert [finding for finding in findings if finding.ok is False] == []
    assert all(finding.cure for finding in findings if finding.ok is None)
    assert {"Python", "Java", "Jars", "Memory", "Disk", "Loopback", "Class-data archive", "Terminal"} <= {
        finding.name for finding in findings
    }


def test_looking_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TOOLKIT_CACHE", str(tmp_path / "cache"))
    doctor.examine()
    assert list(tmp_path.iterdir()) == []


def test_an_old_python_is_named() -> None:
    finding = only(doctor.python((3, 10, 1)))
    assert (finding.ok, finding.cure) == (False, "Install Python 3.11 or newer, then type ./run with it.")


def test_another_environment_is_a_warning(tmp_path: Path) -> None:
    finding = only(doctor.python((3, 12, 1), tmp_path))
    assert finding.ok is None
    assert "./run" in finding.cure


def test_no_java_is_a_finding_and_the_other_checks_go_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(java, "_candidates", list)
    found = {finding.name: finding for finding in doctor.examine()}
    assert found["Java"].ok is False
    assert "Java 17 or 21" in found["Java"].found
    assert found["Disk"].ok


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
def test_a_java_that_does_not_start_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "bin" / "java").chmod(0o755)
    (tmp_path / "release").write_text('JAVA_VERSION="21.0.1"\n')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    finding = only(doctor.the_java())
    assert finding.ok is False
    assert "does not start" in finding.found


def test_missing_jars_are_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOOLKIT_CACHE", str(tmp_path))
    finding = only(doctor.spark_jars())
    number = len(jars.lock().jars)
    assert finding.ok is False
    assert finding.found.startswith(f"{number} of {number} are missing in {tmp_path}")


def test_a_damaged_jar_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    good = jars.folder()
    monkeypatch.setenv("TOOLKIT_CACHE", str(tmp_path))
    shutil.copytree(good, jars.folder())
    damaged = jars.class_path()[-1]
    damaged.write_bytes(b"damaged")
    finding = only(doctor.spark_jars())
    assert finding.ok is False
    assert damaged.name in finding.found
    assert f"Delete {jars.folder()}" in finding.cure


def test_more_memory_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLKIT_MEMORY", "4000g")
    finding = only(doctor.memory())
    assert finding.ok is False
    assert "Lower TOOLKIT_MEMORY" in finding.cure


@pytest.mark.parametrize(("text", "size"), [("512m", 512 * 1024**2), ("6g", 6 * 1024**3)])
def test_heap_as_java_writes_it(text: str, size: int) -> None:
    assert doctor.heap_bytes(text) == size


def test_a_setting_that_is_not_valid_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLKIT_MEMORY", "plenty")
    found = {finding.name: finding for finding in doctor.examine()}
    assert found["Memory"].ok is False
    assert "plenty" in found["Memory"].found


def test_too_little_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLKIT_MIN_FREE_DISK_GB", "1000000")
    finding = only(doctor.disk())
    assert finding.ok is False
    assert "TOOLKIT_HOME" in finding.cure


def test_a_place_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path / "file" / "home"))
    home, cache = doctor.write_rights()
    assert (home.ok, cache.ok) == (False, True)
    assert "set TOOLKIT_HOME" in home.cure


def test_a_taken_port_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        monkeypatch.setattr(doctor, "PORTS", {port: "JupyterLab"})
        loopback, taken = doctor.ports()
    assert loopback.ok
    assert (taken.name, taken.ok) == (f"Port {port}", None)
    assert taken.found.startswith("taken; JupyterLab")


def test_no_archive_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(session, "archive_files", lambda _: (tmp_path / "spark.base", tmp_path / "spark.jsa"))
    finding = only(doctor.class_data_archive())
    assert finding.ok is None
    assert finding.cure == "Run `./run setup`."


GOOD = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


@pytest.mark.parametrize(
    ("encoding", "size", "variables", "ok", "cure"),
    [
        ("utf-8", (80, 24), GOOD, True, ""),
        ("UTF8", (200, 50), {"TERM": "xterm"}, True, ""),
        ("latin-1", (80, 24), GOOD, None, "UTF-8 locale"),
        ("utf-8", (79, 24), GOOD, None, "80 columns by 24 lines"),
        ("utf-8", (80, 23), GOOD, None, "80 columns by 24 lines"),
        ("utf-8", (80, 24), {"TERM": "dumb"}, None, "Set TERM"),
    ],
)
def test_terminals(encoding: str, size: tuple[int, int], variables: dict[str, str], ok: bool | None, cure: str) -> None:
    finding = doctor.judge_terminal(encoding.lower(), size, variables)
    assert finding.ok is ok
    assert cure in finding.cure
