"""Starting the app: the shim before and after set-up, and what importing costs."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from toolkit.paths import REPOSITORY

HEAVY = ("pyspark", "delta", "pandas")
LATER = ("pydantic", "deltalake", "pyarrow", "psutil", "toolkit.scenario", "toolkit.store.reader")


def loaded(statement: str) -> set[str]:
    """The modules that a fresh Python holds after `statement`."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    return set(done.stdout.split())


def test_the_first_screen_waits_for_nothing_heavy() -> None:
    assert not loaded("import toolkit.tui.app") & {*HEAVY, *LATER}


def test_no_module_of_the_app_ever_imports_spark_or_pandas() -> None:
    modules = sorted(
        str(file.relative_to(REPOSITORY).with_suffix("")).replace("/", ".").replace("\\", ".")
        for file in (REPOSITORY / "toolkit" / "tui").rglob("*.py")
        if file.name != "__init__.py"
    )
    assert not loaded(f"import {', '.join(modules)}") & set(HEAVY)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with the shim and nothing else."""
    shutil.copy(REPOSITORY / "tui.py", tmp_path)
    return tmp_path


def start(python: str | Path, clone: Path) -> subprocess.CompletedProcess[str]:
    """Start the shim with a Python that has no package."""
    return subprocess.run(
        [python, "-I", "-S", str(clone / "tui.py")], capture_output=True, text=True, check=False, timeout=60
    )


def test_before_set_up_it_says_which_command_to_type(clone: Path) -> None:
    done = start(sys._base_executable, clone)  # type: ignore[attr-defined]
    assert done.returncode == 3
    assert done.stdout == ""
    assert ("python run" if sys.platform == "win32" else "./run") in done.stderr
    assert "Traceback" not in done.stderr


def test_it_moves_into_the_environment_that_is_there(clone: Path) -> None:
    venv.create(clone / ".venv", symlinks=sys.platform != "win32")
    folder = clone / "toolkit" / "tui"
    folder.mkdir(parents=True)
    for name in ("textual.py", "pydantic.py", "toolkit/__init__.py", "toolkit/tui/__init__.py"):
        (clone / name).touch()
    (folder / "app.py").write_text("import sys\ndef main(): print(sys.prefix)\n", encoding="utf-8")
    done = start(sys._base_executable, clone)  # type: ignore[attr-defined]
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).resolve() == (clone / ".venv").resolve()
