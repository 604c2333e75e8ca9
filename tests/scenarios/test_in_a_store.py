"""Scenarios whose lakehouse lies in an object store: their tables are those of a lakehouse in a folder.

One of them in the suite, all of them in the soak.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.clusters import cluster, workers_used
from tests.homes import Home, WarmHome, as_words, notebook_values
from tests.rivals import overtaken
from tests.scenarios import (
    test_change_capture,
    test_contract_break,
    test_customer_history,
    test_customer_sessions,
    test_exactly_once,
    test_flight_delays_live,
    test_incremental_loads,
    test_quality_gate,
    test_retail_lakehouse,
    test_silent_drift,
)
from toolkit import service, session
from toolkit.errors import BusyError
from toolkit.scenario import Table
from toolkit.services.azurite import AZURITE, LAKEHOUSE
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.location import located, storage_options
from toolkit.store.write import write_table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


PARCELS = Table("silver.parcels", "One row per parcel.", {"id": "Its number."})


@dataclass(frozen=True)
class StoreHome(WarmHome):
    """A home whose lakehouse lies in Azurite."""

    address: str

    @property
    def lakehouse(self) -> Lakehouse:
        """What has been built there."""
        return Lakehouse(located(self.address))

    def tell_spark(self) -> None:
        """The session that all tests share is told the way."""
        for name, value in self.lakehouse.driver.properties.items():
            self.spark.conf.set(name.removeprefix("spark.hadoop."), value)

    def toolkit(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `toolkit …`."""
        self.tell_spark()
        return super().toolkit(*arguments, TOOLKIT_LAKEHOUSE=self.address, **environment)


@pytest.fixture(scope="module")
def store(azurite_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home in which Azurite is at work for all tests here: Spark's driver remembers the port of the first one."""
    home = tmp_path_factory.mktemp("store-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOOLKIT_HOME", str(home))
        service.start(AZURITE)
        yield home
        service.stop(AZURITE)


@pytest.fixture
def in_azurite(
    store: Path, shared_spark: SparkSession, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> StoreHome:
    """That home, with a lakehouse for this test alone."""
    monkeypatch.setenv("TOOLKIT_HOME", str(store))
    name = "".join(c if c.isalnum() else "-" for c in request.node.name)
    return StoreHome(store, shared_spark, f"{LAKEHOUSE}/{name}")


ALL = {
    suite.declared.id: suite
    for suite in (
        test_change_capture.TestChangeCapture,
        test_contract_break.TestContractBreak,
        test_customer_history.TestCustomerHistory,
        test_customer_sessions.TestCustomerSessions,
        test_exactly_once.TestExactlyOnce,
        test_flight_delays_live.TestFlightDelaysLive,
        test_incremental_loads.TestIncrementalLoads,
        test_quality_gate.TestQualityGate,
        test_retail_lakehouse.TestRetailLakehouse,
        test_silent_drift.TestSilentDrift,
    )
}
IN_THE_SUITE = "contract_break"


@pytest.mark.parametrize(
    "name", [name if name == IN_THE_SUITE else pytest.param(name, marks=pytest.mark.soak) for name in sorted(ALL)]
)
def test_the_tables_in_a_store_are_those_in_a_folder(
    name: str, home_of: Callable[[str], WarmHome], in_azurite: StoreHome
) -> None:
    filled = home_of(name)
    in_azurite.run(*as_words(notebook_values(ALL[name].declared)), scenario=name)
    assert in_azurite.lakehouse.tables() == filled.lakehouse.tables()
    for table in sorted(set(filled.lakehouse.tables()) - ALL[name].told_apart - ALL[name].also_written):
        assert in_azurite.content(table) == filled.content(table), table


@pytest.mark.soak
def test_a_cluster_builds_in_the_store_what_one_process_builds_in_a_folder(
    home_of: Callable[[str], WarmHome], in_azurite: StoreHome, tmp_path: Path
) -> None:
    """Its workers read the landed files from the store, too, as they would on other computers."""
    suite = test_retail_lakehouse.TestRetailLakehouse
    filled, here = home_of(suite.declared.id), Home(in_azurite.path)
    with cluster(tmp_path) as master:
        words = as_words(notebook_values(suite.declared))
        here.run(*words, TOOLKIT_MASTER=master, TOOLKIT_LAKEHOUSE=in_azurite.address)
    assert workers_used(tmp_path) == 2
    assert any((in_azurite.lakehouse.root / "landing").iterdir())
    for table in sorted(set(filled.lakehouse.tables()) - suite.told_apart - suite.also_written):
        assert in_azurite.content(table) == filled.content(table), table


def test_of_two_computers_that_write_one_table_the_second_is_refused(in_azurite: StoreHome, tmp_path: Path) -> None:
    """No lock is between them: the other one commits while this one's rows are on their way."""
    spark, place = in_azurite.spark, in_azurite.lakehouse.path(PARCELS.name)
    in_azurite.tell_spark()
    write_table(spark.range(3), place, PARCELS)
    other = pa.table({"id": range(5)})
    written = overtaken(
        spark,
        place,
        PARCELS,
        tmp_path,
        lambda: write_deltalake(str(place), other, mode="overwrite", storage_options=storage_options(place)),
    )
    with pytest.raises(Exception, match="DELTA_CONCURRENT") as refused:
        written.result()
    told = session.explain(refused.value)
    assert isinstance(told, BusyError)
    assert in_azurite.lakehouse.open(PARCELS.name).count() == 5, "the first one's rows are all there is"
