"""Numbers that states, banks and card companies give to persons, told by their form and check digits.

Owns which there are, and how often a random number of the same form passes: the share measured on random numbers, rounded up.
"""

from __future__ import annotations

import re

from toolkit.governance.classes.recognisers import Recogniser, Test, of_stdnum
from toolkit.governance.classes.shapes import Shape

_PLAIN = frozenset({Shape.DIGITS, Shape.DIALLED})
_MIXED = frozenset({Shape.DIGITS, Shape.DIALLED, Shape.CODE, Shape.LINE, Shape.HEX})
LONGEST = 40
"""Characters of the longest number, groups and all."""
_GROUPING = str.maketrans("", "", " .-/")


def compact(value: str) -> str:
    """A number without the signs that cut it into groups."""
    return value.translate(_GROUPING)


def has_form(form: str) -> Test:
    """Whether a value has a form once the signs between its groups are gone."""
    whole = re.compile(form, re.ASCII | re.IGNORECASE)

    def passes(value: str) -> bool:
        if len(value) > LONGEST:
            return False
        return whole.fullmatch(value if value.isalnum() else compact(value)) is not None

    return passes


def both(one: Test, other: Test) -> Test:
    """Whether a value passes two tests."""
    return lambda value: one(value) and other(value)


def _number(title: str, module: str, form: str, chance: float, weight: float = 0.9) -> Recogniser:
    shapes = _PLAIN if "A-Z" not in form and "X" not in form else _MIXED
    return Recogniser(f"valid {title}", of_stdnum(module), shapes, chance, weight, fewest=3, form=has_form(form))


def _is_dashed_ssn(value: str) -> bool:
    return _SSN.fullmatch(value) is not None


_SSN = re.compile(r"(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}", re.ASCII)
_NINO = re.compile(r"[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z]\d{6}[A-D]", re.ASCII)
_DIGITS_10, _DIGITS_11 = r"\d{10}", r"\d{11}"

NATIONAL_NUMBERS = (
    Recogniser("US social security numbers in their form", _is_dashed_ssn, frozenset({Shape.DIALLED}), 0.02, 0.95),
    Recogniser(
        "British national insurance numbers in their form",
        lambda value: _NINO.fullmatch(compact(value).upper()) is not None,
        _MIXED,
        0.7,
        0.9,
        form=has_form(r"[A-Z]{2}\d{6}[A-D]"),
    ),
    _number("French NIR", "fr.nir", r"[12]\d{4}[\dAB]{2}\d{8}|[12]\d{4}\d[AB]\d{8}", 0.015),
    _number("Spanish DNI", "es.dni", r"\d{8}[A-Z]", 0.045),
    _number("Spanish NIE", "es.nie", r"[XYZ]\d{7}[A-Z]", 0.045),
    _number(
        "Italian codici fiscali", "it.codicefiscale", r"[A-Z]{6}[\dL-V]{2}[A-Z][\dL-V]{2}[A-Z][\dL-V]{3}[A-Z]", 0.02
    ),
    _number("Dutch BSN", "nl.bsn", r"\d{8,9}", 0.11, 0.8),
    _number("Belgian national numbers", "be.nn", _DIGITS_11, 0.004),
    _number("Polish PESEL", "pl.pesel", _DIGITS_11, 0.025),
    _number("Swedish personal numbers", "se.personnummer", r"\d{10}|\d{12}", 0.006),
    _number("Danish CPR numbers", "dk.cpr", _DIGITS_10, 0.045, 0.7),
    _number("Finnish identity codes", "fi.hetu", r"\d{6}[A-Z\d]?\d{3}[A-Z\d]|\d{6}A\d{3}[A-Z\d]", 0.004),
    _number("Norwegian birth numbers", "no.fodselsnummer", _DIGITS_11, 0.003),
    _number("Swiss AHV numbers", "ch.ssn", r"756\d{10}", 0.11),
    _number("Austrian insurance numbers", "at.vnr", _DIGITS_10, 0.09, 0.7),
    _number("Romanian CNP", "ro.cnp", r"\d{13}", 0.005),
    _number("Bulgarian EGN", "bg.egn", _DIGITS_10, 0.018),
    _number("Czech birth numbers", "cz.rc", _DIGITS_10, 0.03),
    _number("Brazilian CPF", "br.cpf", _DIGITS_11, 0.014),
    _number("Chinese identity numbers", "cn.ric", r"\d{17}[\dX]", 0.01),
    _number("Indian Aadhaar numbers", "in_.aadhaar", r"[2-9]\d{11}", 0.12, 0.75),
    _number("Korean resident numbers", "kr.rrn", r"\d{13}", 0.01),
    _number("South African identity numbers", "za.idnr", r"\d{13}", 0.01),
    _number("British NHS numbers", "gb.nhs", _DIGITS_10, 0.11, 0.75),
    _number("Canadian SIN", "ca.sin", r"\d{9}", 0.11, 0.75),
    _number("Irish PPS numbers", "ie.pps", r"\d{7}[A-Z]{1,2}", 0.07),
    _number("Turkish identity numbers", "tr.tckimlik", _DIGITS_11, 0.015),
    _number("Mexican CURP", "mx.curp", r"[A-Z]{4}\d{6}[A-Z]{6}[A-Z\d]\d", 0.01),
    _number("Chilean RUT", "cl.rut", r"\d{7,8}[\dK]", 0.11, 0.7),
    _number("Estonian and Lithuanian personal codes", "ee.ik", _DIGITS_11, 0.02),
)
TAX_NUMBERS = (
    _number("German tax identification numbers", "de.idnr", _DIGITS_11, 0.06),
    _number("Italian tax numbers", "it.iva", _DIGITS_11, 0.06, 0.7),
    _number("EU VAT numbers", "eu.vat", r"[A-Z]{2}[A-Z\d+*]{2,13}", 0.12),
    _number("Polish NIP", "pl.nip", _DIGITS_10, 0.11, 0.7),
    _number("Brazilian CNPJ", "br.cnpj", r"\d{14}", 0.014, 0.8),
    _number("Indian PAN", "in_.pan", r"[A-Z]{5}\d{4}[A-Z]", 0.45, 0.7),
)

_LUHN = of_stdnum("luhn")
_CARD = re.compile(
    r"4\d{12}(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12}|62\d{14}",
    re.ASCII,
)
"""Prefix and length of Visa, Mastercard (old and new), American Express, Discover, Diners, JCB, UnionPay."""


def may_be_card(value: str) -> bool:
    """Whether a number has an issuer's prefix and length."""
    return len(value) <= LONGEST and _CARD.fullmatch(compact(value)) is not None


def is_card(value: str) -> bool:
    """Whether a number has an issuer's prefix and length, and its check digit is right."""
    return may_be_card(value) and _LUHN(compact(value))


_IBAN = of_stdnum("iban")
IBAN_FORM = r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}"
may_be_iban = has_form(IBAN_FORM)
is_iban = both(may_be_iban, _IBAN)
_BIC_FORM = re.compile(r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)


def is_bic(value: str) -> bool:
    """Whether a text has the form of a bank's code: bank, a country that there is, place."""
    from toolkit.governance.classes.lexicon import country_codes

    return _BIC_FORM.fullmatch(value) is not None and value[4:6] in country_codes()


CARDS = (
    Recogniser(
        "payment card numbers with the right check digit", is_card, _PLAIN, 0.11, 0.97, fewest=3, form=may_be_card
    ),
)
IBANS = (Recogniser("valid IBANs", is_iban, _MIXED, 0.012, 0.98, form=may_be_iban),)
ACCOUNTS = (
    _number("Spanish account numbers", "es.ccc", r"\d{20}", 0.012),
    _number("Argentinian account numbers", "ar.cbu", r"\d{22}", 0.012),
)
BICS = (Recogniser("codes of banks (BIC)", is_bic, frozenset({Shape.WORD, Shape.CODE, Shape.HEX}), 0.4, 0.9, fewest=3),)
IMEIS = (
    Recogniser("valid IMEI of devices", of_stdnum("imei"), _PLAIN, 0.12, 0.75, fewest=10, form=has_form(r"\d{15}")),
)
