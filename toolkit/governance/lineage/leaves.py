"""What the leaves of a plan read: the table at a place and its version, the topic, the files, the table of a database.

The text of a plan leaves this out, so Spark is asked for each leaf: a few calls, as there are few leaves. Owns which classes of
leaves are known. This is the one module of lineage that calls Java.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import unquote

from toolkit.governance.lineage.model import Field, Source
from toolkit.governance.lineage.rows import attribute, fields_in
from toolkit.governance.lineage.trees import Node, parsed

_OF_DELTA = {"TahoeLogFileIndex", "TahoeBatchFileIndex", "PreparedDeltaFileIndex"}
_FILE_SOURCE = re.compile(r"FileSource\[(?P<path>.*)\]")
_DATABASE = re.compile(r"(?i)database(Name)?=[^;&]*")


class Leaves:
    """The leaves of a plan, with its subqueries.

    Args:
        plans: Java's plans, whose texts were read.
    """

    def __init__(self, plans: Sequence[Any]) -> None:
        self._plans = list(plans)
        self._found: dict[tuple[str, int], Any] | None = None
        self._sources: dict[int, Source] = {}
        self._in_memory: dict[object, str] = {}

    def source(self, node: Node) -> Source | None:
        """What a leaf reads; None where it is not a leaf that reads something."""
        output = [attribute(one) for one in node.trees("output")]
        if not output:
            return None
        if output[0].id not in self._sources:
            leaf = self._java(node.name, output[0].id)
            if leaf is None:
                return None
            source = (
                self._of_rows(leaf, node)
                if node.name in {"LogicalRDD", "LocalRelation"}
                else source_of(leaf, node.name)
            )
            self._sources[output[0].id] = source
        return self._sources[output[0].id]

    def expansions(self, node: Node) -> list[list[Node]]:
        """The rows of an Expand, where its text has none."""
        wanted = [attribute(one).id for one in node.trees("output")]
        for plan in self._all(self._plans):
            if plan.nodeName() == "Expand" and [one.exprId().id() for one in items(plan.output())] == wanted:
                return [[parsed(one.toJSON()) for one in items(row)] for row in items(plan.projections())]
        return []

    def _of_rows(self, leaf: Any, node: Node) -> Source:
        """Rows in memory are told apart by their number in this plan; the same rows read twice are one."""
        known = leaf.rdd().id() if node.name == "LogicalRDD" else f"local {leaf.hashCode()}"
        number = self._in_memory.setdefault(known, str(len(self._in_memory) + 1))
        return Source("memory", number, schema=fields_of(leaf))

    def _java(self, name: str, first: int) -> Any | None:
        if self._found is None:
            self._found = {}
            for plan in self._plans:
                for part in (plan, *items(plan.subqueriesAll())):
                    for leaf in items(part.collectLeaves()):
                        output = leaf.output()
                        if not output.isEmpty():
                            self._found[leaf.getClass().getSimpleName(), output.head().exprId().id()] = leaf
        return self._found.get((name, first))

    def _all(self, plans: Sequence[Any]) -> Iterator[Any]:
        waiting = [part for plan in plans for part in (plan, *items(plan.subqueriesAll()))]
        while waiting:
            plan = waiting.pop()
            yield plan
            waiting.extend(items(plan.children()))


def items(sequence: Any) -> list[Any]:
    """The elements of a Scala sequence."""
    return [sequence.apply(at) for at in range(sequence.length())]


def fields_of(plan: Any) -> tuple[Field, ...]:
    """Names and types of a plan's columns."""
    return fields_in(json.loads(plan.schema().json()))


def source_of(leaf: Any, name: str) -> Source:
    """What a leaf of this class reads."""
    match name:
        case "LogicalRelation":
            return _of_relation(leaf)
        case "StreamingRelation":
            return _of_stream(leaf)
        case "StreamingRelationV2":
            return _of_options(leaf.sourceName(), leaf.extraOptions())
        case "DataSourceV2Relation" | "DataSourceV2ScanRelation":
            return of_table(leaf if name == "DataSourceV2Relation" else leaf.relation())
    return Source("other", name, format=name)


def of_table(relation: Any) -> Source:
    """The table of a relation of the second kind."""
    table = relation.table()
    if table.getClass().getSimpleName() == "DeltaTableV2":
        return Source("table", located(table.path().toString()), called=table.name())
    return Source("other", table.name(), format=table.getClass().getSimpleName())


def generated_columns(relation: Any) -> tuple[Field, ...]:
    """Columns that a Delta table works out from others while it is written."""
    table = relation.table()
    if table.getClass().getSimpleName() != "DeltaTableV2":
        return ()
    schema = json.loads(table.initialSnapshot().metadata().schemaString())
    made = [one for one in schema["fields"] if "delta.generationExpression" in one["metadata"]]
    return fields_in({"fields": made})


def located(uri: str) -> str:
    """A place as the toolkit writes it: a folder as its path, all else as its URI."""
    place = re.sub(r"^file:/+", "/", uri)
    return place.rstrip("/") or place


def _of_relation(leaf: Any) -> Source:
    relation, catalogued = leaf.relation(), leaf.catalogTable()
    called = _called(catalogued)
    kind = _class(relation)
    if kind == "DeltaCDFRelation":
        place = relation.snapshotWithSchemaMode().snapshot().path().getParent().toString()
        return Source("table", located(place), called=called, feed=True)
    if kind == "KafkaRelation":
        return _of_topic(_field(relation, "sourceOptions"), _value_of_map)
    if kind == "JDBCRelation":
        options = relation.jdbcOptions()
        return Source("jdbc", options.tableOrQuery(), namespace=without_secrets(options.url()))
    if "HadoopFsRelation" in {kind, _class_of(relation.getClass().getSuperclass())}:
        return _of_files(relation, called)
    return Source("other", called or kind, format=kind)


def _of_files(relation: Any, called: str) -> Source:
    place = relation.location()
    if _class(place) in _OF_DELTA:
        return Source("table", located(place.path().toString()), called=called, version=place.version())
    paths = ",".join(sorted(located(one.toString()) for one in items(place.rootPaths())))
    return Source("file", paths, format=relation.fileFormat().toString().lower(), called=called)


def _of_stream(leaf: Any) -> Source:
    source = leaf.dataSource()
    name = leaf.sourceName()
    if files := _FILE_SOURCE.fullmatch(name):
        return Source("file", located(files["path"]), format=str(source.className()).lower())
    options = source.options()
    if name == "delta":
        path = options.get("path")
        table = source.catalogTable()
        place = path.get() if path.isDefined() else unquote(table.get().location().toString())
        feed = any(_is_true(options, key) for key in ("readChangeFeed", "readChangeData"))
        return Source("table", located(place), called=_called(table), feed=feed)
    return Source("other", name, format=name)


def _of_options(name: str, options: Any) -> Source:
    if name == "kafka":
        return _of_topic(options, lambda given, key: given.get(key))
    return Source("other", name, format=name)


def _of_topic(options: Any, value: Callable[[Any, str], Any]) -> Source:
    told = [value(options, key) for key in ("subscribe", "subscribepattern", "assign")]
    brokers = value(options, "kafka.bootstrap.servers")
    return Source("topic", next((one for one in told if one), ""), namespace=brokers or "")


def _value_of_map(options: Any, key: str) -> Any:
    found = options.get(key)
    return found.get() if found.isDefined() else None


def _field(thing: Any, name: str) -> Any:
    """A field that Java keeps to itself."""
    field = thing.getClass().getDeclaredField(name)
    field.setAccessible(True)
    return field.get(thing)


def _called(table: Any) -> str:
    return str(table.get().identifier().unquotedString()) if table.isDefined() else ""


def _is_true(options: Any, key: str) -> bool:
    return str(_value_of_map(options, key)).lower() == "true"


def _class(thing: Any) -> str:
    return _class_of(thing.getClass())


def _class_of(java_class: Any) -> str:
    return str(java_class.getName()).rsplit(".", 1)[-1].rsplit("$", 1)[-1]


def without_secrets(address: str) -> str:
    """The address of a database, without who signs in and how; of its options only the database is kept."""
    place, options = re.match(r"([^?;]*)(.*)", address, re.DOTALL).groups()  # type: ignore[union-attr] # matches all
    before, at, after = place.rpartition("@")
    if at and "//" in before:
        place = before[: before.index("//") + 2] + after
    elif at:
        place = ":".join(before.split(":")[:3]) + ":@" + after
    database = _DATABASE.search(options)
    return place + (f";{database[0]}" if database else "")
