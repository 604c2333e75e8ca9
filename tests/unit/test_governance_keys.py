"""The key of governance: where it comes from, who may read it, and that it is shown nowhere."""

from __future__ import annotations

import base64
import os
import threading
from pathlib import Path

import pytest

from toolkit import settings
from toolkit.errors import SetupError
from toolkit.governance.keys import LENGTH, VARIABLE, StoredKey

GIVEN = base64.b64encode(b"g" * LENGTH).decode()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path / "keys" / "governance.key"


def test_a_key_is_made_once_and_only_its_owner_may_read_it(file: Path) -> None:
    first = StoredKey(file).key("hash of email")
    assert len(first) == LENGTH
    assert StoredKey(file).key("hash of email") == first
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in file.parent.iterdir()] == [file.name]


def test_each_use_has_a_key_of_its_own(file: Path) -> None:
    keys = StoredKey(file)
    assert len({keys.key(use) for use in ("hash of email", "hash of phone", "token of email")}) == 3


def test_the_variable_wins_and_settings_know_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = StoredKey(file).key("x")
    monkeypatch.setenv(VARIABLE, GIVEN)
    assert StoredKey(file).key("x") != stored
    settings.load()


@pytest.mark.parametrize(
    "given", ["x", "!!", base64.b64encode(b"short").decode(), base64.b64encode(b"l" * 64).decode()]
)
def test_what_is_no_key_is_refused_and_not_shown(file: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv(VARIABLE, given)
    with pytest.raises(SetupError, match="holds no key") as refused:
        StoredKey(file).key("x")
    assert given not in str(refused.value).replace(VARIABLE, "")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"not base64!"])
def test_a_damaged_file_is_refused_and_not_replaced(file: Path, content: bytes) -> None:
    StoredKey(file).key("x")
    file.write_bytes(content)
    with pytest.raises(SetupError):
        StoredKey(file).key("x")
    assert file.read_bytes() == content


@pytest.mark.skipif(os.name != "posix", reason="rights are those of POSIX")
def test_a_file_that_others_may_read_is_refused(file: Path) -> None:
    StoredKey(file).key("x")
    file.chmod(0o644)
    with pytest.raises(SetupError, match="Others may read"):
        StoredKey(file).key("x")


def test_of_those_that_make_it_at_once_all_have_the_same(file: Path) -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(StoredKey(file).key("x"))) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_it_is_in_no_repr(file: Path) -> None:
    keys = StoredKey(file)
    keys.key("x")
    assert file.read_text() not in repr(keys) + str(keys)
