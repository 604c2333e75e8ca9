"""XML: nothing of a row is rounded, dropped or resolved without a word."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from toolkit.errors import DataError, ToolkitError, UsageError
from toolkit.etl.extract import CORRUPT, read_xml, with_origin

Rows = list[tuple[Any, ...]]
Reader = Callable[..., Rows]
SCHEMA = "_id INT, name STRING, amount DECIMAL(8,2)"


@pytest.fixture
def xml(spark: SparkSession, tmp_path: Path) -> Reader:
    """Reads rows `<r>` within a root."""

    def read(
        content: str | bytes, schema: str = SCHEMA, *, row_tag: str = "r", bare: bool = False, **options: Any
    ) -> Rows:
        text = content if bare or isinstance(content, bytes) else f"<rs>{content}</rs>"
        (tmp_path / "in.xml").write_bytes(text if isinstance(text, bytes) else text.encode())
        df = read_xml(spark, tmp_path / "in.xml", schema, row_tag=row_tag, **options)
        return [tuple(row) for row in df.collect()]

    return read


def test_elements_and_attributes_are_columns(xml: Reader) -> None:
    found = xml(
        '<r id="1"><name> ä &amp; <![CDATA[<b>]]></name><amount>1.50</amount></r><!-- <r id="9"/> -->\n<r id="2"/>'
        "<r><name/><amount> </amount></r>"
    )
    assert found == [
        (1, " ä & <b>", Decimal("1.50"), None),
        (2, None, None, None),
        (None, "", None, None),
    ]


def test_nested_and_repeated_elements_have_their_types(xml: Reader) -> None:
    schema = "p STRUCT<_k: STRING, day: DATE>, tag ARRAY<STRING>, line ARRAY<STRUCT<n: INT, price: DECIMAL(8,2)>>"
    good = '<r><p k="v"><day>2026-01-01</day></p><tag>a</tag><line><n>1</n><price>1.5</price></line><tag>b</tag></r>'
    ((p, tags, lines, kept),) = xml(good, schema)
    assert (p["_k"], str(p["day"]), tags, lines, kept) == (
        "v",
        "2026-01-01",
        ["a", "b"],
        [Row(n=1, price=Decimal("1.50"))],
        None,
    )
    ((_, _, lines, kept),) = xml(good.replace("1.5", "1.505"), schema)
    assert lines == [Row(n=1, price=None)]
    assert "1.505" in kept


def test_a_text_where_elements_were_declared_keeps_the_row(xml: Reader) -> None:
    empty, (_, kept) = xml("<r><p/></r><r><p>text</p></r>", "p STRUCT<a: INT>")
    assert empty[1] is None
    assert "text" in kept


@pytest.mark.parametrize("amount", ["1.005", "99999999", "1,5", "x"])
def test_a_text_that_its_type_would_change_keeps_the_row(xml: Reader, amount: str) -> None:
    good, bad = xml(f'<r id="1"><amount>1</amount></r><r id="2"><name>n</name><amount>{amount}</amount></r>')
    assert good == (1, None, Decimal(1), None)
    assert bad[:3] == (2, "n", None)
    assert f"<amount>{amount}</amount>" in bad[3]
    assert "<name>n</name>" in bad[3]


@pytest.mark.parametrize(
    ("content", "good"),
    [
        ('<r id="1"><name>x</name></r><r id="2"><name>y</na', [1]),
        ('<r id="1"><name>x</r><r id="2"/>', []),
    ],
    ids=["cut", "crossed"],
)
def test_what_is_no_xml_keeps_its_text(xml: Reader, content: str, good: list[int]) -> None:
    *before, (_, _, _, kept) = xml(f"<rs>{content}", bare=True)
    assert [row[0] for row in before] == good
    assert content in kept


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('<r id="1" z="5"/>', "are there and not declared: _z"),
        ("<r><more>y</more></r>", "not declared: more"),
        ('<r><name k="v">x</name></r>', r"not declared: name\._k"),
        ("<r><name>a<b>c</b>d</name></r>", r"not declared: name\.b"),
        ("<r><name>x</name> stray </r>", "not declared: _VALUE"),
        ("<r><name>x</name><name>y</name></r>", "occur several times in one row: name"),
    ],
)
def test_what_was_not_declared_is_refused(xml: Reader, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        xml(content)


def test_what_was_not_declared_can_be_kept_or_left_out(xml: Reader) -> None:
    text = '<r id="1" z="007"><o><p>1.50</p></o></r><r id="2"/>'
    assert xml(text, extra="rescue") == [
        (1, None, None, '{"_z":"007","o":{"p":"1.50"}}', None),
        (2, None, None, None, None),
    ]
    assert xml(text, extra="ignore") == [(1, None, None, None), (2, None, None, None)]
    with pytest.raises(DataError, match=r"not declared: name\._k"):
        xml('<r><name k="v">x</name></r>', extra="rescue")
    with pytest.raises(DataError, match="several times"):
        xml("<r><name>x</name><name>y</name></r>", extra="ignore")


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE rs [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE rs SYSTEM "http://127.0.0.1:9/x.dtd">',
        f'<!DOCTYPE rs [<!ENTITY l0 "ha">{LAUGHS}<!ENTITY e "&l11;">]>',
    ],
    ids=["external", "dtd", "laughs"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_no_entity_is_resolved(xml: Reader, head: str, encoding: str) -> None:
    began = time.monotonic()
    with pytest.raises(DataError, match="declares a document type"):
        xml(f"{head}<rs><r><name>&e;</name></r></rs>".encode(encoding), encoding=encoding)
    assert time.monotonic() - began < 5
    with pytest.raises(DataError, match="has a NUL character"):
        xml(f"{head}<rs><r/></rs>".replace("DOCTYPE", "X").encode("utf-16-le"))


def test_an_encoding_is_the_one_that_the_file_says(xml: Reader) -> None:
    text = '<?xml version="1.0" encoding="ISO-8859-1"?>\n<rs><r><name>é</name></r></rs>'
    assert xml(text.encode("latin-1"), encoding="latin-1") == [(None, "é", None, None)]
    with pytest.raises(DataError, match=r"is not utf-8: line 2 has 0xE9"):
        xml(text.encode("latin-1"))
    with pytest.raises(DataError, match=r"says that it is ISO-8859-1, .*encoding='ISO-8859-1'"):
        xml(text.encode())
    assert xml(text.replace("ISO-8859-1", "UTF-16").encode("utf-16"), encoding="utf-16") == [(None, "é", None, None)]


def test_a_prefix_is_part_of_a_name(xml: Reader) -> None:
    text = '<rs xmlns:q="u"><q:r id="1"/></rs>'
    with pytest.raises(DataError, match="row_tag='q:r'"):
        xml(text, bare=True)
    assert xml(text, bare=True, row_tag="q:r") == [(1, None, None, None)]


@pytest.mark.parametrize(
    ("content", "options", "error", "message"),
    [
        ("<q/>", {}, DataError, "No element <r> is in"),
        ("<rx/><r2/>", {}, DataError, "No element <r> is in"),
        ("<r/>", {"row_tag": "<r>"}, UsageError, "no name of an element"),
        ("<r/>", {"schema": "m MAP<STRING, STRING>"}, UsageError, "no maps"),
        ("<r/>", {"encoding": "windows-1252"}, UsageError, "XML cannot be read in windows-1252"),
        ("<r/>", {"extra": "keep"}, UsageError, "Valid choices: fail, rescue, ignore"),
    ],
)
def test_what_cannot_be_read_is_refused(
    xml: Reader, content: str, options: dict[str, Any], error: type[ToolkitError], message: str
) -> None:
    with pytest.raises(error, match=message):
        xml(content, **options)


def test_each_row_has_its_origin_and_bad_ones_can_be_asked_for_alone(spark: SparkSession, tmp_path: Path) -> None:
    for name in ("a b.xml", "c.xml"):
        (tmp_path / name).write_text('<rs><r id="1"/><r id="x"/></rs>', encoding="utf-8")
    read = read_xml(spark, tmp_path / "*.xml", SCHEMA, row_tag="r")
    found = with_origin(read, tmp_path, "r", datetime.now(UTC))
    assert {row["_source"] for row in found.collect()} == {"a b.xml", "c.xml"}
    assert read.where(F.col(CORRUPT).isNotNull()).count() == 2
    assert len(read.select(CORRUPT).collect()) == 4
