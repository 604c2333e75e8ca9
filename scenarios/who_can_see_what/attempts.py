"""Attempts to see more than one may: each gives what it found, and is refused or finds nothing.

A learner adds one by adding a function to `ATTEMPTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from scenarios.who_can_see_what.scenario import MEMBERS
from toolkit.errors import UsageError
from toolkit.governance import granting, people
from toolkit.governance.governed import Governed
from toolkit.governance.stewardship import Steward
from toolkit.platform import DataPlatform
from toolkit.store.sql import table_name


@dataclass(frozen=True)
class Known:
    """What somebody who tries knows, and works with.

    Attributes:
        platform: of the run.
        lake: the lakehouse as she sees it.
        email: of a member of another country, as it is in the table.
        card: of a member of her country, as it is in the table.
        path: where the table lies.
    """

    platform: DataPlatform
    lake: Governed
    email: str
    card: str
    path: str

    @property
    def members(self) -> DataFrame:
        """The table as she sees it."""
        return self.lake.table(MEMBERS)


def _guesses(known: Known) -> DataFrame:
    return known.platform.spark.createDataFrame([(known.email, known.card)], "email STRING, card STRING")


def _grant_herself(known: Known) -> Any:
    return granting.grant(Steward(known.platform, known.lake.access.principal), "anna", "unmask", MEMBERS)


def _join_the_directors(known: Known) -> Any:
    return people.enroll(Steward(known.platform, known.lake.access.principal), "anna", "user", ["directors"])


def _whole_table_in_cache(known: Known) -> int:
    whole = known.platform.read(MEMBERS).cache()
    whole.count()
    try:
        return known.members.where(F.col("email") == known.email).count()
    finally:
        whole.unpersist()


def _other_view(known: Known) -> Any:
    known.platform.read(MEMBERS).createOrReplaceTempView("members_as_they_are")
    try:
        return known.lake.sql("SELECT email FROM members_as_they_are").collect()
    finally:
        known.platform.spark.catalog.dropTempView("members_as_they_are")


Attempt = Callable[[Known], Any]
ATTEMPTS: Mapping[str, Attempt] = {
    "filter by an address": lambda known: known.members.where(F.col("email") == known.email).count(),
    "filter by a part of one": lambda known: known.members.where("email LIKE '%@%'").count(),
    "filter by a card": lambda known: known.members.where(F.col("card") == known.card).count(),
    "join with guesses": lambda known: known.members.join(_guesses(known), "email").count(),
    "join with cards": lambda known: known.members.join(_guesses(known), "card").count(),
    "group by a day of birth": lambda known: known.members.where(
        "day(birth_date) <> 1 OR month(birth_date) <> 1"
    ).count(),
    "the highest incomes": lambda known: known.members.orderBy(F.desc("income")).where("income IS NOT NULL").count(),
    "rows of another country": lambda known: known.members.where("country <> 'DE'").count(),
    "an error that shows a row": lambda known: known.members.where(
        "IF(country <> 'DE', raise_error(email), FALSE)"
    ).count(),
    "an earlier version": lambda known: known.lake.table(MEMBERS, version=0).where("email LIKE '%@%'").count(),
    "the cache of another": _whole_table_in_cache,
    "the view of another": _other_view,
    "a path in SQL": lambda known: known.lake.sql(f"SELECT email FROM delta.`{known.path}`").collect(),  # noqa: S608
    "a path as a table": lambda known: known.lake.table(known.path).count(),
    "a table named by a function": lambda known: known.lake.sql(f"SELECT * FROM IDENTIFIER('{MEMBERS}')").collect(),  # noqa: S608
    "a path within a subquery": lambda known: known.lake.sql(
        f"SELECT (SELECT max(email) FROM {table_name(known.platform.lakehouse.path(MEMBERS))})"  # noqa: S608
    ).collect(),
    "Java from SQL": lambda known: known.lake.sql("SELECT java_method('java.lang.System', 'getenv')").collect(),
    "a second statement": lambda known: known.lake.sql(f"SELECT 1; SELECT * FROM {MEMBERS}").collect(),  # noqa: S608
    "writing through SQL": lambda known: known.lake.sql(f"DELETE FROM {MEMBERS}").collect(),  # noqa: S608
    "what governs, read": lambda known: known.lake.table("ops.grants").count(),
    "a grant to herself": _grant_herself,
    "a group of others": _join_the_directors,
    "an export": lambda known: known.lake.export(MEMBERS, "parquet", known.platform.export_folder(MEMBERS, "parquet")),
}


def outcome(attempt: Attempt, known: Known) -> tuple[str, str]:
    """What became of an attempt, and what was said or found.

    `refused`, or `nothing` where it went through and found nothing. `seen` would be a hole. `failed` says nothing: Spark
    stopped it for another reason, so whether it would have found something is not known.
    """
    try:
        found = attempt(known)
    except UsageError as refusal:
        return "refused", refusal.what
    except PySparkException as problem:
        # The first line is for people; what follows may be a plan.
        return "failed", str(problem).strip().splitlines()[0]
    return ("nothing", "no row") if found == 0 else ("seen", str(found))
