"""Rows of files of JSON, of which nothing is dropped: each line is one value, and the value is all of the line.

Spark parses the first value of a line and forgets what follows. Here a line is parsed with a mark of this read's own at its
end: what follows the value then has the mark, or makes it no JSON at all. Must not decide which files are read.
"""

from __future__ import annotations

import secrets

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, IntegerType, StringType, StructField, StructType, VariantType

from toolkit.errors import UsageError
from toolkit.etl.encodings import Encoding, check_form
from toolkit.etl.files import spark_paths
from toolkit.etl.json_exact import (
    is_same,
    narrowed,
    numbers_as_texts,
    out_of_reach,
    parts,
    texts_as_numbers,
    widened_field,
)
from toolkit.etl.json_layout import is_plain
from toolkit.etl.schemas import Expected
from toolkit.etl.technical import CORRUPT, RESCUED
from toolkit.store.location import Location

_BLANKS = " \t\r\n"
"""What JSON has for white space."""
_BLANK = r"[ \t\r\n]*+"
_NAMED = "MAP<STRING, VARIANT>"
"""An object of any names and values."""
_LONGEST_TEXT = 1_000_000
"""Characters that are kept of a file which is no JSON, where a file is one value."""


def read(
    spark: SparkSession, files: list[Location], expected: Expected, encoding: Encoding, *, multi_line: bool
) -> DataFrame:
    """The rows of those files.

    Args:
        spark: the session.
        files: each is there.
        expected: the columns that are taken out of each object.
        encoding: of the bytes.
        multi_line: each file is one value; else each line is.
    """
    fields, kinds = expected.fields, list(parts(expected.fields))
    texts, mark = _texts(spark, files, encoding, whole=multi_line), secrets.token_hex(8)
    if not multi_line and encoding.name == "utf-8" and all(is_plain(file, kinds) for file in files):
        return _plain(texts, expected, mark)
    lines = _lines(texts, encoding)
    parsed = _parsed(_elements(lines, mark) if multi_line else lines, expected, mark)
    looked = parsed.withColumn("reached", ~out_of_reach(F.col("line"), fields))
    values = looked.select("line", "is_whole", "fits", "reached", F.explode(_objects()).alias("found"))
    given = values.select("line", "is_whole", "fits", "reached", "found.object", "found.names")
    return _judged(given, expected, mark)


def read_whole(
    spark: SparkSession, files: list[Location], name: str, encoding: Encoding, *, multi_line: bool
) -> DataFrame:
    """The value of each line, or each file, as a variant; the text of what is none."""
    texts, mark = _texts(spark, files, encoding, whole=multi_line), secrets.token_hex(8)
    lines = _lines(texts, encoding, with_empty=True)
    marked = F.concat(F.lit("["), F.col("line"), F.lit(f',"{mark}"]'))
    parsed = lines.select(
        "line", marked.alias("marked"), F.when(F.col("is_text"), F.try_parse_json(marked)).alias("parsed")
    )
    last = F.try_variant_get("parsed", "$[1]", "string") == mark
    variant = StructType([StructField(name, VariantType())])
    good = F.coalesce(last, F.lit(False)) & ~out_of_reach(F.col("marked"), variant)
    judged = parsed.select("line", "parsed", good.alias("good"))
    value = F.when(F.col("good"), F.try_variant_get("parsed", "$[0]", "variant"))
    return judged.select(value.alias(name), F.when(~F.col("good"), _kept(F.col("line"))).alias(CORRUPT))


def objects_of(spark: SparkSession, files: list[Location], encoding: Encoding) -> DataFrame:
    """Each line as the text of an array of values, in the column `objects`."""
    lines, line = _lines(_texts(spark, files, encoding, whole=False), encoding), F.col("line")
    array = F.when(_is_array(line), line).otherwise(F.concat(F.lit("["), line, F.lit("]")))
    return lines.select(array.alias("objects"))


def _texts(spark: SparkSession, files: list[Location], encoding: Encoding, *, whole: bool) -> DataFrame:
    if encoding.of_two_bytes:
        raise UsageError(
            f"JSON cannot be read in {encoding.said}.", cure="JSON is UTF-8 (RFC 8259): convert the files first."
        )
    for file in files:
        check_form(file, encoding)
    return spark.read.text(spark_paths(files), wholetext=whole)


def _plain(texts: DataFrame, expected: Expected, mark: str) -> DataFrame:
    """The rows of plain files: a line is one object and nothing else where the mark, put before its last brace, is its own."""
    line, fields = F.col("value"), expected.fields
    marked = F.concat(F.substring(line, F.lit(1), F.length(line) - 1), F.lit(f',"{mark}":1}}'))
    ended = F.when(line.startswith("{") & line.endswith("}"), marked)
    whole = StructType([*fields, StructField(mark, IntegerType()), StructField(CORRUPT, StringType())])
    names = [F.from_json(numbers_as_texts(line, mark), _NAMED).alias("names")] if expected.rescues else []
    objects = (
        texts.where(line != "")
        .select(line, F.from_json(ended, whole, {"columnNameOfCorruptRecord": CORRUPT}).alias("object"), *names)
        .select("*", F.coalesce(F.col("object")[mark] == 1, F.lit(False)).alias("is_whole"))
    )
    fits = F.col("is_whole") & F.col("object")[CORRUPT].isNull()
    if expected.rescues:
        fits = fits & F.col("names").isNotNull()
    columns = [F.when(F.col("is_whole"), F.col("object")[name]).alias(name) for name in fields.names]
    return objects.select(*columns, *_rescued(expected, mark), F.when(~fits, line).alias(CORRUPT))


def _rescued(expected: Expected, mark: str) -> list[Column]:
    """What the schema does not have of an object, as a JSON object with all as it was written, where it is to be kept."""
    if not expected.rescues:
        return []
    others = F.map_filter("names", lambda name, _: ~name.isin(expected.names))
    found = F.when(F.size(others) > 0, texts_as_numbers(F.to_json(others), mark))
    return [F.when(F.col("is_whole"), found).alias(RESCUED)]


def _lines(raw: DataFrame, encoding: Encoding, *, with_empty: bool = False) -> DataFrame:
    """Text of each line that is not empty, and whether its bytes are text; lines of an empty array only if asked for."""
    if encoding.name == "utf-8":
        text, is_text = F.col("value"), F.is_valid_utf8("value")
    else:
        latin = F.decode(F.col("value").cast("binary"), "ISO-8859-1")
        text = F.translate(latin, *encoding.translation)
        is_text = ~latin.rlike(f"[{encoding.undefined}]") if encoding.undefined else F.lit(True)
    # What is no text is given as far as it is one, and its bytes with it.
    remark = F.concat(F.lit(f"  (not {encoding.said}; the bytes of the line: "), F.hex("value"), F.lit(")"))
    told = F.when(is_text, _without_mark(text)).otherwise(F.concat(F.make_valid_utf8(text), remark))
    lines = raw.select(told.alias("line"), is_text.alias("is_text"))
    bare = _bare(F.col("line"))
    some = bare != ""
    return lines.where(some if with_empty else some & ~(bare.startswith("[") & bare.rlike(rf"\A\[{_BLANK}\]\z")))


def _bare(line: Column) -> Column:
    return F.btrim(line, F.lit(_BLANKS))


def _without_mark(text: Column) -> Column:
    return F.when(text.startswith("\ufeff"), F.substring(text, 2, 2**31 - 1)).otherwise(text)


def _elements(files: DataFrame, mark: str) -> DataFrame:
    """Texts of files as lines: one for each element of an array, one for a file that is another value, or none."""
    opened = _opened(F.col("line"), _is_array(F.col("line")))
    marked = F.concat(numbers_as_texts(opened, mark), F.lit(f',"{mark}"]'))
    values = F.from_json(F.when(F.col("is_text"), marked), ArrayType(VariantType()))
    parsed = files.select("line", "is_text", values.alias("values"))
    is_whole = F.coalesce(F.try_element_at("values", F.lit(-1)).try_cast("string") == mark, F.lit(False))
    texts = F.transform(
        F.slice("values", 1, F.greatest(F.size("values") - 1, F.lit(0))),
        lambda value: _line(texts_as_numbers(F.to_json(value), mark), F.lit(True)),
    )
    # What is no JSON is kept as text, which it is, whatever of it would be JSON by itself.
    lines = F.when(is_whole, texts).otherwise(F.array(_line(_kept(F.col("line")), F.lit(False))))
    # Nothing else goes with each element: that would be the text of the file, as often as it has elements.
    return parsed.select(F.explode(lines).alias("found")).select("found.line", "found.is_text")


def _line(text: Column, is_text: Column) -> Column:
    return F.struct(text.alias("line"), is_text.alias("is_text"))


def _kept(text: Column) -> Column:
    """A text; the first million characters of a longer one, and how many there were."""
    remark = F.concat(F.lit("…  (the first million of "), F.length(text), F.lit(" characters)"))
    return F.when(F.length(text) <= _LONGEST_TEXT, text).otherwise(F.concat(F.left(text, F.lit(_LONGEST_TEXT)), remark))


def _is_array(line: Column) -> Column:
    return _bare(line).startswith("[") & _bare(line).endswith("]")


def _opened(line: Column, is_array: Column) -> Column:
    """The text as an array that has no end yet: the values of an array are values of ours, without its brackets."""
    return F.when(is_array, F.regexp_replace(line, rf"\]{_BLANK}\z", "")).otherwise(F.concat(F.lit("["), line))


def _parsed(lines: DataFrame, expected: Expected, mark: str) -> DataFrame:
    """Each line with what Spark makes of it in an array that the mark ends."""
    line, is_array = F.col("line"), _is_array(F.col("line"))
    opened = _opened(line, is_array)
    wrapped = F.concat(F.lit(f'{{"{mark}":'), opened, F.lit(f',{{"{mark}":1}}]}}'))
    objects = StructType([*map(widened_field, expected.fields), StructField(mark, IntegerType())])
    whole = StructType([StructField(mark, ArrayType(objects)), StructField(CORRUPT, StringType())])
    parsed = F.from_json(F.when(F.col("is_text"), wrapped), whole, {"columnNameOfCorruptRecord": CORRUPT})
    named = F.from_json(numbers_as_texts(F.concat(opened, F.lit("]")), mark), f"ARRAY<{_NAMED}>")
    names = F.when(F.col("is_text"), named) if expected.rescues else F.lit(None).cast(f"ARRAY<{_NAMED}>")
    return (
        lines.select("line", is_array.alias("is_array"), parsed.alias("parsed"), names.alias("names"))
        .select(
            "line",
            "names",
            F.col(f"parsed.{mark}").alias("objects"),
            (F.col(f"parsed.{CORRUPT}").isNull() & (F.col("names").isNotNull() | ~F.lit(expected.rescues))).alias(
                "fits"
            ),
            "is_array",
        )
        .select("*", _is_whole(mark).alias("is_whole"))
    )


def _is_whole(mark: str) -> Column:
    """Whether the line is one object, or one array of objects, and nothing else."""
    objects = F.col("objects")
    marked = F.try_element_at(objects, F.lit(-1))[mark] == 1
    return F.coalesce(marked & (F.col("is_array") | (F.size(objects) == 2)), F.lit(False))  # noqa: PLR2004


def _objects() -> Column:
    """The objects of a line, each with its names; one that is nothing where the line is to be kept as text."""
    objects, names = F.col("objects"), F.col("names")
    without_mark = F.slice(objects, 1, F.greatest(F.size(objects) - 1, F.lit(0)))
    found = F.when(F.col("is_whole") & F.col("fits"), without_mark).otherwise(
        F.array(F.when(F.col("is_whole"), F.try_element_at(objects, F.lit(1))))
    )
    return F.transform(
        found,
        lambda object_, place: F.struct(object_.alias("object"), F.try_element_at(names, place + 1).alias("names")),
    )


def _judged(values: DataFrame, expected: Expected, mark: str) -> DataFrame:
    """Values of the declared types, and the text of each line that has a value which would be another one in its type.

    What is asked more than once is a column first: Spark would else work it out each time.
    """
    fields = expected.fields
    narrow = {field.name: narrowed(F.col("object")[field.name], field.dataType) for field in fields}
    numbered = list(enumerate(fields.names))
    cast = values.select(
        "line",
        "object",
        "names",
        "is_whole",
        (F.col("is_whole") & F.col("fits") & F.col("reached") & F.col("object").isNotNull()).alias("good"),
        "reached",
        *[narrow[name].alias(f"narrow_{n}") for n, name in numbered],
    )
    same = cast.select(
        "*",
        *[
            is_same(F.col("object")[field.name], F.col(f"narrow_{n}"), field.dataType).alias(f"same_{n}")
            for n, field in enumerate(fields)
        ],
    )
    columns = [F.when(F.col("reached") & F.col(f"same_{n}"), F.col(f"narrow_{n}")).alias(name) for n, name in numbered]
    good = F.col("good")
    for n, _ in numbered:
        good = good & F.col(f"same_{n}")
    return same.select(*columns, *_rescued(expected, mark), F.when(~good, F.col("line")).alias(CORRUPT))
