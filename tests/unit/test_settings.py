"""Settings come from a file and from variables; what is misspelt or out of range is refused, all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit import paths, settings
from toolkit.errors import UsageError


@pytest.fixture
def environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of environments in place of the repository's."""
    monkeypatch.setattr(paths, "ENVIRONMENTS", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["dev", "test", "prod"])
def test_every_environment_of_the_repository_is_valid(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLKIT_ENV", name)
    assert settings.load().env == name


def test_there_is_a_file_for_every_environment_and_no_other() -> None:
    assert {file.stem for file in paths.ENVIRONMENTS.glob("*.toml")} == {"dev", "test", "prod"}


def test_a_variable_wins_over_the_file(environments: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (environments / "test.toml").write_text('memory = "1g"\nui = true\n', encoding="utf-8")
    monkeypatch.setenv("TOOLKIT_MEMORY", "2g")
    found = settings.load()
    assert (found.memory, found.ui) == ("2g", True)


def test_no_file_means_the_defaults(environments: Path) -> None:
    assert settings.load().master == "local[*]"


def test_the_default_memory_is_a_quarter_of_the_machine_but_at_most_six_gib(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = type("Memory", (), {"total": 8 * settings.GIB})
    monkeypatch.setattr(settings.psutil, "virtual_memory", lambda: memory)
    assert settings.default_memory() == "2048m"
    memory.total = 512 * settings.GIB
    assert settings.default_memory() == "6144m"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MASTER", "yarn"),
        ("MASTER", "local[two]"),
        ("MASTER", "spark://host"),
        ("MASTER", "local[*]; rm"),
        ("REMOTE", "http://host:1"),
        ("REMOTE", "sc://host"),
        ("MEMORY", "lots"),
        ("MEMORY", "4 g"),
        ("MEMORY", "-1g"),
        ("MEMORY", ""),
        ("SHUFFLE_PARTITIONS", "-1"),
        ("SHUFFLE_PARTITIONS", "10001"),
        ("SHUFFLE_PARTITIONS", "1.5"),
        ("QUICK_START", "maybe"),
        ("MIN_FREE_DISK_GB", "-0.1"),
        ("ENV", "production"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"TOOLKIT_{variable}", value)
    with pytest.raises(UsageError, match="The settings are not valid") as refused:
        settings.load()
    assert variable.lower() in refused.value.what


@pytest.mark.parametrize("value", ["local", "local[4]", "local[*]", "spark://node-1.example:7077"])
def test_the_ways_to_run_spark(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLKIT_MASTER", value)
    assert settings.load().master == value


def test_a_misspelt_variable_is_refused_with_the_nearest_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLKIT_MEMROY", "2g")
    with pytest.raises(UsageError, match=r"nothing reads TOOLKIT_MEMROY\. Did you mean 'TOOLKIT_MEMORY'\?"):
        settings.load()


def test_a_misspelt_line_of_the_file_is_refused(environments: Path) -> None:
    (environments / "test.toml").write_text('memroy = "1g"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="memroy"):
        settings.load()


def test_all_problems_are_told_at_once(environments: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (environments / "test.toml").write_text('memroy = "1g"\n', encoding="utf-8")
    monkeypatch.setenv("TOOLKIT_MASTRE", "local")
    monkeypatch.setenv("TOOLKIT_MEMORY", "lots")
    with pytest.raises(UsageError) as refused:
        settings.load()
    assert all(name in refused.value.what for name in ("memroy", "TOOLKIT_MASTRE", "lots"))


@pytest.mark.parametrize("content", ["memory = ", "\x00", "[[[", "memory = '1g'\nmemory = '2g'"])
def test_a_file_that_is_no_toml_is_refused(environments: Path, content: str) -> None:
    (environments / "test.toml").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=r"test\.toml"):
        settings.load()


@pytest.mark.parametrize("name", sorted(settings.OTHER_VARIABLES))
def test_variables_that_others_read_are_no_typos(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "1")
    settings.load()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings.load().memory = "9g"  # type: ignore[misc]
