"""Rules on the form of a text: addresses, numbers with check digits, codes from public lists.

Owns these conditions as SQL text, so that profiles, which look for several forms in each of a thousand columns, can ask for
them without a call into the JVM for each of their parts.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from toolkit.quality import sql_text
from toolkit.quality.rules.base import Dimension, Family
from toolkit.quality.rules.spark_functions import F
from toolkit.quality.rules.values import OnColumn

if TYPE_CHECKING:
    from pyspark.sql import Column

_ANY_SPACE = sql_text.text(f"[{sql_text.SPACE}]")
_EACH_CHARACTER = sql_text.text(r"(?!\z)")
"""Between any two: what a text is split by."""
_FUNDS_AND_UNITS = "BOV CHE CHW CLF COU MXV USN UYI UYW XAD XDR XSU XUA"
_METALS_AND_BONDS = "XAG XAU XPD XPT XBA XBB XBC XBD"
_NO_CURRENCY = "XTS XXX"
_NOT_MONEY = frozenset(f"{_FUNDS_AND_UNITS} {_METALS_AND_BONDS} {_NO_CURRENCY}".split())
"""Codes of ISO 4217 that nobody is paid in."""


class FormRule(OnColumn, abstract=True):
    """A rule on the form of a text."""

    families: ClassVar[tuple[Family, ...]] = ("text",)

    @property
    def text(self) -> str:
        """The value, in SQL."""
        return sql_text.column(self.column)

    @property
    def wrong(self) -> str:
        """The SQL condition that the text is not as it should be; false or null where there is none."""
        raise NotImplementedError

    def broken(self) -> Column:
        """True where the text is not as it should be."""
        return F.expr(self.wrong)


class _Form(FormRule, abstract=True):
    """A text whose form a regular expression tells."""

    form: ClassVar[str]
    thing: ClassVar[str]
    spaceless: ClassVar[bool] = False
    """Whether it holds no white space of any sort; `form` tells only that of ASCII."""

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} has the form of {self.thing}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} does not have the form of {self.thing}"

    @property
    def wrong(self) -> str:
        """The text has another form."""
        formed = f"{self.text} RLIKE {_whole(self.form)}"
        # Few texts hold more than ASCII, and to look for each of Unicode's spaces takes longer than the form itself.
        beyond_ascii = f"(length({self.text}) < octet_length({self.text}) AND {self.text} RLIKE {_ANY_SPACE})"
        return f"(NOT {formed} OR {beyond_ascii})" if self.spaceless else f"(NOT {formed})"


class Email(_Form):
    """The text has the form of an e-mail address: a name, one @, a domain with a dot, no space, not even an invisible one."""

    spaceless: ClassVar[bool] = True
    form: ClassVar[str] = r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+"
    thing: ClassVar[str] = "an e-mail address"


class Phone(_Form):
    """The text has the form of an international telephone number (E.164): + and 7 to 15 digits.

    Spaces, dots, dashes and brackets may stand between them.
    """

    form: ClassVar[str] = r"\+[1-9](?:[ .()-]*\d){6,14}"
    thing: ClassVar[str] = "an international telephone number"


class Uuid(_Form):
    """The text has the form of a UUID (RFC 9562): 32 hexadecimal digits, dashes after 8, 12, 16 and 20."""

    form: ClassVar[str] = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
    thing: ClassVar[str] = "a UUID"


class Url(_Form):
    """The text has the form of a web address: http or https, a host, perhaps a port and a path, no space of any sort."""

    spaceless: ClassVar[bool] = True
    form: ClassVar[str] = r"https?://[^\s/:?#@]+(?::\d{1,5})?(?:[/?#]\S*)?"
    thing: ClassVar[str] = "a web address"


class IpAddress(_Form):
    """The text is an IPv4 address: four numbers from 0 to 255, without leading zeros."""

    form: ClassVar[str] = r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!\z)|\z)){4}"
    thing: ClassVar[str] = "an IPv4 address"


class _Checked(FormRule, abstract=True):
    """A text that ends with, or holds, check digits.

    Spaces and dashes are not looked at wherever they stand, at the ends too; any other white space breaks the rule.
    """

    form: ClassVar[str]
    thing: ClassVar[str]

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is {self.thing} whose check digits are right."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} is not {self.thing}, or its check digits are wrong"

    @property
    def compact(self) -> str:
        """The text without the spaces and dashes that people put in."""
        return f"upper(regexp_replace({self.text}, '[ -]', ''))"

    @property
    def remainder(self) -> str:
        """Zero where the check digits are right, in SQL."""
        raise NotImplementedError

    @property
    def wrong(self) -> str:
        """The form or the check digits are wrong."""
        formed = f"{self.compact} RLIKE {_whole(self.form)}"
        return f"if({formed}, {self.remainder} != 0, {self.text} IS NOT NULL)"


class Iban(_Checked):
    """The text is an IBAN (ISO 13616): country, two check digits, 11 to 30 letters and digits; the rest modulo 97 is 1.

    Spaces and dashes may stand anywhere, at the ends too.
    """

    form: ClassVar[str] = r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}"
    thing: ClassVar[str] = "an IBAN"

    @property
    def remainder(self) -> str:
        """One less than the number modulo 97, in which a letter stands for two digits: A for 10, Z for 35."""
        turned = f"concat(substring({self.compact}, 5, 34), substring({self.compact}, 1, 4))"
        values = f"transform(split({turned}, {_EACH_CHARACTER}), c -> CAST(conv(c, 36, 10) AS INT))"
        return f"(aggregate({values}, 0, (sum, v) -> (sum * if(v >= 10, 100, 10) + v) % 97) - 1)"


class Luhn(_Checked):
    """The text is a number of 8 to 19 digits whose last is a Luhn check digit (ISO/IEC 7812): payment cards, IMEI.

    Spaces and dashes may stand anywhere, at the ends too.
    """

    form: ClassVar[str] = r"\d{8,19}"
    thing: ClassVar[str] = "a number"

    @property
    def remainder(self) -> str:
        """The weighted sum modulo 10, every second digit from the right counting double, less 9 where that has two digits."""
        return f"({_weighted(self.compact, 'd * 2 - if(d > 4, 9, 0)')} % 10)"


class Ean(_Checked):
    """The text is a GTIN of 8, 12, 13 or 14 digits with the right check digit (GS1): the number under a bar code.

    Spaces and dashes may stand anywhere, at the ends too.
    """

    form: ClassVar[str] = r"\d{8}|\d{12,14}"
    thing: ClassVar[str] = "an EAN"

    @property
    def remainder(self) -> str:
        """The weighted sum modulo 10, every second digit from the right counting three times."""
        return f"({_weighted(self.compact, 'd * 3')} % 10)"


class _PublicList:
    """The codes of a list of the `pycountry` package, read when they are first asked for."""

    def __init__(self, name: str, field: str, without: frozenset[str] = frozenset()) -> None:
        self.name, self.field, self.without = name, field, without

    def __get__(self, rule: object, kind: type | None = None) -> tuple[str, ...]:
        """The codes, in order of the alphabet."""
        return self._codes

    @cached_property
    def _codes(self) -> tuple[str, ...]:
        import pycountry

        codes = {getattr(entry, self.field) for entry in getattr(pycountry, self.name)}
        return tuple(sorted(codes - self.without))


class _Code(FormRule, abstract=True):
    """A code from a public list."""

    codes: ClassVar[_PublicList]
    thing: ClassVar[str]

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is {self.thing}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} is not {self.thing}"

    @property
    def wrong(self) -> str:
        """The list has no such code; small letters are other codes."""
        return f"({self.text} NOT IN ({', '.join(map(sql_text.text, self.codes))}))"


class CountryCode(_Code):
    """The text is a country's two-letter code (ISO 3166-1), in capitals."""

    thing: ClassVar[str] = "a two-letter country code"
    codes: ClassVar[_PublicList] = _PublicList("countries", "alpha_2")


class CurrencyCode(_Code):
    """The text is a currency's three-letter code (ISO 4217), in capitals: of one that is in use, and that people pay with.

    Codes of funds, metals and units of account (CLF, XAU, XDR), of tests and of no currency (XTS, XXX) break it.
    """

    thing: ClassVar[str] = "a three-letter currency code"
    codes: ClassVar[_PublicList] = _PublicList("currencies", "alpha_3", _NOT_MONEY)


class Json(FormRule):
    """The text is one JSON value, well-formed; an object that has a key twice is not."""

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is well-formed JSON."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} is not well-formed JSON"

    @property
    def wrong(self) -> str:
        """It cannot be parsed."""
        # Spark stops reading where the first value ends; within brackets of both sorts nothing can follow it.
        alone = f"try_parse_json(concat('[', {self.text}, ']')) IS NOT NULL"
        single = f"try_parse_json(concat('{{\"a\":', {self.text}, '}}')) IS NOT NULL"
        return f"({self.text} IS NOT NULL AND NOT ({alone} AND {single}))"


class DateFormat(FormRule):
    """The text is a date or a time in one form, such as `yyyy-MM-dd` (Spark's letters)."""

    format: str = Field(min_length=1)

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is a time written as {self.format}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} is not a time written as {self.format}"

    @property
    def wrong(self) -> str:
        """There is text that is no time of that form."""
        return f"({self.text} IS NOT NULL AND try_to_timestamp({self.text}, {sql_text.text(self.format)}) IS NULL)"


class NotMojibake(FormRule):
    """The text shows no sign of a wrong encoding: no `Â`, `Ã`, `Ä`, `Å` before U+0080 to U+00BF, and no `\ufffd`.

    The first are UTF-8 that was read as Latin-1: the others are what the second byte of such a letter becomes. The last,
    U+FFFD, stands where a byte could not be read at all.
    """

    dimension: Dimension = "accuracy"

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} was read in the encoding that it was written in."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} was read in another encoding than it was written in"

    @property
    def wrong(self) -> str:
        """Such a pair of characters occurs, or that one."""
        return f"({self.text} RLIKE '[\u00c2-\u00c5][\u0080-\u00bf]|\ufffd')"


def _whole(form: str) -> str:
    """The regular expression for a whole text, in SQL."""
    return sql_text.text(rf"\A(?:{form})\z")


def _weighted(text: str, second: str) -> str:
    """The sum of a number's digits from the right, of every second digit `d` what `second` makes of it; in SQL."""
    digits = f"transform(split(reverse({text}), {_EACH_CHARACTER}), c -> CAST(c AS INT))"
    weighted = f"transform({digits}, (d, place) -> if(place % 2 = 0, d, {second}))"
    return f"aggregate({weighted}, 0, (sum, n) -> sum + n)"
