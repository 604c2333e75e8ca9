"""Which Java is chosen, and how a gateway starts and ends; the Javas here are small shell scripts, but for the wheel's."""

from __future__ import annotations

import os
import ssl
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from py4j.java_gateway import GatewayParameters, JavaGateway

from toolkit import java, network
from toolkit.errors import SetupError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are shell scripts")


@pytest.fixture(autouse=True)
def no_other_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only what a test puts there can be found; the wheel stays."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


def fake_java(home: Path, version: str = "", *, script: str = "exit 1") -> Path:
    """A Java whose release file states `version`, if any, and whose program is `script`."""
    (home / "bin").mkdir(parents=True)
    if version:
        (home / "release").write_text(f'IMPLEMENTOR="Somebody"\nJAVA_VERSION="{version}"\n')
    program = home / "bin" / "java"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return home


def put_on_path(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("PATH", f"{home / 'bin'}{os.pathsep}/usr/bin:/bin")


@pytest.mark.parametrize("version", ["17", "17.0.15", "21.0.8"])
def test_java_home_is_taken_when_spark_supports_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    home = fake_java(tmp_path / "java", version)
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert java.find() == java.Java(home, version, "JAVA_HOME")


@pytest.mark.parametrize("version", ["1.8.0_412", "11.0.2", "25", "25.0.1"])
def test_an_unsupported_java_home_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake_java(tmp_path / "java", version)))
    put_on_path(monkeypatch, fake_java(tmp_path / "other", "21.0.1"))
    assert java.find().source == "PATH"


@pytest.mark.parametrize("content", ["", 'JAVA_VERSION=""\n', "no version at all\n", "\udcff"])
def test_a_broken_java_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    home = fake_java(tmp_path / "java")
    (home / "release").write_text(content, errors="surrogateescape")
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert java.find().from_wheel


def test_a_java_home_that_is_not_there_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "gone"))
    assert java.find().from_wheel


def test_a_java_without_a_release_file_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = fake_java(tmp_path / "java", script="echo 'openjdk version \"17.0.9\" 2023-10-17' >&2")
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert java.find().version == "17.0.9"


def test_a_link_on_the_path_leads_to_its_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = fake_java(tmp_path / "java", "21.0.8")
    (tmp_path / "usr" / "bin").mkdir(parents=True)
    (tmp_path / "usr" / "bin" / "java").symlink_to(home / "bin" / "java")
    put_on_path(monkeypatch, tmp_path / "usr")
    assert java.find().home == home


def test_a_version_managers_stand_in_is_asked_for_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = fake_java(tmp_path / "java", "17.0.15")
    shims = fake_java(tmp_path / "shims", script=f"echo '    java.home = {home}' >&2")
    put_on_path(monkeypatch, shims)
    assert java.find().home == home


def test_no_java_at_all_names_what_was_seen_and_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake_java(tmp_path / "java", "24.0.1")))
    put_on_path(monkeypatch, fake_java(tmp_path / "other", "11.0.2"))
    monkeypatch.setattr(java.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(
        SetupError, match=r"Java 17 or 21 .* \(JAVA_HOME has 24\.0\.1; PATH has 11\.0\.2\)\. Run \./run"
    ):
        java.find()


def test_java_25_is_taken_when_nothing_else_is_there_and_gets_its_flag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = fake_java(tmp_path / "java", "25.0.1", script='echo "$@" >&2; exit 1')
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert java.find().from_wheel
    with monkeypatch.context() as no_wheel:
        no_wheel.setattr(java.importlib.util, "find_spec", lambda _: None)
        chosen = java.find()
    assert (chosen.source, chosen.version) == ("JAVA_HOME", "25.0.1")
    for version, given in (("25.0.1", True), ("21.0.8", False)):
        log = tmp_path / version
        with pytest.raises(SetupError):
            java.start_gateway(java.Java(home, version, "JAVA_HOME"), ["x.jar"], memory="64m", log=log)
        assert ("--sun-misc-unsafe-memory-access=allow" in log.read_text()) is given


# ------------------------------------------------------------------------------------------------------- the gateway


def start(home: Path, log: Path | None = None) -> java.Gateway:
    return java.start_gateway(java.Java(home, "17", "JAVA_HOME"), ["x.jar"], memory="64m", log=log)


def test_a_java_that_ends_at_once_is_a_sentence_with_its_last_words(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "java", script="echo 'Error: too little memory' >&2; exit 1")
    with pytest.raises(SetupError, match=r"Java did not start Spark\. It said: Error: too little memory .*doctor"):
        start(home, tmp_path / "log")


def test_a_java_that_stays_silent_is_given_up_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = fake_java(tmp_path / "java", script=f"echo $$ > {tmp_path}/pid; exec sleep 60")
    chosen = java.Java(home, "17", "JAVA_HOME")
    put_on_path(monkeypatch, home)
    with pytest.raises(SetupError, match="did not start"):
        java.start_gateway(chosen, ["x.jar"], memory="64m", timeout=timedelta(seconds=0.5))
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


def test_ctrl_c_while_it_starts_leaves_no_java_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = fake_java(tmp_path / "java", script=f"echo $$ > {tmp_path}/pid; exec sleep 60")
    put_on_path(monkeypatch, home)

    real_sleep = time.sleep

    def interrupt(seconds: float) -> None:
        if threading.current_thread() is not threading.main_thread():
            real_sleep(seconds)  # only a main thread is ever interrupted by Ctrl+C
        elif (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        start(home)
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


def test_another_sparks_properties_do_not_reach_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = fake_java(tmp_path / "java", script='echo "conf=[$SPARK_CONF_DIR] ip=$SPARK_LOCAL_IP" >&2; exit 1')
    monkeypatch.setenv("SPARK_CONF_DIR", "/etc/spark")
    with pytest.raises(SetupError, match=r"conf=\[\] ip=127\.0\.0\.1"):
        start(home, tmp_path / "log")


def test_the_wheels_java_runs_sparks_gateway_and_reads_our_key_store(tmp_path: Path) -> None:
    chosen = java.find()
    assert chosen.from_wheel
    gateway = java.start_gateway(chosen, [java.spark_home() / "jars" / "*"], memory="256m", log=tmp_path / "log")
    try:
        parameters = GatewayParameters(port=gateway.port, auth_token=gateway.secret)
        jvm = JavaGateway(gateway_parameters=parameters)
        assert jvm.jvm.System.getProperty("java.version") == chosen.version
        certificates = ssl.create_default_context().get_ca_certs(binary_form=True)
        (tmp_path / "store").write_bytes(network.key_store(certificates))
        assert entries(jvm, tmp_path / "store", "changeit") == len(certificates)
        jvm.close()
    finally:
        java.end(gateway.process, patience=10)
    assert gateway.process.returncode is not None


def entries(gateway: JavaGateway, store: Path, password: str) -> int:
    """How many certificates Java reads in a store, whose password is checked."""
    characters = gateway.new_array(gateway.jvm.char, len(password))
    for index, character in enumerate(password):
        characters[index] = character
    opened = gateway.jvm.java.security.KeyStore.getInstance("JKS")
    stream = gateway.jvm.java.io.FileInputStream(str(store))
    opened.load(stream, characters)
    stream.close()
    return int(opened.size())
