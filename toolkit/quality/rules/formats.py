"""Rules on the form of a text: addresses, numbers with check digits, codes from public lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from toolkit.quality.rules.base import Dimension, Family
from toolkit.quality.rules.lazily import F
from toolkit.quality.rules.values import OnColumn

if TYPE_CHECKING:
    from pyspark.sql import Column

_TEN, _HALF = 10, 4
_COUNTRIES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC
CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD
GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH
KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW
MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC
SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY
UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
_CURRENCIES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS
INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP
MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR
SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND
VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
"""


class _Text(OnColumn, abstract=True):
    families: ClassVar[tuple[Family, ...]] = ("text",)


class _Form(_Text, abstract=True):
    """A text whose form a regular expression tells."""

    form: ClassVar[str]
    thing: ClassVar[str]

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} has the form of {self.thing}."

    def broken(self) -> Column:
        """True where the text has another form."""
        return ~self.value.rlike(rf"\A(?:{self.form})\z")


class Email(_Form):
    """The text has the form of an e-mail address: a name, one @, a domain with a dot, no space."""

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
    """The text has the form of a web address: http or https, a host, perhaps a port and a path, no space."""

    form: ClassVar[str] = r"https?://[^\s/:?#@]+(?::\d{1,5})?(?:[/?#]\S*)?"
    thing: ClassVar[str] = "a web address"


class IpAddress(_Form):
    """The text is an IPv4 address: four numbers from 0 to 255, without leading zeros."""

    form: ClassVar[str] = r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!\z)|\z)){4}"
    thing: ClassVar[str] = "an IPv4 address"


class _Checked(_Text, abstract=True):
    """A text that ends with, or holds, check digits."""

    form: ClassVar[str]
    thing: ClassVar[str]

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is {self.thing} whose check digits are right."

    @property
    def compact(self) -> Column:
        """The text without the spaces and dashes that people put in."""
        return F.upper(F.regexp_replace(self.value, "[ -]", ""))

    def remainder(self) -> Column:
        """Zero where the check digits are right."""
        raise NotImplementedError

    def broken(self) -> Column:
        """True where the form or the check digits are wrong."""
        return F.when(self.compact.rlike(rf"\A(?:{self.form})\z"), self.remainder() != 0).otherwise(
            self.value.isNotNull()
        )


class Iban(_Checked):
    """The text is an IBAN (ISO 13616): country, two check digits, 11 to 30 letters and digits; the rest modulo 97 is 1."""

    form: ClassVar[str] = r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}"
    thing: ClassVar[str] = "an IBAN"

    def remainder(self) -> Column:
        """One less than the number modulo 97, in which a letter stands for two digits: A for 10, Z for 35."""
        turned = F.concat(F.substring(self.compact, 5, 34), F.substring(self.compact, 1, 4))
        values = F.transform(F.split(turned, "(?!\\z)"), lambda c: F.conv(c, 36, 10).cast("int"))
        return (
            F.aggregate(
                values, F.lit(0), lambda sum_, v: F.when(v >= _TEN, sum_ * 100 + v).otherwise(sum_ * 10 + v) % 97
            )
            - 1
        )


class Luhn(_Checked):
    """The text is a number of 8 to 19 digits whose last is a Luhn check digit (ISO/IEC 7812): payment cards, IMEI."""

    form: ClassVar[str] = r"\d{8,19}"
    thing: ClassVar[str] = "a number"

    def remainder(self) -> Column:
        """The weighted sum modulo 10, every second digit from the right counting double."""
        digits = F.split(F.reverse(self.compact), "(?!\\z)")

        def weighted(digit: Column, place: Column) -> Column:
            number = digit.cast("int")
            return F.when(place % 2 == 0, number).otherwise(number * 2 - F.when(number > _HALF, 9).otherwise(0))

        return _sum(F.transform(digits, weighted)) % 10


class Ean(_Checked):
    """The text is a GTIN of 8, 12, 13 or 14 digits with the right check digit (GS1): the number under a bar code."""

    form: ClassVar[str] = r"\d{8}|\d{12,14}"
    thing: ClassVar[str] = "an EAN"

    def remainder(self) -> Column:
        """The weighted sum modulo 10, every second digit from the right counting three times."""
        digits = F.split(F.reverse(self.compact), "(?!\\z)")
        return _sum(F.transform(digits, lambda d, i: d.cast("int") * F.when(i % 2 == 0, 1).otherwise(3))) % 10


class _Code(_Text, abstract=True):
    """A code from a public list."""

    codes: ClassVar[tuple[str, ...]]
    thing: ClassVar[str]

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is {self.thing}."

    def broken(self) -> Column:
        """True where the list has no such code; small letters are other codes."""
        return ~self.value.isin(*self.codes)


class CountryCode(_Code):
    """The text is a country's two-letter code (ISO 3166-1), in capitals."""

    thing: ClassVar[str] = "a two-letter country code"
    codes: ClassVar[tuple[str, ...]] = tuple(_COUNTRIES.split())


class CurrencyCode(_Code):
    """The text is a currency's three-letter code (ISO 4217), in capitals."""

    thing: ClassVar[str] = "a three-letter currency code"
    codes: ClassVar[tuple[str, ...]] = tuple(_CURRENCIES.split())


class Json(_Text):
    """The text is one JSON value, well-formed; an object that has a key twice is not."""

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is well-formed JSON."

    def broken(self) -> Column:
        """True where it cannot be parsed."""
        # Spark stops reading where the first value ends; within brackets of both sorts nothing can follow it.
        alone = F.try_parse_json(F.concat(F.lit("["), self.value, F.lit("]"))).isNotNull()
        single = F.try_parse_json(F.concat(F.lit('{"a":'), self.value, F.lit("}"))).isNotNull()
        return self.value.isNotNull() & ~(alone & single)


class DateFormat(_Text):
    """The text is a date or a time in one form, such as `yyyy-MM-dd` (Spark's letters)."""

    format: str = Field(min_length=1)

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is a time written as {self.format}."

    def broken(self) -> Column:
        """True where there is text that is no time of that form."""
        return self.value.isNotNull() & F.try_to_timestamp(self.value, F.lit(self.format)).isNull()


class NotMojibake(_Text):
    """The text is not UTF-8 that was read as Latin-1: no `Â`, `Ã`, `Ä` or `Å` before a character that Latin-1 has there.

    Which are U+0080 to U+00BF: they are what the second byte of such a letter becomes.
    """

    dimension: Dimension = "accuracy"

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} was read in the encoding that it was written in."

    def broken(self) -> Column:
        """True where such a pair of characters occurs."""
        return self.value.rlike("[\u00c2-\u00c5][\u0080-\u00bf]")


def _sum(numbers: Column) -> Column:
    return F.aggregate(numbers, F.lit(0), lambda sum_, number: sum_ + number)
