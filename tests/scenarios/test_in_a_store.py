"""Scenarios whose lakehouse lies in an object store: their tables are those of a lakehouse in a folder.

One of them in the suite, all of them in the soak.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.homes import WarmHome, as_words, notebook_values
from tests.scenarios import test_contract_break, test_quality_gate, test_retail_lakehouse, test_silent_drift
from toolkit import service
from toolkit.services.azurite import AZURITE, LAKEHOUSE
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.location import located

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class StoreHome(WarmHome):
    """A home whose lakehouse lies in Azurite."""

    @property
    def lakehouse(self) -> Lakehouse:
        """What has been built there."""
        return Lakehouse(located(LAKEHOUSE))

    def toolkit(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `toolkit …`; the session that all tests share is told the way."""
        for name, value in self.lakehouse.driver.properties.items():
            self.spark.conf.set(name.removeprefix("spark.hadoop."), value)
        return super().toolkit(*arguments, TOOLKIT_LAKEHOUSE=LAKEHOUSE, **environment)


@pytest.fixture
def in_azurite(
    tmp_path: Path, shared_spark: SparkSession, azurite_installed: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StoreHome]:
    """An empty home with a store."""
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path / "home"))
    service.start(AZURITE)
    try:
        yield StoreHome(tmp_path / "home", shared_spark)
    finally:
        service.stop(AZURITE)


ALL = {
    suite.declared.id: suite
    for suite in (
        test_contract_break.TestContractBreak,
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
