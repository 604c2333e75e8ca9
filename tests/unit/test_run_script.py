"""`./run`, copied into a folder of its own so that it sets nothing up here."""

from __future__ import annotations

import ast
import errno
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import venv
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
NOBODY_LISTENS = "http://127.0.0.1:9/"
on_posix = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with the script and the files that it reads."""
    for file in ("run", "pyproject.toml", "environments/requirements.lock", "toolkit/jars.lock"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / file, tmp_path / file)
    return tmp_path


@pytest.fixture
def script(here: Path) -> Any:
    return load(here / "run")


def load(file: Path) -> ModuleType:
    loader = SourceFileLoader("run_script", str(file))
    spec = importlib.util.spec_from_loader("run_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def run(here: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(here / "run"), *words],
        capture_output=True,
        text=True,
        env=os.environ | variables,
        check=False,
    )


# --------------------------------------------------------------------------------------------------------- commands


@pytest.mark.parametrize("word", ["help", "-h", "--help"])
def test_help_lists_every_command_and_sets_nothing_up(here: Path, script: Any, word: str) -> None:
    done = run(here, word)
    assert done.returncode == 0
    assert all(f"    {name} " in done.stdout for name in script.COMMANDS)
    assert not (here / ".venv").exists()


def test_unknown_command_names_the_choices_and_the_nearest(here: Path) -> None:
    done = run(here, "tset")
    assert done.returncode == 2
    assert "does not know 'tset'. Did you mean 'test'? Valid choices: setup, test, check," in done.stderr
    assert not (here / ".venv").exists()


@pytest.mark.parametrize("command", ["check", "setup"])
def test_a_command_without_arguments_refuses_them(here: Path, command: str) -> None:
    assert run(here, command, "everything").returncode == 2


def test_every_command_says_what_it_does(script: Any) -> None:
    assert all(command.__doc__ for command in script.COMMANDS.values())


@pytest.mark.parametrize("arguments", [[], ["--quick"], ["-x", "-k", "gate"], ["-n", "0"]])
def test_all_tests_run_side_by_side_in_the_order_that_was_thought_of(script: Any, arguments: list[str]) -> None:
    chosen = script.in_parallel(arguments)
    assert chosen[:2] == ["-n", str(script.workers())]
    assert chosen[2:] == ["--dist", "loadfile", "--no-loadscope-reorder", "--max-worker-restart=0"]
    assert 1 <= script.workers() <= script.MOST_WORKERS


@pytest.mark.parametrize("path", ["run", "toolkit/jars.lock", "pyproject.toml::test_nothing[a::b]"])
def test_what_is_named_is_tested_in_one_process(script: Any, path: str) -> None:
    assert script.in_parallel(["-x", path]) == []


# ------------------------------------------------------------------------------------------------------- the Python


def test_an_old_python_is_told_what_is_needed(script: Any) -> None:
    with pytest.raises(script.Refusal, match=r"needs Python 3\.11 or newer, and .* is Python 3\.8\. .*python3\.12 run"):
        script.require_python((3, 8, 18))


def test_an_old_python_can_parse_it() -> None:
    ast.parse((REPOSITORY / "run").read_text(encoding="utf-8"), feature_version=(3, 6))


def test_it_needs_the_standard_library_only() -> None:
    tree = ast.parse((REPOSITORY / "run").read_text(encoding="utf-8"))
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in named} <= sys.stdlib_module_names


@on_posix
def test_an_old_python_looks_for_one_that_starts(script: Any, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, code in {"python3.13": 1, "python3.12": 0}.items():
        (here / name).write_text(f"#!/bin/sh\nexit {code}\n")
        (here / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(here))
    assert script.newer_python() == str(here / "python3.12")


def test_a_python_without_ensurepip_is_told_the_package(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "_module_exists", lambda _: False)
    with pytest.raises(script.Refusal, match=r"lacks ensurepip\. .*apt install python3\.\d+-venv"):
        script.make_environment()


def test_another_spark_on_the_python_path_is_left_out(script: Any, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "spark" / "pyspark").mkdir(parents=True)
    places = [str(here / "spark"), str(here / "py4j-0.10-src.zip"), str(here / "mine")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(places))
    assert script.child_environment()["PYTHONPATH"] == str(here / "mine")


# ------------------------------------------------------------------------------------------------------- the lock


def test_uv_is_cut_out_of_the_lock_with_all_its_hashes(script: Any) -> None:
    block = script.installer_in_lock().splitlines()
    assert block[0].startswith("uv==")
    assert len(block) > 5
    assert all(line.strip().startswith("--hash=sha256:") for line in block[1:])


def test_a_lock_without_uv_is_refused(script: Any, here: Path) -> None:
    (here / "environments" / "requirements.lock").write_text("uvicorn==1.0 \\\n    --hash=sha256:00\n")
    with pytest.raises(script.Refusal, match=r"does not name uv\. Restore"):
        script.installer_in_lock()


def test_a_missing_lock_is_one_sentence(here: Path, script: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "environments" / "requirements.lock").unlink()
    assert script.main(["setup"]) == 3
    assert "requirements.lock cannot be read. Restore it from git." in capsys.readouterr().err


# ------------------------------------------------------------------------------------------------- what is done when


class Recorder:
    """Three steps that note their names; `inputs` is what each follows from."""

    def __init__(self, script: Any) -> None:
        self.inputs = {"first": "1", "second": "1", "third": "1"}
        self.done: list[str] = []
        self.stop_at = ""
        self.files: list[str] = []
        self.steps = tuple(
            script.Step(name, name, lambda name=name: self.inputs[name], lambda name=name: self._do(name))
            for name in self.inputs
        )

    def _do(self, name: str) -> list[str]:
        if name == self.stop_at:
            raise KeyboardInterrupt
        self.done.append(name)
        return self.files


@pytest.fixture
def recorder(script: Any) -> Recorder:
    return Recorder(script)


def test_a_second_set_up_does_nothing_and_says_nothing(
    script: Any, recorder: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    script.set_up(recorder.steps)
    assert "[3/3] third ..." in capsys.readouterr().err
    script.set_up(recorder.steps)
    assert recorder.done == ["first", "second", "third"]
    assert capsys.readouterr() == ("", "")


def test_what_follows_from_a_change_is_done_again(script: Any, recorder: Recorder) -> None:
    script.set_up(recorder.steps)
    recorder.inputs["second"] = "2"
    script.set_up(recorder.steps)
    assert recorder.done[3:] == ["second", "third"]


def test_an_interrupted_set_up_goes_on_where_it_stopped(script: Any, recorder: Recorder) -> None:
    recorder.stop_at = "second"
    with pytest.raises(KeyboardInterrupt):
        script.set_up(recorder.steps)
    recorder.stop_at = ""
    script.set_up(recorder.steps)
    assert recorder.done == ["first", "second", "third"]


def test_a_file_that_has_gone_is_made_again(script: Any, recorder: Recorder, here: Path) -> None:
    recorder.files = [str(here / "archive")]
    (here / "archive").touch()
    script.set_up(recorder.steps[:1])
    (here / "archive").unlink()
    script.set_up(recorder.steps[:1])
    assert recorder.done == ["first", "first"]


def test_setup_again_does_everything(script: Any, recorder: Recorder) -> None:
    script.set_up(recorder.steps)
    script.set_up(recorder.steps, again=True)
    assert recorder.done == ["first", "second", "third"] * 2


def test_a_damaged_stamp_counts_as_none(script: Any, recorder: Recorder) -> None:
    script.set_up(recorder.steps)
    (script.STATE / "first.stamp").write_text("{")
    script.set_up(recorder.steps)
    assert recorder.done[3:] == ["first"]


def test_a_step_that_changes_what_it_follows_from_is_done_once(script: Any) -> None:
    made: list[str] = []

    def make() -> list[str]:
        made.append("environment")
        return []

    step = script.Step("environment", "environment", lambda: f"version {len(made)}", make)
    script.set_up((step,))
    script.set_up((step,))
    assert made == ["environment"]


TWO_AT_ONCE = """
import sys, time
from importlib.machinery import SourceFileLoader
script = SourceFileLoader("run_script", sys.argv[1]).load_module()
def slowly():
    with open(sys.argv[2], "a") as log:
        log.write("begin\\n"); log.flush(); time.sleep(0.5); log.write("end\\n")
    return []
script.set_up((script.Step("slow", "slow", lambda: "1", slowly),))
"""


def start_slow_set_up(here: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-W", "ignore", "-c", TWO_AT_ONCE, str(here / "run"), str(here / "log")]
    return subprocess.Popen(words, stderr=subprocess.DEVNULL)


def test_two_set_ups_at_once_do_the_work_once(here: Path) -> None:
    both = [start_slow_set_up(here), start_slow_set_up(here)]
    assert [process.wait(20) for process in both] == [0, 0]
    assert (here / "log").read_text().split() == ["begin", "end"]


def test_a_set_up_that_was_killed_blocks_nobody(here: Path) -> None:
    killed = start_slow_set_up(here)
    deadline = time.monotonic() + 20
    while not (here / "log").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    killed.kill()
    killed.wait(20)
    assert start_slow_set_up(here).wait(20) == 0
    assert (here / "log").read_text().split()[-2:] == ["begin", "end"]


# ------------------------------------------------------------------------------------------------ the environment


@pytest.fixture
def healthy(script: Any) -> Path:
    """A `.venv` with a pip in name only, since making a real one takes seconds."""
    environment: Path = script.ENVIRONMENT
    venv.create(environment, symlinks=os.name != "nt")
    (next(environment.rglob("site-packages")) / "pip.py").touch()
    (environment / "mine.txt").touch()
    return environment


def test_a_healthy_environment_is_kept_with_what_is_in_it(script: Any, healthy: Path) -> None:
    script.make_environment()
    assert (healthy / "mine.txt").exists()


def test_an_environment_that_was_moved_is_not_healthy(healthy: Path, here: Path) -> None:
    elsewhere = here / "elsewhere"
    elsewhere.mkdir()
    shutil.move(healthy, elsewhere / ".venv")
    shutil.copy(here / "run", elsewhere / "run")
    assert not load(elsewhere / "run").is_healthy()


def test_an_environment_whose_python_was_replaced_is_not_healthy(script: Any, healthy: Path) -> None:
    made_with = "version = " + ".".join(map(str, sys.version_info[:2]))
    config = (healthy / "pyvenv.cfg").read_text()
    assert script.is_healthy()
    (healthy / "pyvenv.cfg").write_text(config.replace(made_with, "version = 3.99"))
    assert not script.is_healthy()


def test_a_half_made_environment_is_cleared_but_for_the_lock(script: Any, healthy: Path) -> None:
    (healthy / script.HOLD).touch()
    script.clear_environment()
    assert [file.name for file in healthy.iterdir()] == [script.HOLD]


def test_what_the_environment_is_a_link_to_is_never_cleared(
    script: Any, healthy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    link = tmp_path / "elsewhere" / ".venv"
    link.parent.mkdir()
    link.symlink_to(healthy)
    monkeypatch.setattr(script, "ENVIRONMENT", link)
    before = sorted(healthy.rglob("*"))
    with pytest.raises(script.Refusal, match=r"is a link to .*, which was made for another place\. Delete"):
        script.clear_environment()
    assert sorted(healthy.rglob("*")) == before


def test_a_full_disk_is_refused_before_anything_is_made(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script.shutil, "disk_usage", lambda _: SimpleNamespace(free=1e9))
    with pytest.raises(
        script.Refusal, match=r"Only 1\.0 GB are free under .*; the set-up needs 4 GB\. Free some space"
    ):
        script.make_environment()
    assert not script.environment_python().exists()


def test_without_network_it_stops_in_one_sentence_and_goes_on_later(healthy: Path, here: Path) -> None:
    with_pips_code(healthy)
    nowhere = {"PIP_INDEX_URL": NOBODY_LISTENS, "PIP_RETRIES": "1", "PIP_FIND_LINKS": "", "PIP_NO_CACHE_DIR": "1"}
    first = run(here, "setup", **nowhere)
    assert first.returncode == 3, first.stderr
    assert "[1/5] Python environment in .venv ..." in first.stderr
    assert "The packages cannot be downloaded." in first.stderr
    assert "Check the network connection" in first.stderr
    assert "Traceback" not in first.stderr

    wheels = fake_uv(here)
    second = run(here, "toolkit", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheels), PIP_NO_CACHE_DIR="1")
    assert second.returncode == 3, second.stderr
    assert "[1/5]" not in second.stderr
    assert "not the file that environments/requirements.lock names: its hash differs." in second.stderr
    assert "Traceback" not in second.stderr


def with_pips_code(environment: Path) -> None:
    """Give an environment the pip that is installed here, in no time."""
    found = importlib.util.find_spec("pip")
    assert found is not None
    assert found.origin is not None
    packages = next(environment.rglob("site-packages"))
    (packages / "pip.py").unlink()
    shutil.copytree(Path(found.origin).parent, packages / "pip", ignore=shutil.ignore_patterns("__pycache__"))


def fake_uv(here: Path) -> Path:
    """A folder with a wheel that has the name of the locked uv, and other content."""
    version = (here / "environments" / "requirements.lock").read_text().split("\nuv==")[1].split()[0]
    folder = here / "wheels"
    folder.mkdir()
    (folder / f"uv-{version}-py3-none-any.whl").write_bytes(b"PK")
    return folder


# ------------------------------------------------------------------------------------------ what stands in the way


@pytest.mark.parametrize(
    ("said", "what", "cure"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full.", "Free some space."),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "its hash differs", "do not trust"),
        ("  cause: Hash mismatch for `x==1`", "its hash differs", "do not trust"),
        ("invalid peer certificate: UnknownIssuer", "does not trust", "SSL_CERT_FILE"),
        ("SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED", "does not trust", "SSL_CERT_FILE"),
        ("HTTP status client error (401 Unauthorized)", "refused the request", "credentials"),
        ("error sending request for url (https://example/)", "cannot be downloaded", "network connection"),
        ("Temporary failure in name resolution", "cannot be downloaded", "UV_DEFAULT_INDEX"),
        ("[Errno 13] Permission denied: '/x'", "cannot be written", "writable"),
        ("Because there is no version of x==1", "lacks a package", "mirror"),
        ("something new", "The set-up failed: something new", "--debug"),
        ("", "nothing was said", "--debug"),
    ],
)
def test_what_an_installer_says_becomes_a_sentence_with_its_cure(script: Any, said: str, what: str, cure: str) -> None:
    told = str(script.refusal_from(said))
    assert what in told
    assert cure in told


def test_the_toolkits_own_refusals_are_passed_on(script: Any) -> None:
    said = "a warning\n" + json.dumps({"what": "Jars are missing.", "cure": "Fetch them."})
    assert str(script.refusal_from(said)) == "Jars are missing. Fetch them."


def test_passwords_in_addresses_are_not_shown(script: Any) -> None:
    told = str(script.refusal_from("error sending request for url (https://me:secret@example/simple)"))
    assert "secret" not in told


def test_a_read_only_folder_is_one_sentence(
    script: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "/somewhere/.venv")

    monkeypatch.setattr(script, "set_up", refuse)
    assert script.main(["setup"]) == 3
    assert "A folder cannot be written. (Read-only file system: /somewhere/.venv)" in capsys.readouterr().err


def test_debug_shows_the_stack(script: Any, here: Path) -> None:
    (here / "environments" / "requirements.lock").unlink()
    assert "Traceback" in run(here, "--debug", "setup").stderr


def test_an_archive_that_cannot_be_made_is_only_a_warning(
    script: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: str) -> list[str]:
        raise script.Refusal("This Java writes no archive.", "")

    monkeypatch.setattr(script, "prepare", refuse)
    assert script.build_archive() == []
    assert "Warning: This Java writes no archive." in capsys.readouterr().err


# ------------------------------------------------------------------------------------------------------- mirrors


def test_the_more_special_of_pips_settings_wins(script: Any) -> None:
    told = (
        ":env:.index-url='https://c/simple'\n"
        "global.index-url='https://a/simple'\ninstall.index-url='https://b/simple'\nglobal.timeout='60'\n"
    )
    assert script.parse_pip_settings(told) == {"index-url": "https://c/simple", "timeout": "60"}


def test_pips_settings_become_uvs(script: Any, here: Path) -> None:
    settings = {
        "index-url": "https://mirror/simple",
        "extra-index-url": "https://one/simple\nhttps://two/simple",
        "trusted-host": "mirror",
        "find-links": f"{here} {here / 'gone'}",
        "no-index": "false",
        "timeout": "60",
    }
    assert script.translated(settings) == {
        "UV_DEFAULT_INDEX": "https://mirror/simple",
        "UV_INDEX": "https://one/simple https://two/simple",
        "UV_INSECURE_HOST": "mirror",
        "UV_FIND_LINKS": str(here),
    }


@pytest.mark.parametrize(("variable", "kept"), [("UV_INDEX_URL", False), ("UNRELATED", True)])
def test_uvs_own_variables_win_over_pips(
    script: Any, monkeypatch: pytest.MonkeyPatch, variable: str, kept: bool
) -> None:
    for name in script.UV_INDEXES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "https://uv/simple")
    monkeypatch.setattr(script, "pip_settings", lambda: {"index-url": "https://pip/simple"})
    assert (script.installer_environment().get("UV_DEFAULT_INDEX") == "https://pip/simple") == kept


def test_pips_certificates_are_uvs_too(script: Any, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "company.pem").touch()
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setattr(script, "pip_settings", lambda: {"cert": str(here / "company.pem")})
    assert script.installer_environment()["SSL_CERT_FILE"] == str(here / "company.pem")


# ---------------------------------------------------------------------------------------------------- exit codes


def test_the_childs_exit_code_is_passed_on(script: Any) -> None:
    assert script.wait_for([sys.executable, "-c", "raise SystemExit(7)"]) == 7


@on_posix
def test_a_child_ended_by_a_signal_gives_the_shells_code(script: Any) -> None:
    kill_me = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    assert script.wait_for([sys.executable, "-c", kill_me]) == 128 + signal.SIGTERM


def test_ctrl_c_is_one_line_and_130(
    script: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(script, "set_up", interrupted)
    assert script.main([]) == 130
    assert "goes on from here" in capsys.readouterr().err


WAITS = """
import sys
from importlib.machinery import SourceFileLoader
script = SourceFileLoader("run_script", sys.argv[1]).load_module()
child = '''
import signal, sys, time
def leave(*_): sys.exit(130)
signal.signal(signal.SIGINT, leave)
print("ready", flush=True)
time.sleep(30)
'''
sys.exit(script.wait_for([sys.executable, "-c", child]))
"""


@on_posix
def test_ctrl_c_is_left_to_the_child(here: Path) -> None:
    words = [sys.executable, "-W", "ignore", "-c", WAITS, str(here / "run")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(words, start_new_session=True, **pipes) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said == b""
