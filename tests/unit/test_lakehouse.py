"""Where tables lie, and that one writer holds them at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from toolkit.errors import BusyError, SetupError, UsageError
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.location import located

HOLDER = """
import sys
from pathlib import Path
from toolkit.store.lakehouse import Lakehouse
with Lakehouse(Path(sys.argv[1])).writing(sys.argv[2:], "20260301-101500-parcels-0a1b"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def lakehouse(tmp_path: Path) -> Lakehouse:
    return Lakehouse(tmp_path / "lakehouse")


@pytest.fixture
def hold(lakehouse: Lakehouse) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a process that holds tables until its standard input ends."""
    children: list[subprocess.Popen[str]] = []

    def start(*tables: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", HOLDER, str(lakehouse.root), *tables]
        children.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert children[-1].stdout
        assert children[-1].stdout.readline() == "held\n"
        return children[-1]

    yield start
    for child in children:
        child.kill()
        child.communicate()


def make(lakehouse: Lakehouse, *folders: str) -> None:
    for folder in folders:
        (lakehouse.root / folder / "_delta_log").mkdir(parents=True)


def test_a_table_lies_in_the_folder_of_its_layer(lakehouse: Lakehouse) -> None:
    assert lakehouse.path("silver.orders") == lakehouse.root / "silver" / "orders"


@pytest.mark.parametrize("name", ["silver.../../x", "silver/orders", "../x", "silver.Orders", "silver.'x"])
def test_no_name_leads_out_of_the_lakehouse(lakehouse: Lakehouse, name: str) -> None:
    for action in (lakehouse.path, lakehouse.exists, lambda n: lakehouse.writing([n], "run").__enter__()):
        with pytest.raises(UsageError, match="is not a table name"):
            action(name)


def test_the_default_is_under_home(toolkit_home: Path) -> None:
    assert Lakehouse.default().root == toolkit_home / "lakehouse"


def test_a_table_exists_when_it_has_a_log(lakehouse: Lakehouse) -> None:
    make(lakehouse, "silver/orders")
    (lakehouse.root / "silver" / "half").mkdir()
    assert lakehouse.exists("silver.orders")
    assert not lakehouse.exists("silver.half")


def test_what_a_stopped_first_write_leaves_is_no_version_of_a_table(lakehouse: Lakehouse) -> None:
    (lakehouse.root / "silver" / "orders" / "_delta_log" / "_staged_commits").mkdir(parents=True)
    assert lakehouse.exists("silver.orders")
    assert not lakehouse.has_version("silver.orders")


def test_tables_come_in_the_order_that_data_flows(lakehouse: Lakehouse) -> None:
    make(lakehouse, "ops/a", "gold/b", "silver/z", "silver/a", "quarantine/q", "bronze/c")
    assert lakehouse.tables() == ["bronze.c", "silver.a", "silver.z", "gold.b", "quarantine.q", "ops.a"]


def test_what_has_no_table_name_is_no_table(lakehouse: Lakehouse) -> None:
    make(lakehouse, "silver/My Table", "silver/Orders", "platinum/x", "silver/_tmp")
    assert lakehouse.tables() == []


def test_no_folder_has_no_tables(lakehouse: Lakehouse) -> None:
    assert lakehouse.tables() == []


# one writer


def test_another_process_is_refused_and_told_who_holds_the_table(
    lakehouse: Lakehouse, hold: Callable[..., subprocess.Popen[str]]
) -> None:
    hold("silver.orders", "gold.sales")
    with (
        pytest.raises(BusyError, match=r"gold\.sales is being written by run 20260301-101500-parcels-0a1b"),
        lakehouse.writing(["silver.customers", "gold.sales"], "second"),
    ):
        pass


def test_what_was_taken_before_the_refusal_is_given_back(
    lakehouse: Lakehouse, hold: Callable[..., subprocess.Popen[str]]
) -> None:
    hold("silver.orders")
    with pytest.raises(BusyError), lakehouse.writing(["gold.sales", "silver.orders"], "second"):
        pass
    hold("gold.sales")


def test_other_tables_are_free(lakehouse: Lakehouse, hold: Callable[..., subprocess.Popen[str]]) -> None:
    hold("silver.orders")
    with lakehouse.writing(["silver.customers"], "second"):
        hold("gold.sales")


def test_a_second_run_of_the_same_process_is_refused_too(lakehouse: Lakehouse) -> None:
    with (
        lakehouse.writing(["silver.orders", "silver.orders"], "first"),
        pytest.raises(BusyError, match="by run first"),
        lakehouse.writing(["silver.orders"], "second"),
    ):
        pass


def test_a_table_is_free_after_its_run_whether_it_failed_or_not(lakehouse: Lakehouse) -> None:
    with pytest.raises(ZeroDivisionError), lakehouse.writing(["silver.orders"], "first"):
        raise ZeroDivisionError
    with lakehouse.writing(["silver.orders"], "second"):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_process_gives_its_tables_back(
    lakehouse: Lakehouse, hold: Callable[..., subprocess.Popen[str]]
) -> None:
    child = hold("silver.orders")
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    with lakehouse.writing(["silver.orders"], "second"):
        pass


@pytest.mark.parametrize("note", [None, "", "{", "[]", "{}"])
def test_the_refusal_stands_when_the_holders_note_cannot_be_read(lakehouse: Lakehouse, note: str | None) -> None:
    with lakehouse.writing(["silver.orders"], "first"):
        file = lakehouse.root / "locks" / "silver.orders.json"
        file.unlink() if note is None else file.write_text(note, encoding="utf-8")
        with (
            pytest.raises(BusyError, match="by another run") as refused,
            lakehouse.writing(["silver.orders"], "second"),
        ):
            pass
        assert "`toolkit runs` lists" in refused.value.cure


def test_the_cure_names_the_run_that_holds_the_table(
    lakehouse: Lakehouse, hold: Callable[..., subprocess.Popen[str]]
) -> None:
    hold("silver.orders")
    with pytest.raises(BusyError) as refused, lakehouse.writing(["silver.orders"], "second"):
        pass
    assert refused.value.cure.endswith("stop it: toolkit runs cancel 20260301-101500-parcels-0a1b.")


def test_a_note_left_by_a_process_that_is_gone_names_nobody(lakehouse: Lakehouse) -> None:
    with lakehouse.writing(["silver.orders"], "first"):
        note = lakehouse.root / "locks" / "silver.orders.json"
        note.write_text('{"run_id": "long-gone", "pid": 4194999}', encoding="utf-8")
        with pytest.raises(BusyError, match="by another run"), lakehouse.writing(["silver.orders"], "second"):
            pass


def test_only_a_folder_with_a_log_is_a_table(lakehouse: Lakehouse) -> None:
    for name in ("goods", "notes"):
        (lakehouse.root / "silver" / name).mkdir(parents=True)
    (lakehouse.root / "silver" / "goods" / "_delta_log").mkdir()
    (lakehouse.root / "silver" / "notes" / "_delta_log").touch()
    assert lakehouse.tables() == ["silver.goods"]
    assert not lakehouse.exists("silver.notes")


def test_a_lakehouse_below_a_file_is_a_set_up_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match="Cannot write"), Lakehouse(tmp_path / "file").writing(["gold.a"], "run"):
        pass


def test_it_is_named_by_a_text_too(tmp_path: Path) -> None:
    assert Lakehouse(str(tmp_path)) == Lakehouse(tmp_path)
    assert Lakehouse("abfss://box@account.dfs.core.windows.net/a").root == located(
        "abfss://box@account.dfs.core.windows.net/a"
    )
    with pytest.raises(UsageError, match="No driver here reads gs://"):
        Lakehouse("gs://a/b")
    with pytest.raises(UsageError, match="None is no place"):
        Lakehouse(None)  # type: ignore[arg-type]
