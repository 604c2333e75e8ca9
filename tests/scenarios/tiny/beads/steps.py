"""What is done to the beads. A step stays at work, within Spark, while the home has a file `hold-<step>`."""

from pyspark.sql import functions as F

from toolkit import paths
from toolkit.errors import QualityGateFailed
from toolkit.etl.extract import read_csv
from toolkit.quality.rules import NotNull

RULES = (NotNull(name="colour_is_given", description="A bead has a colour.", column="colour"),)
HELD = "SELECT java_method('java.lang.Thread', 'sleep', 200L) FROM range(0, 600, 1, 1)"
"""Two minutes in pieces, between which Spark looks whether the task was ended."""


def held(platform):
    """Work until whoever holds the step has ended the run."""
    if (paths.home() / f"hold-{platform.step}").exists():
        platform.spark.sql(HELD).collect()


def ingest(platform):
    """Every line."""
    file = platform.scenario.folder / "beads.csv"
    platform.write("bronze.beads", read_csv(platform.spark, file, "bead_id STRING, colour STRING, grams INT"))
    held(platform)


def check(platform):
    """Part the beads that have a colour from those that have none."""
    result = platform.quality.check("silver.beads", platform.read("bronze.beads"), RULES)
    held(platform)
    platform.quality.record()
    if result.blocking and platform.parameters.strict:
        raise QualityGateFailed("Stopped before gold: colour_is_given on silver.beads.", cure="Look for the colour.")


def model(platform):
    """One row for each colour."""
    beads = platform.read("silver.beads").where(F.col("grams") <= platform.parameters.most)
    platform.write("gold.colours", beads.groupBy("colour").agg(F.sum("grams").alias("grams")).coalesce(1))


def answer(platform):
    """The question, answered from gold."""
    colour, grams = platform.sql("gold.colours", "SELECT colour, grams FROM t ORDER BY grams DESC LIMIT 1")
    return f"{colour}, with {grams} grams."
