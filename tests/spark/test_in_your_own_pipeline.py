"""The page "in your own pipeline", run where only the built wheel is installed, in a session that is not ours."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import toolkit
from toolkit import jars, java, paths

PAGE = paths.REPOSITORY / "docs" / "in-your-own-pipeline.md"
DELTA = (
    "--conf spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension "
    "--conf spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog "
    "--conf spark.ui.enabled=false --conf spark.driver.host=127.0.0.1 --conf spark.sql.shuffle.partitions=2 "
    "--conf spark.databricks.delta.snapshotPartitions=1 --driver-java-options -XX:TieredStopAtLevel=1"
)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with what the wheel has, and nothing else of ours."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")],
        cwd=paths.REPOSITORY,
        check=True,
        capture_output=True,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    return tmp_path / "site"


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.skipif(java.find().from_wheel, reason="Spark's own launcher needs a whole Java")
def test_the_page_runs_with_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    told = "import toolkit, os; print('FROM', os.path.dirname(toolkit.__file__))"
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "pipeline.py").write_text("\n".join([*blocks, told]), encoding="utf-8")
    delta = ",".join(map(str, jars.class_path()))
    # Of the packages here only what they depend on: a path in a variable is not looked through for editable installs.
    path = os.pathsep.join([str(installed), sysconfig.get_paths()["purelib"]])
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TOOLKIT_")}
    done = subprocess.run(
        [sys.executable, "-S", "pipeline.py"],
        cwd=tmp_path / "work",
        env={
            **ours,
            "PYTHONPATH": path,
            "PYSPARK_SUBMIT_ARGS": f"--master local[2] --jars {delta} {DELTA} pyspark-shell",
            "JAVA_HOME": str(java.find().home),
            "XDG_DATA_HOME": str(tmp_path / "data"),
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"FROM {installed / 'toolkit'}" in done.stdout
    assert "2 of 4 rules failed" in done.stdout
    assert "2 rows are in quarantine" in done.stdout
    assert "O3 [" in done.stdout
    assert "order_id" in done.stdout
    assert "would break version 1.0.0 of its contract orders" in done.stdout
    assert not (tmp_path / "data").exists(), "a library writes nothing of its own accord"


def test_every_public_name_is_there_and_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in toolkit.__all__:
        assert getattr(toolkit, name) is not None
        assert f"`{name}`" in page, name
    assert set(toolkit.__all__) == set(toolkit._PLACES)
    assert set(toolkit.__all__) <= set(dir(toolkit))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = toolkit.nothing
