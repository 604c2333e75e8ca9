"""What pyspark loads in a process that only sends work to Java."""

from __future__ import annotations

import subprocess
import sys

ASKED = """
import sys
from toolkit import pyspark_client
pyspark_client.prepare()
from pyspark.sql.types import NumpyScalarConverter, NumpyArrayConverter
assert not NumpyScalarConverter().can_convert(1)
assert not NumpyArrayConverter().can_convert([1])
print("pandas" in sys.modules, pyspark_client.properties())
import numpy
assert NumpyScalarConverter().can_convert(numpy.int64(1)), "values of numpy are known as before"
assert NumpyArrayConverter().can_convert(numpy.array([1]))
from pyspark.testing.utils import have_pandas, assertDataFrameEqual
from pyspark.sql.pandas.utils import require_minimum_pandas_version
require_minimum_pandas_version()
print("pandas" in sys.modules, have_pandas)
import ipykernel
print(pyspark_client.properties())
"""


def test_pandas_is_not_loaded_to_ask_whether_numpy_is_there() -> None:
    done = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    setting = "spark.python.sql.dataFrameDebugging.enabled"
    assert done.stdout.splitlines() == [
        f"False { ({setting: 'false'}) }",
        "True True",
        str({setting: "true"}),
    ]
