"""What tells of persons by its form or by lists of words: addresses of mail and machines, names, places, secrets.

Owns these tests. Each looks at one value of at most a few thousand characters; no regular expression can cut a text in two
ways, so that hostile ones cost no more than others.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import date

from toolkit.governance.classes import lexicon
from toolkit.governance.classes.names import folded
from toolkit.governance.classes.numbers_of_persons import compact
from toolkit.governance.classes.recognisers import Recogniser, Test
from toolkit.governance.classes.shapes import Shape

_EMAIL = re.compile(r"(?:mailto:)?[^@\s<>(),;:\\\"]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}", re.IGNORECASE)
_INTERNATIONAL = re.compile(r"(?:\+|00)[1-9][\d ()./-]{6,22}", re.ASCII)
_DIALLED = re.compile(r"\(?0?\d[\d ()./-]{5,20}", re.ASCII)
_SECRET = re.compile(
    r"(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_\w{20,255}|glpat-[\w-]{20,64}|xox[abprs]-[\w-]{10,255}"
    r"|[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}|sk-[\w-]{20,255}|AIza[\w-]{35}|SG\.[\w-]{16,32}\.[\w-]{30,64}|npm_[A-Za-z0-9]{36}"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----|eyJ[\w-]{8,1000}\.eyJ[\w-]{8,1000}\.[\w-]{10,1000}"
    r"|\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}|\$argon2(?:id|i|d)\$|pbkdf2[_:]|AccountKey=[A-Za-z0-9+/=]{20,200}"
    r"|SharedAccessSignature=|[?&]sig=[\w%]{20,200}|[a-z]{3,12}://[^\s:/@]{1,64}:[^\s:/@]{3,64}@",
    re.ASCII,
)
"""How keys of well-known services begin, heads of private keys, signed tokens, salted digests, passwords in addresses."""
_MAC = re.compile(r"[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}", re.IGNORECASE)
_PAIR = re.compile(r"(?:POINT ?)?\(?(-?\d{1,3}\.\d{3,15})[,; ] ?(-?\d{1,3}\.\d{3,15})\)?", re.ASCII | re.IGNORECASE)
_DEGREES = re.compile(r"-?\d{1,3}[.,]\d{2,18}|-?\d{1,3}(?:\.\d)?", re.ASCII)
_NAME = re.compile(r"[^\W\d_]+(?:[ .,'’-]{1,2}[^\W\d_]+){0,5}\.?")
_NAME_PARTS = re.compile(r"[ ,.-]+")
_LETTERED_POSTCODE = re.compile(
    r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-CEGHJ-NPR-TVXY]\d[A-Z] ?\d[A-Z]\d|[1-9]\d{3} ?[A-Z]{2}",
    re.ASCII | re.IGNORECASE,
)
_POSTCODE = re.compile(
    r"(?:[A-Z]{1,2}-)?\d{3,5}(?:[ -]\d{2,4})?|[A-Z\d]{2,4}[ -]?[A-Z\d]{3}|\d{4} ?[A-Z]{2}", re.ASCII | re.IGNORECASE
)
_ICD = re.compile(r"[A-TV-Z]\d[\dA-Z]\.\d{1,4}[A-Z]?", re.ASCII)
_COMPACT_DAY = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", re.ASCII)
_DAY = re.compile(r"(\d{4})[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ].{0,20})?|\d{1,2}[-/.]\d{1,2}[-/.](\d{4})", re.ASCII)
_DIGEST_LENGTHS = frozenset({32, 40, 56, 64, 96, 128})
_HEX = re.compile(r"(?:0x)?[0-9a-f]+", re.IGNORECASE | re.ASCII)
_HOUSE = re.compile(r"\d{1,5}[a-z]?", re.ASCII)
FIRST_YEAR = 1900
"""Nobody who lives was born before."""
PHONE_DIGITS = range(7, 16)
LONGEST_NAME, LONGEST_ADDRESS = 60, 120
AGES = range(121)
LATITUDE, LONGITUDE = 90, 180


def is_email(value: str) -> bool:
    """An address of mail: a name, one @, a domain with a dot."""
    return "@" in value and _EMAIL.fullmatch(value) is not None


def is_international_phone(value: str) -> bool:
    """A number with + or 00 that a numbering plan has, or that has at least the form of E.164 with a +."""
    if not _INTERNATIONAL.fullmatch(value):
        return False
    digits = sum(sign.isdigit() for sign in value)
    return (value[0] == "+" and digits in PHONE_DIGITS) or _in_numbering_plan("+" + value[2:])


def _in_numbering_plan(value: str) -> bool:
    import phonenumbers

    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(value, None)))
    except phonenumbers.NumberParseException:
        return False


def is_dialled_phone(value: str) -> bool:
    """A number cut in groups as telephone numbers within a country are: `(030) 901820`, `555-010-1234`."""
    if not _DIALLED.fullmatch(value) or sum(sign.isdigit() for sign in value) not in range(8, 13):
        return False
    return (value[0] in "(0" and not value.isdigit()) or re.fullmatch(
        r"\d{3}[-. ]\d{3}[-. ]\d{4}", value, re.ASCII
    ) is not None


def may_be_phone(value: str) -> bool:
    """Seven to fifteen digits and nothing that stands in no telephone number."""
    text = value.partition("x")[0].partition("ext")[0].strip()
    bare = compact(text).replace("(", "").replace(")", "").removeprefix("+")
    return bare.isdigit() and len(bare) in PHONE_DIGITS


def is_ip(value: str) -> bool:
    """An address of the internet, of either version, perhaps with the length of its network."""
    try:
        ipaddress.ip_interface(value)
    except ValueError:
        return False
    return "." in value or ":" in value


def is_mac(value: str) -> bool:
    """The address of a network card."""
    return _MAC.fullmatch(value) is not None


def is_pair_of_degrees(value: str) -> bool:
    """A latitude and a longitude, in either order, with three decimals or more."""
    found = _PAIR.fullmatch(value)
    if not found:
        return False
    one, other = sorted(abs(float(part)) for part in found.groups())
    return one <= LATITUDE and other <= LONGITUDE


def may_be_degrees(value: str) -> bool:
    """A number that can be a latitude or a longitude, or both of them."""
    if is_pair_of_degrees(value):
        return True
    return _DEGREES.fullmatch(value) is not None and abs(float(value.replace(",", "."))) <= LONGITUDE


def is_secret(value: str) -> bool:
    """Something that begins as keys and tokens of well-known services do."""
    return _SECRET.match(value) is not None


def _parts(value: str) -> list[str]:
    return [part for part in _NAME_PARTS.split(folded(value)) if part] if len(value) <= LONGEST_NAME else []


def is_first_name(value: str) -> bool:
    """A common first name, or two of them."""
    parts = _parts(value)
    return 1 <= len(parts) <= 2 and parts[0] in lexicon.FIRST_NAMES  # noqa: PLR2004 - Anna-Maria


def is_last_name(value: str) -> bool:
    """A common last name; two as in Spain; with `van` or `de` before it."""
    parts = _parts(value)
    return 1 <= len(parts) <= 3 and not lexicon.LAST_NAMES.isdisjoint(parts)  # noqa: PLR2004 - van der Berg


def is_full_name(value: str) -> bool:
    """Two to five words that begin with a common first name, or have one after a comma; titles aside."""
    if not may_be_name(value):
        return False
    parts = [
        part
        for part in _parts(value)
        if part not in ("dr", "prof", "mr", "mrs", "ms", "herr", "frau", "mme", "sr", "sra")
    ]
    if not 2 <= len(parts) <= 5:  # noqa: PLR2004
        return False
    after_comma = _parts(value.partition(",")[2])[:1]
    return parts[0] in lexicon.FIRST_NAMES or not lexicon.FIRST_NAMES.isdisjoint(after_comma)


def may_be_name(value: str) -> bool:
    """Up to six words of letters."""
    return len(value) <= LONGEST_NAME and _NAME.fullmatch(value) is not None


def is_address(value: str) -> bool:
    """A number and a word for a street, in one line."""
    if not may_be_address(value):
        return False
    words = folded(value).replace(",", " ").split()
    numbered = any(_HOUSE.fullmatch(word) for word in words)
    return numbered and any(word in lexicon.STREETS or word.endswith(_STREET_ENDS) for word in words)


_STREET_ENDS = (
    "strasse",
    "straße",
    "straat",
    "gasse",
    "gatan",
    "gata",
    "vej",
    "weg",
    "allee",
    "platz",
    "laan",
    "gracht",
)


def may_be_address(value: str) -> bool:
    """A line with letters, and not a long one."""
    return 4 <= len(value) <= LONGEST_ADDRESS and any(sign.isalpha() for sign in value) and "@" not in value  # noqa: PLR2004


def is_lettered_postcode(value: str) -> bool:
    """A postal code of Britain, Canada or the Netherlands, which letters make unlike other numbers."""
    return _LETTERED_POSTCODE.fullmatch(value) is not None


def may_be_postcode(value: str) -> bool:
    """The form of some country's postal codes."""
    return _POSTCODE.fullmatch(value) is not None


def is_city(value: str) -> bool:
    """A large city."""
    return folded(value) in lexicon.CITIES


def may_be_birth_date(value: str) -> bool:
    """A day of a year in which somebody who lives may have been born."""
    if _COMPACT_DAY.fullmatch(value):
        return FIRST_YEAR <= int(value[:4]) <= _this_year()
    found = _DAY.fullmatch(value)
    return found is not None and FIRST_YEAR <= int(found[1] or found[2]) <= _this_year()


def _this_year() -> int:
    return date.today().year  # noqa: DTZ011 - a day more or less, in some zone, changes nothing


def is_gender(value: str) -> bool:
    """A word or a letter for a gender, or a form of address."""
    return folded(value.rstrip(".")) in lexicon.GENDERS


def may_be_gender(value: str) -> bool:
    """A short code or word."""
    return is_gender(value) or value in ("0", "1", "2", "9")


def may_be_age(value: str) -> bool:
    """A number of years, or a range of them."""
    digits = compact(value.removesuffix("+"))
    return (digits.isdigit() and len(digits) <= 6 and (int(digits) in AGES or "-" in value)) or value.isalpha()  # noqa: PLR2004


def is_medical(value: str) -> bool:
    """A code of ICD-10 with its decimals, a blood group, or words of a condition or a remedy."""
    if _ICD.fullmatch(value) or folded(value) in lexicon.BLOOD_TYPES:
        return True
    return len(value) <= LONGEST_ADDRESS and any(word in lexicon.CONDITIONS for word in _WORDS.split(folded(value)))


_WORDS = re.compile(r"[\W_]+")


def is_belief_or_origin(value: str) -> bool:
    """A belief, or an ethnic origin; those that are colours, too, are left out."""
    words = _WORDS.split(folded(value)) if len(value) <= LONGEST_NAME else []
    return any(word in lexicon.BELIEFS or word in lexicon.ETHNICITIES for word in words)


def is_number(value: str) -> bool:
    """An amount: digits, perhaps grouped, perhaps with a currency."""
    digits = sum(sign.isdigit() for sign in value)
    return 0 < digits <= 15 and digits * 2 >= len(value)  # noqa: PLR2004 - what a float holds


def is_digest(value: str) -> bool:
    """Hexadecimal digits, as many as the usual digests have."""
    return len(value.removeprefix("0x")) in _DIGEST_LENGTHS and _HEX.fullmatch(value) is not None


def has_no_space(value: str) -> bool:
    """One word, whatever is in it."""
    return not any(sign.isspace() for sign in value) and len(value) <= LONGEST_ADDRESS


_CODE = frozenset({Shape.CODE})
_NAMES = frozenset({Shape.WORD, Shape.WORDS})
_WITH_TEXT = frozenset({Shape.WORD, Shape.WORDS, Shape.CODE, Shape.LINE, Shape.TEXT})
_SPACELESS = frozenset({Shape.CODE, Shape.AT, Shape.URL, Shape.LINE, Shape.TEXT, Shape.WORD, Shape.WORDS})


def _lexical(title: str, test: Test, chance: float, weight: float, full: float, fewest: int) -> Recogniser:
    return Recogniser(title, test, _WITH_TEXT, chance, weight, full, fewest)


EMAILS = (Recogniser("e-mail addresses", is_email, frozenset({Shape.AT}), 0.005, 0.98),)
PHONES = (
    Recogniser(
        "international telephone numbers", is_international_phone, frozenset({Shape.DIGITS, Shape.DIALLED}), 0.05, 0.93
    ),
    Recogniser("numbers grouped as telephone numbers are", is_dialled_phone, frozenset({Shape.DIALLED}), 0.15, 0.7),
)
FIRST = (_lexical("common first names", is_first_name, 0.02, 0.8, 0.35, 5),)
LAST = (_lexical("common last names", is_last_name, 0.03, 0.75, 0.35, 8),)
FULL = (Recogniser("names of persons", is_full_name, frozenset({Shape.WORDS, Shape.WORD}), 0.02, 0.85, 0.4, 5),)
ADDRESSES = (Recogniser("addresses", is_address, frozenset({Shape.LINE, Shape.TEXT}), 0.02, 0.85, 0.5, 3),)
POSTCODES = (
    Recogniser(
        "postal codes with letters", is_lettered_postcode, frozenset({Shape.CODE, Shape.LINE}), 0.1, 0.75, fewest=5
    ),
)
CITIES = (_lexical("large cities", is_city, 0.01, 0.7, 0.3, 4),)
GENDERS = (Recogniser("words for genders", is_gender, frozenset({Shape.WORD, Shape.CODE}), 0.2, 0.6, 0.9, 2),)
IPS = (Recogniser("addresses of the internet", is_ip, _CODE | {Shape.DIALLED, Shape.HEX, Shape.LINE}, 0.03, 0.93),)
MACS = (Recogniser("addresses of network cards", is_mac, _CODE, 0.002, 0.95),)
PAIRS = (
    Recogniser(
        "pairs of degrees", is_pair_of_degrees, frozenset({Shape.CODE, Shape.LINE, Shape.DIALLED}), 0.03, 0.8, fewest=3
    ),
)
SECRETS = (Recogniser("keys, tokens or salted passwords", is_secret, _SPACELESS, 0.002, 0.98, 0.3),)
MEDICAL = (_lexical("codes of diagnoses, conditions or remedies", is_medical, 0.05, 0.8, 0.4, 3),)
BELIEFS = (_lexical("beliefs or origins", is_belief_or_origin, 0.03, 0.75, 0.5, 3),)
DIGESTS = (Recogniser("digests", is_digest, frozenset({Shape.HEX, Shape.DIGITS}), 0.05, 0.5),)
