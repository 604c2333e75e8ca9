"""Tables in a real Azurite, read and written without a JVM as those of a folder are."""

from __future__ import annotations

import gzip
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.services.test_service import gone
from toolkit import service
from toolkit.errors import DataError, SetupError, ToolkitError, UsageError
from toolkit.etl.csv_dialect import Dialect
from toolkit.etl.csv_layout import layout_of
from toolkit.etl.encodings import encoding_of
from toolkit.etl.files import files_meant
from toolkit.services.azurite import AZURITE, LAKEHOUSE
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.location import ObjectPath, copied, located, remove, storage_options
from toolkit.store.objects import StoreRefused
from toolkit.store.unreadable import Damaged

TABLE = "silver.parcels"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(azurite_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home in which Azurite is at work, for the tests of this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOOLKIT_HOME", str(tmp_path_factory.mktemp("store-home")))
        service.start(AZURITE)
        yield Path(os.environ["TOOLKIT_HOME"])
        service.stop(AZURITE)


@pytest.fixture
def root(home: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ObjectPath:
    """A folder in the store, of this test alone."""
    monkeypatch.setenv("TOOLKIT_HOME", str(home))
    place = located(f"{LAKEHOUSE}/{request.node.name.replace('_', '-')}")
    assert isinstance(place, ObjectPath)
    return place


@pytest.fixture
def lakehouse(root: ObjectPath) -> Lakehouse:
    """A lakehouse with one table of two versions."""
    found = Lakehouse(root)
    for rows in ([1, 2, 3], [4]):
        table = pa.table({"id": rows})
        write_deltalake(str(found.path(TABLE)), table, mode="append", storage_options=storage_options(root))
    return found


def put(place: ObjectPath, content: bytes) -> None:
    with place.store.files.open_output_stream(place.inside) as stream:
        stream.write(content)


def test_a_table_is_listed_opened_and_read_at_each_version(lakehouse: Lakehouse) -> None:
    assert lakehouse.tables() == [TABLE]
    assert (lakehouse.exists(TABLE), lakehouse.exists("silver.boxes")) == (True, False)
    newest, first = lakehouse.open(TABLE), lakehouse.open(TABLE, 0)
    assert (newest.version, newest.count(), first.count()) == (1, 4, 3)
    assert sorted(row for (row,) in newest.page(where="id > 1").rows) == [2, 3, 4]
    assert [version.version for version in newest.history()] == [1, 0]
    assert newest.summary().rows == 4
    assert len(newest.files()) == 2


def test_its_stamp_changes_with_each_commit(lakehouse: Lakehouse, root: ObjectPath) -> None:
    before = lakehouse.stamp(TABLE)
    assert lakehouse.stamp(TABLE) == before != 0
    table = pa.table({"id": [5]})
    write_deltalake(str(lakehouse.path(TABLE)), table, mode="append", storage_options=storage_options(root))
    assert lakehouse.stamp(TABLE) != before
    assert lakehouse.stamp("silver.boxes") == 0


def test_two_lakehouses_are_looked_at_side_by_side(lakehouse: Lakehouse, tmp_path: Path) -> None:
    here = Lakehouse(tmp_path)
    write_deltalake(str(here.path(TABLE)), pa.table({"id": [7]}))
    assert (here.open(TABLE).count(), lakehouse.open(TABLE).count()) == (1, 4)


def test_a_folder_that_spark_marks_by_an_empty_file_is_one_folder(root: ObjectPath) -> None:
    put(root / "silver", b"")
    put(root / "silver" / "parcels" / "a", b"x")
    assert [place.name for place in root.iterdir()] == ["silver"]
    assert (root / "silver").is_dir()
    assert not (root / "silver").is_file()


def test_files_are_read_whole_by_lines_and_from_their_end(root: ObjectPath) -> None:
    file = root / "ünï %20 #1.txt"
    put(file, b"one\ntwo\n")
    assert file.read_bytes() == b"one\ntwo\n"
    assert file.read_text() == "one\ntwo\n"
    with file.open() as lines:
        assert list(lines) == [b"one\n", b"two\n"]
    with file.open() as content:
        content.seek(-4, 2)
        assert content.read() == b"two\n"
    assert (file.stat().st_size, file.is_file(), file.exists()) == (8, True, True)
    with pytest.raises(FileNotFoundError):
        (root / "none").read_bytes()
    remove(root)
    remove(root)
    assert not root.exists()


def test_a_folder_is_copied_once_and_its_files_are_looked_through_there(root: ObjectPath, tmp_path: Path) -> None:
    folder = tmp_path / "parcels-orders=3"
    (folder / "days").mkdir(parents=True)
    (folder / "all.csv").write_bytes(b"id,name\n1,a\n")
    (folder / "days" / "1.csv.gz").write_bytes(gzip.compress(b"id,name\n2,b\n"))
    there = copied(folder, root / folder.name)
    written = (there / "all.csv").stat().st_mtime_ns
    (folder / "days" / "2.csv").write_bytes(b'id,name\n3,"c\nd"\n')
    assert copied(folder, root / folder.name) == there
    assert (there / "all.csv").stat().st_mtime_ns == written, "it was there"
    utf8 = encoding_of("utf-8")
    found = files_meant(there / "days/*.csv*")
    assert [file.name for file in found] == ["1.csv.gz", "2.csv"]
    looks = [layout_of(file, utf8, Dialect(), look_for_parts=True).lines_are_rows for file in found]
    assert looks == [True, False]
    assert files_meant(there / "all.csv") == [there / "all.csv"]
    with pytest.raises(DataError, match="is a folder"):
        files_meant(there / "days")
    with pytest.raises(DataError, match="There is no file"):
        files_meant(there / "*.json")


def test_a_damaged_log_is_said_as_in_a_folder(lakehouse: Lakehouse) -> None:
    log = lakehouse.path(TABLE) / "_delta_log"
    assert isinstance(log, ObjectPath)
    put(log / f"{1:020}.json", b"{")
    with pytest.raises(Damaged, match=r"commit 1 of its log is cut or overwritten.*[Vv]ersion 0 can be read"):
        lakehouse.open(TABLE).count()
    assert isinstance(lakehouse.summary(TABLE), DataError)


def test_a_missing_data_file_is_named(lakehouse: Lakehouse) -> None:
    (file, *_) = lakehouse.open(TABLE, 0).files()
    place = lakehouse.path(TABLE) / file.path
    assert isinstance(place, ObjectPath)
    place.store.files.delete_file(place.inside)
    with pytest.raises(Damaged, match=f"its data file {file.path} is missing"):
        lakehouse.open(TABLE).page()


def test_a_table_that_is_not_there_names_those_that_are(lakehouse: Lakehouse) -> None:
    with pytest.raises(UsageError, match=rf"Did you mean '{TABLE}'"):
        lakehouse.open("silver.parcel")


def test_a_container_that_is_not_there_is_no_empty_lakehouse(root: ObjectPath) -> None:
    nowhere = Lakehouse(ObjectPath(root.scheme, root.authority.replace("lakehouse@", "nowhere@"), "a"))
    for ask in (nowhere.tables, nowhere.refuse_unreachable):
        with pytest.raises(StoreRefused, match="has no container of that name"):
            ask()


def test_a_wrong_key_is_said(root: ObjectPath, monkeypatch: pytest.MonkeyPatch) -> None:
    from toolkit.store import objects

    monkeypatch.setattr(objects, "EMULATED_KEY", "bm90LXRoZS1rZXk=")
    objects.azurite.cache_clear()
    try:
        with pytest.raises(StoreRefused, match="the key or token is wrong") as told:
            Lakehouse(root).refuse_unreachable()
        assert "bm90LXRoZS1rZXk=" not in str(told.value)
    finally:
        objects.azurite.cache_clear()


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_store_that_died_or_was_stopped_is_said_and_comes_back(lakehouse: Lakehouse) -> None:
    opened, running = lakehouse.open(TABLE), service.running(AZURITE.name)
    assert running is not None
    os.kill(running.pid, signal.SIGSTOP)
    os.kill(running.pid, signal.SIGKILL)
    gone(running.pid)
    with pytest.raises(SetupError, match=r"lies in Azurite, which is not running\. Start it: toolkit services start"):
        lakehouse.tables()
    with pytest.raises(ToolkitError, match=r"does not answer|not running"):
        opened.page()
    service.start(AZURITE)
    assert lakehouse.root.exists() in (True, False)  # what it was told last, Azurite may have forgotten
    write_deltalake(
        str(lakehouse.path("silver.boxes")), pa.table({"id": [1]}), storage_options=storage_options(lakehouse.root)
    )
    assert lakehouse.open("silver.boxes").count() == 1
