"""Where things are, and what happens where nothing can be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit import paths
from toolkit.errors import SetupError


def test_home_is_in_the_repository_unless_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOOLKIT_HOME")
    assert paths.home() == paths.REPOSITORY / "var"
    monkeypatch.setenv("TOOLKIT_HOME", "")
    assert paths.home() == paths.REPOSITORY / "var"


def test_home_may_begin_with_a_tilde_or_be_relative(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("TOOLKIT_HOME", "~/lake")
    assert paths.home() == tmp_path / "lake"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOOLKIT_HOME", "lake")
    assert paths.home() == tmp_path / "lake"


def test_the_cache_is_outside_the_repository_unless_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TOOLKIT_CACHE", raising=False)
    assert not paths.cache().is_relative_to(paths.REPOSITORY)
    monkeypatch.setenv("TOOLKIT_CACHE", str(tmp_path))
    assert paths.cache() == tmp_path


def test_a_folder_is_made_with_its_parents_and_left_empty(tmp_path: Path) -> None:
    folder = paths.ensure_folder(tmp_path / "a" / "b")
    assert list(folder.iterdir()) == []
    assert paths.ensure_folder(folder) == folder


@pytest.mark.parametrize("variable", ["TOOLKIT_HOME", "TOOLKIT_CACHE"])
def test_a_folder_below_a_file_is_a_set_up_error_that_names_the_variable(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(variable, str(tmp_path / "file" / "inside"))
    with pytest.raises(SetupError, match=r"Cannot write in .*: Not a directory") as refused:
        paths.ensure_folder(tmp_path / "file" / "inside")
    assert variable in refused.value.cure


def test_a_file_in_the_place_of_the_folder_is_a_set_up_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match="Cannot write"):
        paths.ensure_folder(tmp_path / "file")


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    paths.write_atomically(file, "old")
    paths.write_atomically(file, "grün\n")
    assert file.read_text(encoding="utf-8") == "grün\n"
    assert list(tmp_path.iterdir()) == [file]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    paths.write_atomically(file, "old")
    with pytest.raises(UnicodeEncodeError):
        paths.write_atomically(file, "half \udc80")
    assert file.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [file]
