"""The kinds of content that matter to whom a column may be shown: what each is called, leads to, and is told by.

Owns the list, each kind once. A new kind is one more entry. Must not judge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from toolkit.governance.classes import forms, lexicon
from toolkit.governance.classes import numbers_of_persons as numbers
from toolkit.governance.classes import phrases as said
from toolkit.governance.classes.levels import Sensitivity
from toolkit.governance.classes.names import folded, listed
from toolkit.governance.classes.recognisers import Recogniser, Test, anything
from toolkit.governance.classes.shapes import Shape

PUBLIC, INTERNAL, CONFIDENTIAL, RESTRICTED = Sensitivity
Family = str
"""Of a type: text, number, date, moment, boolean, binary, nested."""
_TEXT, _NUMBERS = frozenset({"text"}), frozenset({"text", "number"})
_DATES = frozenset({"text", "number", "date", "moment"})
_ANY = frozenset({"text", "number", "date", "moment", "boolean", "binary"})


@dataclass(frozen=True)
class Kind:
    """One kind of content."""

    name: str
    title: str
    """What it is called in a sentence, in the plural."""
    class_: Sensitivity
    why: str
    """Why it leads to that class."""
    recognisers: tuple[Recogniser, ...] = ()
    plausible: Test = anything
    """Whether a value can be of the kind at all: a name that says otherwise than the values is not believed."""
    types: frozenset[Family] = field(default=_NUMBERS)
    against: frozenset[str] = frozenset()
    """Words of a name that say that it is something else, whatever its values look like."""
    of_persons: bool = False
    """Whether it matters only where it is a person's: a warehouse has an address, too."""
    needs_values: bool = False
    """Whether a name alone is not enough to suggest it."""

    @cached_property
    def phrases(self) -> tuple[said.Phrase, ...]:
        """Words at the end of a name that say it."""
        return said.strong(self.name)

    @cached_property
    def weak(self) -> tuple[said.Phrase, ...]:
        """Those that say other things as well."""
        return said.weak(self.name)


def _listed(title: str, is_listed: Test, chance: float) -> Recogniser:
    return Recogniser(title, is_listed, frozenset({Shape.WORD, Shape.WORDS}), chance, 0.85, 0.9)


def _at_most(characters: int) -> Test:
    return lambda value: len(value) <= characters


def _digits(fewest: int, characters: int) -> Test:
    """So many digits at least, and so many characters at most."""
    return lambda value: len(value) <= characters and sum(sign.isdigit() for sign in value) >= fewest


_NO_PRODUCT = listed(
    "product item article sku shelf order invoice tracking parcel ticket serial batch lot ean gtin isbn version"
)
_NO_VERSION = listed("version release build firmware semver revision")

KINDS: tuple[Kind, ...] = (
    Kind(
        "secret",
        "passwords, keys or tokens",
        RESTRICTED,
        "Whoever reads it can act as its owner.",
        recognisers=forms.SECRETS,
        types=frozenset({"text", "number", "binary"}),
        against=frozenset({"count", "tokens"}),
    ),
    Kind(
        "payment_card",
        "payment card numbers",
        RESTRICTED,
        "It can be charged; PCI DSS rules how it is kept.",
        recognisers=numbers.CARDS,
        plausible=lambda v: _digits(12, 30)(v) or "*" in v or "x" in v.lower(),
        against=_NO_PRODUCT,
    ),
    Kind(
        "national_number",
        "national identity or insurance numbers",
        RESTRICTED,
        "It names one person for life and opens accounts in their name.",
        recognisers=numbers.NATIONAL_NUMBERS,
        plausible=_digits(6, 24),
        against=_NO_PRODUCT | _NO_VERSION,
    ),
    Kind(
        "identity_document",
        "numbers of passports or identity documents",
        RESTRICTED,
        "It is what someone shows to prove who they are.",
        plausible=_digits(1, 20),
    ),
    Kind(
        "health",
        "health data",
        RESTRICTED,
        "A special category of personal data (GDPR, article 9).",
        recognisers=forms.MEDICAL,
        types=_ANY,
        against=_NO_PRODUCT,
    ),
    Kind(
        "special_category",
        "religion, ethnicity, politics, union or sexual life",
        RESTRICTED,
        "A special category of personal data (GDPR, article 9).",
        recognisers=forms.BELIEFS,
        types=frozenset({"text", "boolean"}),
        against=frozenset({"product", "color", "colour", "farbe", "condition"}),
    ),
    Kind(
        "email",
        "e-mail addresses",
        CONFIDENTIAL,
        "It names a person and reaches them.",
        recognisers=forms.EMAILS,
        plausible=forms.is_email,
        types=_TEXT,
    ),
    Kind(
        "phone",
        "telephone numbers",
        CONFIDENTIAL,
        "It names a person and reaches them.",
        recognisers=forms.PHONES,
        plausible=forms.may_be_phone,
        against=_NO_PRODUCT | frozenset({"id", "brand"}),
    ),
    Kind(
        "iban",
        "IBANs",
        CONFIDENTIAL,
        "It names an account, and money can be drawn from it.",
        recognisers=numbers.IBANS,
        plausible=lambda v: v[:2].isalpha() and v[2:4].isdigit(),
        types=_TEXT,
    ),
    Kind(
        "bank_account",
        "bank account numbers",
        CONFIDENTIAL,
        "It names an account, and money can be drawn from it.",
        recognisers=numbers.ACCOUNTS,
        plausible=_digits(1, 34),
    ),
    Kind(
        "tax_number",
        "tax numbers",
        CONFIDENTIAL,
        "Of a person it is as good as an identity number; of a firm it is known.",
        recognisers=numbers.TAX_NUMBERS,
        plausible=_digits(5, 24),
        against=_NO_PRODUCT | _NO_VERSION,
    ),
    Kind(
        "first_name",
        "first names",
        CONFIDENTIAL,
        "Together with little else it names a person.",
        recognisers=forms.FIRST,
        plausible=forms.may_be_name,
        types=_TEXT,
        of_persons=True,
    ),
    Kind(
        "last_name",
        "last names",
        CONFIDENTIAL,
        "Together with little else it names a person.",
        recognisers=forms.LAST,
        plausible=forms.may_be_name,
        types=_TEXT,
        of_persons=True,
    ),
    Kind(
        "person_name",
        "names of persons",
        CONFIDENTIAL,
        "It names a person.",
        recognisers=forms.FULL,
        plausible=forms.may_be_name,
        types=_TEXT,
        of_persons=True,
    ),
    Kind(
        "postal_address",
        "postal addresses",
        CONFIDENTIAL,
        "It leads to a person's door.",
        recognisers=forms.ADDRESSES,
        plausible=forms.may_be_address,
        types=_NUMBERS,
        of_persons=True,
        against=listed("ip mac web url wallet memory bucket ethernet network site"),
    ),
    Kind(
        "postal_code",
        "postal codes",
        CONFIDENTIAL,
        "With a date of birth and a gender it names most people.",
        recognisers=forms.POSTCODES,
        plausible=forms.may_be_postcode,
        of_persons=True,
        against=_NO_PRODUCT | frozenset({"file", "archive"}),
    ),
    Kind(
        "city",
        "cities",
        INTERNAL,
        "Thousands share one; it narrows down, but names nobody.",
        recognisers=forms.CITIES,
        plausible=lambda v: forms.may_be_name(v.replace("(", "").replace(")", "")),
        types=_TEXT,
    ),
    Kind(
        "birth_date",
        "dates of birth",
        CONFIDENTIAL,
        "With a postal code and a gender it names most people.",
        plausible=forms.may_be_birth_date,
        types=_DATES,
    ),
    Kind(
        "gender",
        "genders",
        CONFIDENTIAL,
        "People are treated differently for it; it also narrows down who someone is.",
        recognisers=forms.GENDERS,
        plausible=forms.may_be_gender,
        types=_NUMBERS,
    ),
    Kind(
        "demographics",
        "age, nationality or family",
        CONFIDENTIAL,
        "Together with little else it names a person.",
        plausible=lambda v: forms.may_be_age(v) or forms.may_be_name(v),
        types=_NUMBERS,
        against=listed("page file account cache token session data record stock"),
    ),
    Kind(
        "income",
        "pay or income",
        CONFIDENTIAL,
        "It is between a person and whoever pays them.",
        plausible=forms.is_number,
        types=frozenset({"text", "number"}),
        against=listed("net operating interest tax company"),
    ),
    Kind(
        "ip_address",
        "IP addresses",
        CONFIDENTIAL,
        "It leads to a household or a person (CJEU, C-582/14).",
        recognisers=forms.IPS,
        plausible=forms.is_ip,
        types=_TEXT,
        against=_NO_VERSION,
    ),
    Kind(
        "mac_address",
        "MAC addresses",
        CONFIDENTIAL,
        "It follows a device, and so whoever carries it.",
        recognisers=forms.MACS,
        plausible=forms.is_mac,
        types=_TEXT,
    ),
    Kind(
        "location",
        "geographic coordinates",
        CONFIDENTIAL,
        "A few places that someone was at name them.",
        recognisers=forms.PAIRS,
        plausible=forms.may_be_degrees,
        of_persons=True,
    ),
    Kind(
        "username",
        "names to log in with",
        CONFIDENTIAL,
        "It names a person to everybody who knows the service.",
        plausible=forms.has_no_space,
        types=_TEXT,
    ),
    Kind(
        "device_id",
        "marks of browsers or devices",
        CONFIDENTIAL,
        "It follows a person from visit to visit (GDPR, recital 30).",
        recognisers=numbers.IMEIS,
        plausible=_at_most(500),
    ),
    Kind(
        "person_id",
        "numbers of persons within the firm",
        INTERNAL,
        "It names a person only to those who also may read the table that it leads to.",
        plausible=_at_most(64),
        types=_NUMBERS,
    ),
    Kind(
        "bank_code",
        "codes of banks",
        INTERNAL,
        "Banks publish them; beside a person's account they tell where it is.",
        recognisers=numbers.BICS,
        plausible=numbers.is_bic,
        types=_TEXT,
    ),
    Kind(
        "country",
        "countries",
        PUBLIC,
        "All values stand in ISO 3166, and millions share each.",
        recognisers=(
            _listed("codes of countries", lambda v: v in lexicon.country_codes(), 0.4),
            _listed("names of countries", lambda v: folded(v) in lexicon.country_names(), 0.02),
        ),
        plausible=lambda v: v.upper() in lexicon.country_codes() or folded(v) in lexicon.country_names(),
        types=_TEXT,
        needs_values=True,
        against=listed("birth nationality citizenship state us"),
    ),
    Kind(
        "currency",
        "currencies",
        PUBLIC,
        "All values stand in ISO 4217.",
        recognisers=(_listed("codes of currencies", lambda v: v in lexicon.currency_codes(), 0.02),),
        plausible=lambda v: v.upper() in lexicon.currency_codes(),
        types=_TEXT,
        needs_values=True,
    ),
    Kind(
        "calendar",
        "parts of a calendar",
        PUBLIC,
        "Everybody has the same calendar.",
        recognisers=(_listed("names of days or months", lambda v: folded(v) in lexicon.WEEKDAYS_AND_MONTHS, 0.01),),
        plausible=_at_most(20),
        types=frozenset({"text", "number", "date", "boolean"}),
        needs_values=True,
        against=frozenset({"birth", "geburt"}),
    ),
    Kind(
        "catalogue",
        "what a catalogue of products shows",
        PUBLIC,
        "It stands in the shop for everybody to read.",
        plausible=_at_most(500),
        types=_NUMBERS,
        needs_values=True,
        against=listed("customer user employee patient income risk"),
    ),
)
BY_NAME = {kind.name: kind for kind in KINDS}
PSEUDONYM = Kind(
    "pseudonym",
    "digests of personal content",
    CONFIDENTIAL,
    "Whoever tries all addresses or numbers finds what was digested.",
    recognisers=forms.DIGESTS,
)
FREE_TEXT = Kind(
    "free_text",
    "texts, or a mixture, with personal content in them",
    CONFIDENTIAL,
    "It is as sensitive as the most sensitive thing that was found in it.",
)
ALL_NAMES = (*BY_NAME, PSEUDONYM.name, FREE_TEXT.name)
