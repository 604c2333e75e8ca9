"""The class-data archives, made by whoever comes first."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from toolkit import jars, session


def test_two_that_ask_at_once_get_archives_that_were_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archives = (tmp_path / "spark-1.base", tmp_path / "spark-1.jsa")
    written: list[str] = []

    def write(archive: Path, command: Callable[[Path], list[str]]) -> None:
        written.append(archive.suffix)
        time.sleep(0.1)
        archive.touch()

    monkeypatch.setattr(session, "archive_files", lambda _: archives)
    monkeypatch.setattr(session, "_write", write)
    monkeypatch.setattr(jars, "class_path", list)
    with ThreadPoolExecutor(2) as both:
        assert [one.result() for one in [both.submit(session.build_archive) for _ in range(2)]] == [archives] * 2
    assert written == [".base", ".jsa"]
