"""A lakehouse as one principal sees it, for Spark: each frame from here has its masks and its row filter in its plan.

    lake = governed(spark, "anna", purpose="churn")
    lake.table("silver.customers").where("country = 'DE'").groupBy("email").count()

Masks stand below whatever is done with the frame: a filter, a join or a sort on a masked column sees the mask. Open columns are
the table's own, so that conditions on them still leave files out. Whoever has the session itself, or the files, is not held by
this: see docs/governance.md, What a folder cannot protect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from toolkit.errors import AccessDenied, UsageError
from toolkit.governance import masks
from toolkit.governance.access import Access, Sight, unseen
from toolkit.governance.keys import Keys
from toolkit.governance.names import LONGEST_NAME, table_of
from toolkit.governance.policies import WHO_LOOKS, catalog_of, policies
from toolkit.governance.records import Securable
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.location import Location, located
from toolkit.store.reader import DeltaReader
from toolkit.words import cut

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_REDACTION = "spark.sql.redaction.string.regex"
_OF_KEY = "(?i)(0x|X')[0-9A-F]{128}'?"
"""How a plan writes the 64 bytes of a key."""
CHANGE_COLUMNS = ("_change_type", "_commit_version", "_commit_timestamp")
"""What Delta adds to each change; nothing of the rows."""


def governed(
    spark: SparkSession,
    principal: str,
    *,
    purpose: str = "",
    lakehouse: Lakehouse | None = None,
    keys: Keys | None = None,
    run_id: str = "",
) -> Governed:
    """The lakehouse as a principal sees it.

    Args:
        spark: reads it.
        principal: who.
        purpose: what for; grants for a purpose hold for no other.
        lakehouse: which; the default one when None.
        keys: of masks; the stored key when None.
        run_id: the run that it is part of, for the audit trail.

    Raises:
        UsageError: the lakehouse is not governed, or there is no such principal.
    """
    where = Lakehouse((lakehouse or Lakehouse.default()).root)
    catalog_of(where)
    if policies(where).require_principal(principal).kind not in WHO_LOOKS:
        raise UsageError(f"{principal} is a group: who looks is somebody in person.", choices=WHO_LOOKS)
    hide_keys(spark)
    return Governed(spark, Access(where, principal, purpose, keys, run_id, lambda: spark))


def hide_keys(spark: SparkSession) -> None:
    """Have Spark leave out of plans that are shown or logged what the key of a mask is in."""
    if not spark.conf.get(_REDACTION, None):
        spark.conf.set(_REDACTION, _OF_KEY)


class Governed:
    """What one principal may read, and write out."""

    def __init__(self, spark: SparkSession, access: Access) -> None:
        self.spark = spark
        self.access = access
        self._views: list[str] = []

    def tables(self) -> list[str]:
        """The tables that may be seen to be there."""
        return self.access.visible(self.access.lakehouse.tables())

    def table(self, table: str, version: int | None = None) -> DataFrame:
        """A table, as it is or as it was: with the policies of now, whatever they were then.

        Raises:
            AccessDenied: there is none that the principal may read.
            UsageError: there is no such version.
        """
        if view := self._view(table):
            if version is not None:
                raise UsageError(f"{table} is a view, and has no versions.", cure="Ask its tables.")
            return self._of_view(view)
        return self._seen(table, version, "read")

    def _seen(self, table: str, version: int | None, action: str) -> DataFrame:
        """What is seen of a table; that it is looked at is noted as this action."""
        name, sight = self._sight(table, version, action)
        reader = self.spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        return self._through(reader.load(str(self._path(name))), sight)

    def _view(self, table: str) -> Securable | None:
        """The view of that name, if there is one."""
        one = self.access.policies.securables.get(self.access.name_of(self._name(table)))
        return one if one is not None and one.kind == "view" else None

    def _of_view(self, view: Securable) -> DataFrame:
        """What a view holds of what this principal may see of its tables: a view opens nothing."""
        from toolkit.governance.guarded_sql import DEEPEST, guarded

        decision = self.access.decide("select", view.name)
        self.access.note("read", view.name, decision)
        if not decision.is_allowed:
            raise unseen(table_of(view.name), self.access.principal)
        if len(self._views) >= DEEPEST:
            raise UsageError(f"Views stand on each other: {' → '.join(self._views)}.", cure="Define one by tables.")
        self._views.append(table_of(view.name))
        try:
            return guarded(self, view.definition)
        finally:
            self._views.pop()

    def volume(self, name: str) -> Location:
        """Where the files of a volume lie.

        Raises:
            AccessDenied: there is none that the principal may read.
        """
        full = self.access.name_of(self._name(name))
        one, decision = self.access.policies.securables.get(full), self.access.decide("read_volume", full)
        if one is None or one.kind != "volume" or not decision.is_allowed:
            if one is not None:
                self.access.note("read volume", full, decision)
            raise AccessDenied(
                f"There is no volume {cut(repr(name), LONGEST_NAME)} that {self.access.principal} may read."
            )
        self.access.note("read volume", full, decision)
        return located(one.location)

    def changes(self, table: str, start: int, end: int | None = None) -> DataFrame:
        """The change feed of a table, from one version to another.

        Raises:
            AccessDenied: there is no table that the principal may read.
        """
        name, sight = self._sight(table, None, "read changes")
        reader = self.spark.read.format("delta").option("readChangeFeed", True).option("startingVersion", start)
        if end is not None:
            reader = reader.option("endingVersion", end)
        return self._through(reader.load(str(self._path(name))), sight)

    def stream(self, table: str, **options: str) -> DataFrame:
        """A table as a stream. The policies are those of its start: one that is taken back holds when it starts again.

        Args:
            table: which.
            options: of Delta's source; of paths it takes none.

        Raises:
            AccessDenied: there is no table that the principal may read.
            UsageError: an option is none of a reader.
        """
        if unknown := sorted(set(options) - _STREAM_OPTIONS):
            raise UsageError.unknown("option of a stream", unknown[0], _STREAM_OPTIONS)
        name, sight = self._sight(table, None, "stream")
        return self._through(
            self.spark.readStream.format("delta").options(**options).load(str(self._path(name))), sight
        )

    def sql(self, query: str) -> DataFrame:
        """The result of a SELECT over tables by their names.

        Raises:
            AccessDenied: there is a table in it that is none, or that the principal may not read.
            UsageError: it is no SELECT, or has something in it that could go around the policies.
        """
        from toolkit.governance.guarded_sql import guarded

        return guarded(self, query)

    def sight(self, table: str) -> Sight:
        """What of a table is seen, and by which grants, without a look at it, and so without a note of one.

        Raises:
            AccessDenied: there is no table that the principal may read.
        """
        name, types = self._types(table, None)
        securable = self.access.name_of(name)
        decision = self.access.decide("select", securable)
        if not decision.is_allowed:
            raise unseen(table, self.access.principal)
        return self.access.sight_of(securable, types, None, decision)

    def look_up(self, tokens: Sequence[str]) -> Mapping[str, str]:
        """The values behind tokens that somebody has filled the vault with; those that are in none are left out.

        Raises:
            AccessDenied: the principal may not unmask the column of one of them; then none is given.
        """
        from toolkit.governance.vault import look_up

        return look_up(self.access, tokens)

    def export(self, table: str, form: Literal["parquet", "avro"], folder: Location, version: int | None = None) -> int:
        """Write what the principal sees of a table as a file, which leaves the lakehouse; returns its rows.

        Raises:
            AccessDenied: the principal may not read the table, or not export it.
        """
        from toolkit.store.write import export

        securable = self.access.name_of(self._name(table))
        self.access.require("export", securable, "export", f"as {form}")
        export(self._seen(table, version, "export"), folder, form)
        return int(self.spark.read.format(form).load(str(folder)).count())

    def _name(self, table: str) -> str:
        """A table by its name in the lakehouse, given so or in full."""
        catalog = self.access.policies.catalog
        return table.removeprefix(f"{catalog}.") if table.count(".") > 1 else table

    def _path(self, name: str) -> Location:
        return self.access.lakehouse.path(name)

    def _sight(self, table: str, version: int | None, action: str) -> tuple[str, Sight]:
        """The table's name, and what is seen of it."""
        name, types = self._types(table, version)
        return name, self.access.sight(name, types, version, action)

    def _types(self, table: str, version: int | None) -> tuple[str, dict[str, str]]:
        """The table's name and the types of its columns; its own reader gives them, and of it nothing is shown."""
        from toolkit.scenario import is_table_name

        if type(version) not in (int, type(None)):
            raise UsageError(
                f"{cut(repr(version), LONGEST_NAME)} is no version.", cure="A version is a whole number from 0."
            )
        name, lakehouse = self._name(table), self.access.lakehouse
        if not is_table_name(name) or not lakehouse.exists(name) or not self.access.visible([name]):
            raise unseen(table, self.access.principal)
        columns = DeltaReader(lakehouse.path(name), name, version).columns()
        return name, {one.name: one.type for one in columns}

    def _through(self, frame: DataFrame, sight: Sight) -> DataFrame:
        """A frame with the row filter and the masks of a sight; a column that the sight does not know shows nothing."""
        from pyspark.sql import functions as F

        from toolkit.columns import quoted
        from toolkit.governance.encryption import decrypted

        shown = []
        for field in frame.schema.fields:
            name = field.name
            if name in sight.masks and name in sight.encrypted:
                shown.append(F.lit(None).cast(sight.encrypted[name]).alias(name))
            elif name in sight.masks:
                shown.append(masks.spark_column(sight.masks[name], name, sight.types[name], self.access.keys))
            elif name in sight.encrypted:
                place = table_of(sight.securable)
                shown.append(decrypted(place, name, sight.encrypted[name], self.access.keys))
            elif name in sight.types or name in CHANGE_COLUMNS:
                shown.append(F.col(quoted(name)))
            else:
                shown.append(F.lit(None).cast(field.dataType).alias(name))
        if sight.condition is not None:
            frame = frame.where(sight.condition.spark)
        return frame if sight.is_all and len(shown) == len(sight.types) else frame.select(*shown)


_STREAM_OPTIONS = frozenset(
    {
        "maxFilesPerTrigger",
        "maxBytesPerTrigger",
        "ignoreDeletes",
        "ignoreChanges",
        "skipChangeCommits",
        "startingVersion",
        "startingTimestamp",
        "readChangeFeed",
        "withEventTimeOrder",
    }
)
