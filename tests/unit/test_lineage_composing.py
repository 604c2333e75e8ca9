"""A batch's lineage put behind its stream's, without Spark."""

from __future__ import annotations

import pytest

from toolkit.governance.lineage.composing import compose
from toolkit.governance.lineage.leaves import located, without_secrets
from toolkit.governance.lineage.masking import hides
from toolkit.governance.lineage.model import Edge, Field, Lineage, Origin, Source, Unknown, unknown_lineage
from toolkit.governance.lineage.plans import depth_of

TOPIC, TABLE, DIMENSION = Source("topic", "clicks"), Source("table", "/lake/clicks"), Source("table", "/lake/users")
COLUMNS = (Field("user", "string"), Field("page", "struct<url:string>"), Field("n", "long"))
BATCH = Source("memory", "1", schema=COLUMNS)
STREAM = Lineage(
    None,
    COLUMNS,
    (
        Edge("user", Origin(TOPIC, "value"), "direct", "transformation", "sha2(value)", masks=True),
        Edge("user", Origin(TOPIC, "key"), "indirect", "conditional", "(key > ?)"),
        Edge("page", Origin(TOPIC, "page"), "direct", "identity"),
        Edge(None, Origin(TOPIC, "timestamp"), "indirect", "filter", "timestamp"),
    ),
    (Unknown("n", "a function over whole rows", (TOPIC,)),),
    (TOPIC,),
)


def written(*edges: Edge, sources: tuple[Source, ...] = (BATCH,), unknown: tuple[Unknown, ...] = ()) -> Lineage:
    columns = dict.fromkeys(edge.column for edge in edges if edge.column)
    return Lineage(TABLE, tuple(Field(name) for name in columns), edges, unknown, sources)


def from_batch(column: str | None, of: str, kind: str = "direct", subtype: str = "identity", text: str = "") -> Edge:
    return Edge(column, Origin(BATCH, of), kind, subtype, text)  # type: ignore[arg-type]


def test_values_decisions_and_masks_go_through() -> None:
    whole = compose(written(from_batch("who", "user", subtype="aggregation", text="max(user)")), STREAM)
    assert whole.edges == (
        Edge("who", Origin(TOPIC, "value"), "direct", "aggregation", "max(sha2(value))", masks=True),
        Edge("who", Origin(TOPIC, "key"), "indirect", "conditional", "(key > ?)"),
        Edge(None, Origin(TOPIC, "timestamp"), "indirect", "filter", "timestamp"),
    )
    assert (whole.target, whole.sources, whole.is_complete) == (TABLE, (TOPIC,), True)


def test_what_decides_in_the_batch_decides_by_the_streams_columns() -> None:
    whole = compose(written(from_batch(None, "page.url", "indirect", "join", "(page.url = url)")), STREAM)
    assert whole.edges[0] == Edge(None, Origin(TOPIC, "page.url"), "indirect", "join", "(page.url = url)")


def test_a_column_that_the_stream_does_not_know_stays_unknown() -> None:
    whole = compose(written(from_batch("count", "n"), from_batch("url", "page.url")), STREAM)
    assert whole.unknown == (Unknown("count", "a function over whole rows", (TOPIC,)),)
    assert [edge.column for edge in whole.edges] == ["url", None]


def test_what_decides_over_the_streams_rows_and_is_unknown_stays_unknown() -> None:
    stream = Lineage(None, COLUMNS, STREAM.edges, (Unknown(None, "a new operator", (TOPIC,)),), (TOPIC,))
    assert compose(written(from_batch("url", "page")), stream).unknown == stream.unknown


def test_other_sources_stay() -> None:
    edge = Edge("name", Origin(DIMENSION, "name"), "direct", "identity")
    whole = compose(written(edge, from_batch("url", "page"), sources=(BATCH, DIMENSION)), STREAM)
    assert edge in whole.edges
    assert whole.sources == (TOPIC, DIMENSION)


def test_sources_of_what_is_unknown_are_the_streams() -> None:
    outer = written(from_batch("url", "page"), unknown=(Unknown("x", "a function", (BATCH,)),))
    assert compose(outer, STREAM).unknown == (Unknown("x", "a function", (TOPIC,)),)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (COLUMNS[:2], "none"),
        ((COLUMNS[1], COLUMNS[0], COLUMNS[2]), "none"),
        ((*COLUMNS[:2], Field("n", "integer")), "none"),
    ],
    ids=["fewer", "another order", "another type"],
)
def test_rows_that_are_not_exactly_the_streams_are_unknown(columns: tuple[Field, ...], said: str) -> None:
    other = Source("memory", "1", schema=columns)
    outer = written(Edge("a", Origin(other, "user"), "direct", "identity"), sources=(other,))
    assert [(one.column, said in one.reason) for one in compose(outer, STREAM).unknown] == [("a", True)]


def test_two_candidates_are_no_answer() -> None:
    twin = Source("memory", "2", schema=COLUMNS)
    outer = written(
        from_batch("a", "user"), Edge("b", Origin(twin, "user"), "direct", "identity"), sources=(BATCH, twin)
    )
    assert [one.column for one in compose(outer, STREAM).unknown] == ["a", "b"]


def test_a_write_that_reads_no_rows_in_memory_is_left_as_it_is() -> None:
    outer = written(Edge("name", Origin(DIMENSION, "name"), "direct", "identity"), sources=(DIMENSION,))
    assert compose(outer, STREAM) is outer


def test_the_unknown_lineage_names_each_column() -> None:
    lineage = unknown_lineage(COLUMNS, "why")
    assert [one.column for one in lineage.unknown] == ["user", "page", "n"]
    assert lineage.reasons("n") == ["why"]
    assert unknown_lineage((), "why").reasons("anything") == ["why"]


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("jdbc:postgresql://host:5432/shop?user=me&password=x&ssl=true", "jdbc:postgresql://host:5432/shop"),
        ("jdbc:postgresql://me:x@host/shop", "jdbc:postgresql://host/shop"),
        ("jdbc:sqlserver://host;databaseName=a;password=x", "jdbc:sqlserver://host;databaseName=a"),
        ("jdbc:oracle:thin:me/secret@//host:1521/shop", "jdbc:oracle:thin:@//host:1521/shop"),
        ("jdbc:postgresql://me:a@b/c@host/shop", "jdbc:postgresql://host/shop"),
    ],
)
def test_an_address_is_kept_without_its_secrets(address: str, kept: str) -> None:
    assert without_secrets(address) == kept


def test_places_masks_and_depths() -> None:
    assert [located(one) for one in ("file:/a/b", "file:///a/b/", "s3a://x/y", "/a")] == [
        "/a/b",
        "/a/b",
        "s3a://x/y",
        "/a",
    ]
    assert hides("Sha2")
    assert not hides("Substring")
    assert depth_of("CASE WHEN (a > f(1)) THEN CASE WHEN b THEN 1 END ELSE nvl(a, nvl(b, 2)) END") == 3
    assert depth_of("f(g(h(a)))") == 0
