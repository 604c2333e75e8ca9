"""Reading quantile sketches: percentiles and histograms, without the data that they were made from.

Owns the edges of bins. A sketch is a few kilobytes; Spark opens it, since only Spark knows its format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from toolkit.quality.profiling.model import WHOLE, Histogram

_RANKS = [percent / WHOLE for percent in range(WHOLE + 1)]


@dataclass(frozen=True)
class Opened:
    """What a sketch says."""

    percentiles: tuple[float, ...]
    histogram: Histogram


def opened(spark: SparkSession, sketches: Mapping[int, bytes], bins: int) -> dict[int, Opened]:
    """Percentiles and histogram of each sketch, none of which is empty.

    Three small queries over one row that holds the sketches: the bins depend on the smallest and the greatest value, and
    Spark takes them as literals only.
    """
    if not sketches:
        return {}
    schema = ", ".join(f"s{number} BINARY" for number in sketches)
    held = spark.createDataFrame([tuple(bytearray(data) for data in sketches.values())], schema)
    ranks = F.lit(_RANKS)
    percentiles = _asked(held, {n: F.kll_sketch_get_quantile_double(f"s{n}", ranks) for n in sketches})
    counts = _asked(held, {n: F.kll_sketch_get_n_double(f"s{n}") for n in sketches})
    edges = {n: bin_edges(found[0], found[-1], bins) for n, found in percentiles.items()}
    shares = _asked(held, {n: F.kll_sketch_get_rank_double(f"s{n}", F.lit(edges[n])) for n in sketches})
    return {
        n: Opened(tuple(percentiles[n]), Histogram(edges=tuple(edges[n]), counts=_counts(shares[n], counts[n])))
        for n in sketches
    }


def _asked(held: DataFrame, columns: Mapping[int, Column]) -> dict[int, Any]:
    row = held.select(*[column.alias(str(number)) for number, column in columns.items()]).collect()[0]
    return {number: row[str(number)] for number in columns}


def bin_edges(low: float, high: float, bins: int) -> list[float]:
    """Edges of bins of equal width; of a single bin where there is but one value."""
    if low == high:
        return [low, high]
    # Not by the width: the difference of two finite numbers may be infinite.
    inner = [low * (1 - i / bins) + high * (i / bins) for i in range(1, bins)]
    return sorted({low, *[edge for edge in inner if low < edge < high], high})


def _counts(shares: list[float], count: int) -> tuple[int, ...]:
    """Counts between the edges, from the shares at or below each of them."""
    below = [0, *[round(share * count) for share in shares[1:]]]
    return tuple(high - low for low, high in pairwise(below))
