"""Rows of XML files by Spark's reader, which is asked for texts alone and for every name that there is.

Spark's reader rounds decimals, takes the last of several elements where one was declared, and leaves out elements, attributes
and prefixes that it was not asked for. So it is asked first which names there are, then for their texts, and types are given to
the texts here. No file that declares a document type is read: so no entity is ever resolved. Must not decide which files are
read.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from pyspark.sql import Column, DataFrame, DataFrameReader, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, MapType, StringType, StructField, StructType, VariantType

from toolkit import casts
from toolkit.columns import quoted
from toolkit.errors import DataError, UsageError
from toolkit.etl.encodings import Encoding, check_form, decoded, encoding_of
from toolkit.etl.files import spark_paths
from toolkit.etl.schemas import Expected
from toolkit.etl.shapes import listed
from toolkit.etl.technical import CORRUPT, RESCUED
from toolkit.etl.words import LONGEST_PATH, shown
from toolkit.store.location import Location

_NAME = r"[A-Za-z_][\w.\-]*"
_LONGEST_TEXT = 1_000_000
"""Characters that are kept of what is no XML, which Spark gives with all of its file."""
_ROW, _BROKEN = "row", "broken"
_TEXT = "_VALUE"
"""What Spark calls the text beside attributes and elements."""
_LOOK_BACK = 4096
"""Characters of one piece that are looked at again with the next, so that what stands across both is seen."""


def read(spark: SparkSession, files: list[Location], expected: Expected, row_tag: str, encoding: Encoding) -> DataFrame:
    """The rows of those files.

    Args:
        spark: the session.
        files: each is there.
        expected: what is declared.
        row_tag: the element that is a row.
        encoding: of the bytes.
    """
    if unfit := next((f.name for f in expected.fields if _has(f.dataType, MapType, VariantType)), None):
        raise UsageError(f"XML has no maps and no variants, as {unfit} would be.", cure="Declare a STRUCT, or STRING.")
    extras = _extras(files, fields_of(spark, files, row_tag, encoding), expected)
    asked = [StructField(f.name, _texts(f.dataType, beside=expected.extra != "ignore")) for f in expected.fields]
    broken = StructField(_BROKEN, StringType())
    reader = _reader(spark, row_tag, encoding).schema(StructType([*asked, *extras, broken]))
    return _judged(reader.load(spark_paths(files)), expected, [field.name for field in extras])


def fields_of(spark: SparkSession, files: list[Location], row_tag: str, encoding: Encoding) -> StructType:
    """All names that occur in rows, nested as they are, with texts for values; what is no XML has none.

    Raises:
        DataError: no file has such an element, or one cannot be read.
        UsageError: the name of the element is none, or the encoding is none that can be read.
    """
    if not re.fullmatch(rf"(?:{_NAME}:)?{_NAME}", row_tag):
        raise UsageError(
            f"{row_tag!r} is no name of an element.", cure="Give the name without brackets: row_tag='order'."
        )
    if encoding.translation[0]:
        choices = ("utf-8", "utf-16", "iso-8859-1")
        raise UsageError(f"XML cannot be read in {encoding.said}.", choices=choices, cure="Convert the files first.")
    # All of them, also when the first has one.
    looks = [_look(file, row_tag, encoding) for file in files]
    if not any(looks):
        raise DataError(
            f"No element <{row_tag}> is in {shown(files[0], LONGEST_PATH)}"
            + (", nor in the others." if files[1:] else "."),
            cure="Give the name of the element that is a row, as it stands in the file, with its prefix.",
        )
    there = _reader(spark, row_tag, encoding).option("inferSchema", False).load(spark_paths(files)).schema
    return StructType([field for field in there if field.name != _BROKEN])


def _reader(spark: SparkSession, row_tag: str, encoding: Encoding) -> DataFrameReader:
    reader = spark.read.format("xml").option("rowTag", row_tag).option("encoding", encoding.for_spark)
    # A text is what stands between two tags; blanks are part of it.
    return reader.option("ignoreSurroundingSpaces", False).option("columnNameOfCorruptRecord", _BROKEN)


def _look(file: Location, row_tag: str, encoding: Encoding) -> bool:
    """Whether an element of that name is in a file, of which all is text that can be read.

    Raises:
        DataError: it says that it has another encoding, declares entities, or has such elements with a prefix.
    """
    check_form(file, encoding)
    found, before = False, ""
    decoder = codecs.getincrementaldecoder(encoding.name)()
    pattern = re.compile(rf"<(?:({_NAME}):)?{re.escape(row_tag)}(?=[\s/>])")
    for number, piece in enumerate(decoded(file, encoding)):
        text = before + decoder.decode(piece)
        if number == 0:
            _refuse_other_encoding(file, text, encoding)
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise DataError(
                f"{shown(file, LONGEST_PATH)} declares a document type, which may name other files or grow without end.",
                cure="Take <!DOCTYPE …> out of it: entities are never resolved.",
            )
        if "\0" in text:
            # A parser may take what looks like ASCII with zeros for UTF-16, and read what was not looked at.
            raise DataError(
                f"{shown(file, LONGEST_PATH)} has a NUL character, which XML has not.", cure="Mend the file."
            )
        for match in pattern.finditer(text):
            if match[1]:
                raise DataError(
                    f"{shown(file, LONGEST_PATH)} has <{shown(match[1], 40)}:{row_tag}>, which is another name.",
                    cure=f"Read it with row_tag='{shown(match[1], 40)}:{row_tag}'.",
                )
            found = True
        before = text[-_LOOK_BACK:]
    return found


def _refuse_other_encoding(file: Location, text: str, encoding: Encoding) -> None:
    said = re.match(r"""\ufeff?\s*<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._\-]+)["']""", text)
    if not said:
        return
    named = encoding_of(said[1])
    # UTF-16 with a byte order mark, and either order of it, are one.
    if named.name.partition("-le")[0].partition("-be")[0] != encoding.name.partition("-le")[0].partition("-be")[0]:
        raise DataError(
            f"{shown(file, LONGEST_PATH)} says that it is {said[1]}, and is to be read as {encoding.said}.",
            cure=f"Read it with encoding={said[1]!r}.",
        )


def _extras(files: list[Location], own: StructType, expected: Expected) -> list[StructField]:
    """Elements and attributes of rows that are to be rescued.

    Raises:
        DataError: something is there that would be left out, and nobody said that it may.
    """
    beyond = list(_beyond("", own, expected.fields))
    repeated = [path for path, what in beyond if what == "repeated"]
    _refuse_beyond(files, repeated, "occur several times in one row", "Declare them as ARRAY.")
    if expected.extra == "ignore":
        return []
    top = {field.name for field in own if _named(expected.fields, field.name) is None}
    within = [path for path, _ in beyond if not (expected.rescues and path in top)]
    _refuse_beyond(files, within, "are there and not declared", "Declare them, or leave them out with extra='ignore'.")
    return [field for field in own if field.name in top]


def _refuse_beyond(files: list[Location], paths: list[str], what: str, cure: str) -> None:
    if paths:
        where = f"{shown(files[0], LONGEST_PATH)}{' and the others' if files[1:] else ''}"
        raise DataError(f"In {where} {what}: {listed(paths)}.", cure=cure)


def _named(fields: StructType, name: str) -> StructField | None:
    return next((field for field in fields if field.name.lower() == name.lower()), None)


def _beyond(path: str, own: DataType, declared: DataType) -> Iterator[tuple[str, str]]:
    """Places of what a file has and the declared type does not hold, and whether it is `more` or `repeated`."""
    match own, declared:
        case StructType(), StructType():
            for field in own:
                place = f"{path}.{field.name}" if path else field.name
                found = _named(declared, field.name)
                if found is None:
                    yield place, "more"
                else:
                    yield from _beyond(place, field.dataType, found.dataType)
        case ArrayType(), ArrayType():
            yield from _beyond(path, own.elementType, declared.elementType)
        case _, ArrayType():
            yield from _beyond(path, own, declared.elementType)
        case ArrayType(), _:
            yield path, "repeated"
        case StructType(), _:
            # Text beside attributes is `_VALUE`; what a declared text has besides would be left out.
            for field in own:
                if field.name != _TEXT:
                    yield f"{path}.{field.name}", "more"


def _has(kind: DataType, *unfit: type[DataType]) -> bool:
    match kind:
        case ArrayType():
            return _has(kind.elementType, *unfit)
        case StructType():
            return any(_has(field.dataType, *unfit) for field in kind)
    return isinstance(kind, unfit)


def _texts(kind: DataType, *, beside: bool) -> DataType:
    """The same, with texts for all values.

    Args:
        kind: the type.
        beside: ask also for the text beside elements, which is lost where only elements were declared.
    """
    match kind:
        case ArrayType():
            return ArrayType(_texts(kind.elementType, beside=beside))
        case StructType():
            more = [StructField(_TEXT, StringType())] if beside and _named(kind, _TEXT) is None else []
            return StructType([*[StructField(f.name, _texts(f.dataType, beside=beside)) for f in kind], *more])
    return StringType()


def _judged(records: DataFrame, expected: Expected, extras: list[str]) -> DataFrame:
    """Values of the declared types; a row with a text that its type does not hold keeps what was read of it, as XML."""
    row = F.struct(*[F.col(quoted(name)).alias(name) for name in records.columns if name != _BROKEN])
    texts = records.select(row.alias(_ROW), F.col(_BROKEN))
    values = [_typed(F.col(_ROW)[field.name], field.dataType) for field in expected.fields]
    typed = texts.select("*", *[value.alias(f"value_{n}") for n, value in enumerate(values)])
    good = F.col(_BROKEN).isNull()
    for n, field in enumerate(expected.fields):
        same = _is_same(F.col(_ROW)[field.name], F.col(f"value_{n}"), field.dataType, beside=expected.extra != "ignore")
        good = good & same
    broken = F.when(F.length(_BROKEN) <= _LONGEST_TEXT, F.col(_BROKEN)).otherwise(
        F.concat(F.left(F.col(_BROKEN), F.lit(_LONGEST_TEXT)), F.lit("…"))
    )
    kept = F.when(~good, F.coalesce(broken, F.to_xml(F.col(_ROW))))
    rescued = F.nullif(F.to_json(F.struct(*[F.col(_ROW)[name].alias(name) for name in extras])), F.lit("{}"))
    found = [(rescued if extras else F.lit(None).cast("string")).alias(RESCUED)] if expected.rescues else []
    given = [F.col(f"value_{n}").alias(name) for n, name in enumerate(expected.names)]
    return typed.select(*given, *found, kept.alias(CORRUPT))


def _typed(text: Column, kind: DataType) -> Column:
    """Texts as values of the type; null where one is none."""
    match kind:
        case ArrayType():
            return F.transform(text, lambda element: _typed(element, kind.elementType))
        case StructType():
            fields = [_typed(text[field.name], field.dataType).alias(field.name) for field in kind]
            return F.when(text.isNotNull(), F.struct(*fields))
    return text if kind == StringType() else casts.exactly(text, kind.simpleString())


def _is_same(text: Column, value: Column, kind: DataType, *, beside: bool) -> Column:
    """Whether each text that is not empty has become a value, and none stands beside elements."""
    match kind:
        case ArrayType():
            pairs = F.arrays_zip(text.alias("text"), value.alias("value"))
            same = F.forall(pairs, lambda pair: _is_same(pair["text"], pair["value"], kind.elementType, beside=beside))
            return text.isNull() | same
        case StructType():
            asked = beside and _named(kind, _TEXT) is None
            found = _is_blank(text[_TEXT]) if asked else F.lit(True)
            for field in kind:
                found = found & _is_same(text[field.name], value[field.name], field.dataType, beside=beside)
            return text.isNull() | found
    return F.lit(True) if kind == StringType() else _is_blank(text) | value.isNotNull()


def _is_blank(text: Column) -> Column:
    return text.isNull() | ~text.rlike(r"[^\x00-\x20]")
