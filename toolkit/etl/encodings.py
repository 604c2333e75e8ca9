"""The bytes of a file: how it is packed, and whether they are text in the encoding that the reader was told.

Spark puts U+FFFD in place of bytes that it cannot decode, and knows compression by a file's name alone. So every file is looked
at before Spark reads it. Owns the encodings that can be read, and the refusals; must not know what the text means.
"""

from __future__ import annotations

import bz2
import codecs
import contextlib
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import IO, Any, BinaryIO, cast

from toolkit.errors import DataError, UsageError
from toolkit.etl.words import LONGEST_PATH, shown
from toolkit.store.location import Location

CHUNK = 1 << 20
"""Bytes that are looked at together."""
LONGEST_LINE = 64 * CHUNK
_GZIP = b"\x1f\x8b"
_GZIP_NAMES = (".gz", ".gzip")
_OTHER_NAMES = (".bz2", ".deflate", ".lz4", ".snappy", ".zst", ".zstd", ".xz", ".zip", ".7z", ".lzo")
_OTHER_FORMS = {b"PK\x03\x04": "a zip archive", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte order marks; the longer one of two that begin alike comes first."""
_OF_TWO_BYTES = {"utf-16": "UTF-16", "utf-16-le": "UTF-16LE", "utf-16-be": "UTF-16BE"}
_CHOICES = (
    "utf-8",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "iso-8859-1",
    "windows-1252",
    "any other of one byte a character",
)


@dataclass(frozen=True)
class Encoding:
    """An encoding that files can be read in.

    Attributes:
        name: Python's name of it: `utf-8`, `utf-16`, `cp1252`.
        said: as the caller wrote it.
    """

    name: str
    said: str

    @property
    def of_two_bytes(self) -> bool:
        """Whether a character has two bytes or more, so that a line does not end with the one byte of a line feed."""
        return self.name in _OF_TWO_BYTES

    @property
    def for_spark(self) -> str:
        """What Spark decodes the bytes as; `translation` makes the right characters of those of Latin-1."""
        return "UTF-8" if self.name == "utf-8" else _OF_TWO_BYTES.get(self.name, "ISO-8859-1")

    @cached_property
    def translation(self) -> tuple[str, str]:
        """Characters of Latin-1, and those that stand for the same bytes in this encoding."""
        if self.for_spark != "ISO-8859-1":
            return "", ""
        pairs = [(chr(byte), bytes([byte]).decode(self.name, "ignore")) for byte in range(0x80, 0x100)]
        other = [(latin, character) for latin, character in pairs if character and character != latin]
        return "".join(latin for latin, _ in other), "".join(character for _, character in other)

    @cached_property
    def undefined(self) -> str:
        """Characters of Latin-1 whose bytes are no character of this encoding."""
        if self.for_spark != "ISO-8859-1":
            return ""
        return "".join(chr(byte) for byte in range(0x80, 0x100) if not bytes([byte]).decode(self.name, "ignore"))


def encoding_of(said: str) -> Encoding:
    """The encoding of that name.

    Raises:
        UsageError: there is none, or it is one that files cannot be read in: line ends, commas and quotes have to be
            the bytes that they are in ASCII, each character one byte; or it is a form of UTF-8 or UTF-16.
    """
    try:
        info = codecs.lookup(said)
        name = "utf-8" if info.name == "utf-8-sig" else info.name
        ascii_is_itself = bytes(range(0x80)).decode(name) == "".join(map(chr, range(0x80)))
        of_one_byte = ascii_is_itself and len(bytes(range(0x80, 0x100)).decode(name, "replace")) == 0x80  # noqa: PLR2004
    except (LookupError, UnicodeError, ValueError, AssertionError):
        name, of_one_byte = "", False
    if said and (name == "utf-8" or name in _OF_TWO_BYTES):
        return Encoding(name, said)
    if not of_one_byte or _loses_its_place(name):
        raise UsageError(
            f"Files cannot be read in the encoding {shown(said)!r}.",
            choices=_CHOICES,
            cure="Convert them to UTF-8 first.",
        )
    return Encoding(name, said)


def _loses_its_place(name: str) -> bool:
    """Whether a byte means something else after another: then it is an encoding of several bytes a character."""
    every = bytes(range(0x80, 0x100))
    one_by_one = "".join(bytes([byte]).decode(name, "replace") for byte in every)
    backwards = every[::-1].decode(name, "replace")
    return every.decode(name, "replace") != one_by_one or backwards != one_by_one[::-1]


def check_form(file: Location, encoding: Encoding) -> None:
    """Refuse a file that is packed in a way that its name does not say, or that begins as another encoding does.

    Raises:
        DataError: it is compressed otherwise than by gzip, or its name and its first bytes do not agree on gzip, or it has the
            byte order mark of another encoding, or none where UTF-16 needs one.
    """
    with _opened(file) as stream:
        first = stream.read(8)
    _refuse_other_packing(file, first)
    if first.startswith(_GZIP):
        first = next(chunks(file), b"")[:8]
    _refuse_other_mark(file, first, encoding)


def chunks(file: Location) -> Iterator[bytes]:
    """The bytes of a file in pieces, unpacked.

    Raises:
        DataError: it cannot be opened or read to its end, or its gzip is damaged.
    """
    packed = file.name.lower().endswith(_GZIP_NAMES)
    cure = "Land the file again."
    try:
        with _opened(file) as stream, _unpacked(stream, packed) as plain:
            while chunk := plain.read(CHUNK):
                yield chunk
    except EOFError as problem:
        raise DataError(f"{_place(file)} is cut off: its gzip has no end.", cure=cure) from problem
    except (gzip.BadGzipFile, zlib.error) as problem:
        raise DataError(f"{_place(file)} is damaged: its gzip cannot be unpacked.", cure=cure) from problem
    except OSError as problem:
        raise DataError(f"{_place(file)} cannot be read: {problem.strerror or problem}.", cure=cure) from problem


class LongLine(Exception):
    """A line is too long to be looked at as a whole."""


def in_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of whole lines, each with a line feed at its end.

    Raises:
        LongLine: a line has more than 64 MiB.
    """
    rest = b""
    for piece in pieces:
        lines, end, rest = (rest + piece).rpartition(b"\n")
        if len(rest) > LONGEST_LINE:
            raise LongLine
        if end:
            yield lines + end
    if rest:
        yield rest + b"\n"


def decoded(file: Location, encoding: Encoding) -> Iterator[bytes]:
    """The bytes of a file in pieces, unpacked, once each is known to be text.

    Raises:
        DataError: a byte is no text in that encoding; the message has its line.
    """
    decoder = codecs.getincrementaldecoder(encoding.name)()
    lines, whole = 0, True
    for chunk in chunks(file):
        # ASCII is the same in all encodings of one byte, and in UTF-8 between two whole characters.
        if not (whole and chunk.isascii() and not encoding.of_two_bytes):
            _decode(decoder, chunk, file, encoding, lines)
            whole = not decoder.getstate()[0]
        lines += chunk.count(b"\n")
        yield chunk
    _decode(decoder, b"", file, encoding, lines)


def text_of(file: Location, encoding: Encoding) -> io.TextIOWrapper:
    """The file as text from its beginning, unpacked and without a byte order mark; line ends as they are."""
    name = "utf-8-sig" if encoding.name == "utf-8" else encoding.name
    packed = file.name.lower().endswith(_GZIP_NAMES)
    stream: IO[bytes] = file.open("rb")
    if packed:
        unpacked = gzip.GzipFile(fileobj=stream)
        unpacked.myfileobj = cast("Any", stream)  # closed with it, as what gzip has opened itself
        stream = cast("IO[bytes]", unpacked)
    text = io.TextIOWrapper(cast(BinaryIO, stream), encoding=name, newline="")
    if encoding.of_two_bytes and text.read(1) != "\ufeff":
        text.seek(0)
    return text


def _decode(decoder: codecs.IncrementalDecoder, chunk: bytes, file: Location, encoding: Encoding, lines: int) -> None:
    try:
        decoder.decode(chunk, final=not chunk)
    except UnicodeDecodeError as problem:
        bad = " ".join(f"0x{byte:02X}" for byte in problem.object[problem.start : problem.end][:4])
        line = lines + problem.object[: problem.start].count(b"\n") + 1
        likely = "utf-16-le" if b"\0" in problem.object else "windows-1252"
        raise DataError(
            f"{_place(file)} is not {encoding.said}: line {line} has {bad}, which is no character there.",
            cure=f"Say which encoding it was written in, such as encoding={likely!r}, or mend the file.",
        ) from problem


@contextlib.contextmanager
def _opened(file: Location) -> Iterator[BinaryIO]:
    try:
        stream = file.open("rb")
    except OSError as problem:
        raise DataError(
            f"{_place(file)} cannot be opened: {problem.strerror}.", cure="Give this user the right to read it."
        ) from problem
    with stream:
        yield cast(BinaryIO, stream)


@contextlib.contextmanager
def _unpacked(stream: BinaryIO, packed: bool) -> Iterator[BinaryIO]:
    if not packed:
        yield stream
        return
    with gzip.GzipFile(fileobj=stream) as plain:
        yield cast(BinaryIO, plain)


def _refuse_other_packing(file: Location, first: bytes) -> None:
    name = file.name.lower()
    named_gzip, is_gzip = name.endswith(_GZIP_NAMES), first.startswith(_GZIP)
    form = next((form for magic, form in _OTHER_FORMS.items() if first.startswith(magic)), "")
    if form == "bzip2" and not _is_bzip2(file):
        form = ""
    ending = next((ending for ending in _OTHER_NAMES if name.endswith(ending)), "")
    if form or ending:
        what = f"is {form}" if form else f"is compressed, as its name says ({ending})"
        raise DataError(f"{_place(file)} {what}; only gzip can be read.", cure="Unpack it, or pack it with gzip.")
    if is_gzip and not named_gzip:
        raise DataError(
            f"{_place(file)} is packed with gzip, and its name does not say so: Spark would read the packed bytes.",
            cure=f"Rename it to {shown(file.name)}.gz.",
        )
    if named_gzip and first and not is_gzip:
        raise DataError(
            f"{_place(file)} is not packed with gzip, as its name says.", cure="Rename it, or land it again."
        )


def _is_bzip2(file: Location) -> bool:
    """Whether it is, and not a text that begins with the same three letters."""
    try:
        with file.open("rb") as stream:
            bz2.BZ2Decompressor().decompress(stream.read(CHUNK))
    except OSError:
        return False
    return True


def _refuse_other_mark(file: Location, first: bytes, encoding: Encoding) -> None:
    mark = next((name for bom, name in _MARKS.items() if first.startswith(bom)), "")
    if mark and mark != encoding.name and not encoding.name.startswith(f"{mark}-"):
        raise DataError(
            f"{_place(file)} begins with the byte order mark of {mark}, and is to be read as {encoding.said}.",
            cure=f"Read it with encoding={mark!r}." if mark != "utf-32" else "Convert it to UTF-8 first.",
        )
    if encoding.name == "utf-16" and first and not mark:
        raise DataError(
            f"{_place(file)} has no byte order mark, so the order of its bytes is not known.",
            cure="Say encoding='utf-16-le' (Windows) or encoding='utf-16-be'.",
        )


def _place(file: Location) -> str:
    return shown(file, LONGEST_PATH)
