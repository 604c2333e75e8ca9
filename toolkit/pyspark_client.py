"""What pyspark does in this process, beside Spark's Java: which Python its workers are, where it logs, what it loads.

Must not start a session.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from importlib import metadata

LOGGERS = ("DataFrameQueryContextLogger", "SQLQueryContextLogger")
"""Which print each failed query as JSON to standard error, beside the error that is raised."""


def prepare() -> None:
    """Let its workers run in this Python, send its story of a failed query to the program's log, and spare it pandas."""
    from pyspark.logger import PySparkLogger

    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    for name in LOGGERS:
        logger = PySparkLogger.getLogger(name)
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
        logger.addHandler(_ToProgram())
    _spare_pandas()


def properties() -> dict[str, str]:
    """Properties of Spark that only pyspark reads.

    For each step of an expression it asks Java four times more, to say in an error on which line of which file that was. That
    is the fifth part of judging a small table; so it does it in notebooks only, where the line is one that somebody has just
    written.
    """
    return {"spark.python.sql.dataFrameDebugging.enabled": str("ipykernel" in sys.modules).lower()}


class _ToProgram(logging.Handler):
    """Hands records on to the program's own handlers, which pyspark keeps its loggers from; without any they are dropped."""

    def emit(self, record: logging.LogRecord) -> None:
        """Hand one on."""
        root = logging.getLogger()
        if root.handlers:  # else Python would print it
            root.handle(record)


def _spare_pandas() -> None:
    """Let pyspark find that pandas is installed by its metadata.

    At its first call of Java, and of `lit`, it asks its own helpers for tests whether numpy is there; those ask which pandas
    is there by loading it, which takes 0.6 s.
    """
    from pyspark.sql.pandas import utils

    asked = utils.require_minimum_pandas_version
    utils.require_minimum_pandas_version = _require_pandas
    try:
        importlib.import_module("pyspark.testing.utils")
    finally:
        utils.require_minimum_pandas_version = asked


def _require_pandas() -> None:
    try:
        metadata.version("pandas")
    except metadata.PackageNotFoundError as problem:
        raise ImportError("pandas is not installed") from problem
