"""A lakehouse in S3: by Spark's own driver, against a server that speaks S3, in an environment of its own.

It takes any key, so what a wrong one is answered with is not shown here.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyarrow.fs import S3FileSystem

from benchmarks.peers.launch import ENVIRONMENTS
from tests.clusters import free_port
from tests.homes import Home, as_words, notebook_values
from tests.scenarios.test_contract_break import TestContractBreak as ContractBreak
from toolkit.errors import SetupError
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.location import located, storage_options
from toolkit.store.objects import StoreRefused, refuse_unreachable

BUCKET, TABLE = "lake", "silver.parcels"
ADDRESS = f"s3a://{BUCKET}/scenario"


class InS3(Home):
    """A home whose lakehouse lies in S3."""

    @property
    def lakehouse(self) -> Lakehouse:
        """What has been built there."""
        return Lakehouse(located(ADDRESS))


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's address; the bucket is there."""
    port, log = free_port(), tmp_path_factory.mktemp("s3") / "log.txt"
    with log.open("wb") as out:
        command = [ENVIRONMENTS / "s3_server" / "bin" / "moto_server", "-H", "127.0.0.1", "-p", str(port)]
        server = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 60
        while "Running on" not in log.read_text(encoding="utf-8"):
            assert server.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, "it does not come up"
            time.sleep(0.1)
        here = f"127.0.0.1:{port}"
        S3FileSystem(
            access_key="key", secret_key="secret", scheme="http", endpoint_override=here, allow_bucket_creation=True
        ).create_dir(BUCKET)
        yield f"http://{here}"
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture
def in_s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables that let a process in, which are set in this one, too."""
    named = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL_S3": endpoint}
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    return named


@pytest.mark.usefixtures("in_s3")
def test_tables_are_written_listed_and_read_without_a_jvm() -> None:
    lakehouse = Lakehouse(located(f"s3a://{BUCKET}/small"))
    refuse_unreachable(lakehouse.root)  # type: ignore[arg-type]
    for rows in ([1, 2, 3], [4]):
        place = lakehouse.path(TABLE)
        write_deltalake(str(place), pa.table({"id": rows}), mode="append", storage_options=storage_options(place))
    assert lakehouse.tables() == [TABLE]
    assert (lakehouse.open(TABLE).count(), lakehouse.open(TABLE, 0).count()) == (4, 3)


@pytest.mark.usefixtures("in_s3")
def test_what_keeps_one_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreRefused, match="has no container of that name"):
        refuse_unreachable(located("s3a://elsewhere/small"))  # type: ignore[arg-type]
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StoreRefused, match="does not answer"):
        refuse_unreachable(located(f"s3a://{BUCKET}/small"))  # type: ignore[arg-type]
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(SetupError, match="Nothing says how to enter S3"):
        refuse_unreachable(located(f"s3a://{BUCKET}/small"))  # type: ignore[arg-type]


def test_a_scenario_builds_the_tables_that_it_builds_in_a_folder(in_s3: dict[str, str], tmp_path: Path) -> None:
    words, name = as_words(notebook_values(ContractBreak.declared)), ContractBreak.declared.id
    folder, store = Home(tmp_path / "folder"), InS3(tmp_path / "store")
    folder.run(*words, scenario=name)
    store.run(*words, scenario=name, TOOLKIT_LAKEHOUSE=ADDRESS, **in_s3)
    assert store.lakehouse.tables() == folder.lakehouse.tables()
    for table in sorted(set(folder.lakehouse.tables()) - ContractBreak.told_apart - ContractBreak.also_written):
        assert store.content(table) == folder.content(table), table
