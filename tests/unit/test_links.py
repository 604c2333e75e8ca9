"""Tables that lie elsewhere: named once by their path, then by their name, and never written to."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from toolkit.errors import DataError, UsageError
from toolkit.store import links
from toolkit.store.lakehouse import Lakehouse


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two Delta tables of the same name, and a home that knows none of them."""
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TOOLKIT_LAKEHOUSE", raising=False)
    for name in ("a/Sales 2026", "b/Sales 2026", "c/2026"):
        write_deltalake(tmp_path / name, pa.table({"id": [1, 2]}))
    (tmp_path / "plain").mkdir()
    return tmp_path


def test_a_table_has_one_name_for_good_and_is_read_under_it(elsewhere: Path) -> None:
    first, second, third = (links.linked(str(elsewhere / name)) for name in ("a/Sales 2026", "b/Sales 2026", "c/2026"))
    assert (first, second, third) == ("linked.sales_2026", "linked.sales_2026_2", "linked.table_2026")
    assert links.linked(str(elsewhere / "a/Sales 2026")) == first
    assert Lakehouse.default().tables() == [first, second, third]
    assert Lakehouse.default().open(second).count() == 2


def test_a_name_stays_a_name_and_a_path_becomes_one(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert links.named("silver.orders") == "silver.orders"
    monkeypatch.chdir(elsewhere / "c")
    assert links.named("2026") == links.named("../c/2026") == "linked.table_2026"
    assert not Lakehouse.default().exists("linked.nothing")
    with pytest.raises(ValueError, match="no Delta table"):
        links.named(str(elsewhere / "plain"))
    with pytest.raises(UsageError, match="No driver here reads ftp://"):
        links.named("ftp://host/table")


def test_a_table_that_is_gone_or_was_never_linked_is_named(elsewhere: Path) -> None:
    name = links.linked(str(elsewhere / "c/2026"))
    with pytest.raises(UsageError, match=r"linked\.tabel_2026"):
        Lakehouse.default().open("linked.tabel_2026")
    (elsewhere / "c").rename(elsewhere / "d")
    assert not Lakehouse.default().tables()
    with pytest.raises(UsageError, match=name):
        Lakehouse.default().open(name)


def test_nothing_writes_to_it(elsewhere: Path) -> None:
    name = links.linked(str(elsewhere / "c/2026"))
    with pytest.raises(UsageError, match="only read here"), Lakehouse.default().writing([name], "run"):
        pytest.fail("it was given out for writing")


@pytest.mark.parametrize("text", ["", "[]", '{"linked.a": 1}', "{"])
def test_a_damaged_file_is_said_with_its_cure(elsewhere: Path, text: str) -> None:
    links.linked(str(elsewhere / "c/2026"))
    links.file().write_text(text)
    with pytest.raises(DataError, match=r"linked\.json is damaged"):
        Lakehouse.default().open("linked.table_2026")
