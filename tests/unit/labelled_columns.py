"""Columns with values, labelled by hand: which kind of content each has, and the class that it leads to.

Detectors are built looking at `SEEN`; `HELD_OUT` only measures: what it shows is not repaired, or it would measure nothing.
`SEEN` has three parts of thirty; the second and the third were measured before anything was repaired for them. Nobody in them
exists; numbers are drawn from a seed, and given right check digits where people's numbers have them.
"""

from __future__ import annotations

import random
import string
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib import import_module
from ipaddress import IPv4Address, IPv6Address

Values = list[str | None]
Random = random.Random


@dataclass(frozen=True, eq=False)
class Labelled:
    """A column and what it holds."""

    name: str
    make: Callable[[Random], str | None]
    class_: str
    kind: str | None = None
    type: str = "string"
    comment: str = ""
    rows: int = 300
    values: Values = field(init=False)

    def __post_init__(self) -> None:
        rng = Random(f"{self.name}/{self.class_}/{self.rows}")
        object.__setattr__(self, "values", [self.make(rng) for _ in range(self.rows)])


FIRST = """
    Anna Ben Chloé Dmitri Elif Fatou Goran Hanne Ilse Jovan Kwame Lena Mateo Ngozi Oskar Priya Quentin
    Rosa Sven Tomás Ute Wei
"""
LAST = """
    Abe Bauer Costa Dahl Ek Fontaine García Huber Ito Jansen Khan Lindqvist Müller Novak Okafor Petit
    Quispe Rossi Schulz Tan
"""
STREETS = (
    "Lindenstraße",
    "Rue des Lilas",
    "Calle Mayor",
    "High Street",
    "Via Roma",
    "Storgatan",
    "Am Markt",
    "Elm Avenue",
    "Keizersgracht",
)
TOWNS = (
    "Köln",
    "Lyon",
    "Graz",
    "Leeds",
    "Bari",
    "Gent",
    "Porto",
    "Turku",
    "Brno",
    "Nantes",
    "Bad Homburg",
    "Saint-Malo",
    "Å",
    "Lund",
)
FILLER = """
    please ring the bell twice thanks it arrived late the box was damaged colour differs from picture very happy will
    order again
"""


def digits(rng: Random, many: int) -> str:
    return "".join(rng.choices(string.digits, k=many))


def one_of(text: str) -> Callable[[Random], str]:
    words = text.split("|")
    return lambda rng: rng.choice(words)


def first(rng: Random) -> str:
    return rng.choice(FIRST.split())


def last(rng: Random) -> str:
    return rng.choice(LAST.split())


def mail(rng: Random) -> str:
    domain = rng.choice(["example.com", "mail.example.org", "example.co.uk"])
    return f"{first(rng)}.{last(rng)}{rng.randrange(99)}@{domain}".lower()


def valid(module: str, make: Callable[[Random], str]) -> Callable[[Random], str]:
    """A random number that the module of python-stdnum takes."""

    def drawn(rng: Random) -> str:
        is_valid = import_module(f"stdnum.{module}").is_valid
        while True:
            try:
                if is_valid(made := make(rng)):
                    return made
            except KeyError:
                continue

    return drawn


def luhn(prefix: str, many: int) -> Callable[[Random], str]:
    def drawn(rng: Random) -> str:
        head = prefix + digits(rng, many - len(prefix) - 1)
        return head + import_module("stdnum.luhn").calc_check_digit(head)

    return drawn


def codice_fiscale(rng: Random) -> str:
    letters, born = (
        "".join(rng.choices(string.ascii_uppercase, k=6)),
        f"{rng.randint(40, 99)}{rng.choice('ABCDEHLMPRST')}",
    )
    return f"{letters}{born}{rng.randint(1, 28):02}H{digits(rng, 3)}{rng.choice(string.ascii_uppercase)}"


def iban(rng: Random) -> str:
    country, letters, many = rng.choice([("DE", 0, 18), ("AT", 0, 16), ("NL", 4, 10)])
    body = "".join(rng.choices(string.ascii_uppercase, k=letters)) + digits(rng, many)
    return country + _check(country, body) + body


def _check(country: str, body: str) -> str:
    number = "".join(str(int(sign, 36)) for sign in body + country + "00")
    return f"{98 - int(number) % 97:02}"


def day(first_year: int, last_year: int) -> Callable[[Random], str]:
    start, end = date(first_year, 1, 1), date(last_year, 12, 31)
    return lambda rng: str(start + timedelta(rng.randrange((end - start).days)))


def sentence(rng: Random) -> str:
    return " ".join(rng.choices(FILLER.split(), k=rng.randint(5, 18)))


def sometimes(
    share: float, make: Callable[[Random], str | None], other: Callable[[Random], str | None]
) -> Callable[[Random], str | None]:
    return lambda rng: make(rng) if rng.random() < share else other(rng)


def note_with(share: float, make: Callable[[Random], str]) -> Callable[[Random], str]:
    return lambda rng: f"{sentence(rng)} {make(rng)} {sentence(rng)}" if rng.random() < share else sentence(rng)


def nothing(_: Random) -> None:
    return None


def phone(rng: Random) -> str:
    return rng.choice(["+49 30 ", "+44 20 ", "+33 1 "]) + f"{digits(rng, 4)} {digits(rng, 4)}"


DEVELOPMENT = (
    Labelled("email", sometimes(0.05, one_of("n/a|unknown|-"), mail), "confidential", "email"),
    Labelled("contact", sometimes(0.6, mail, phone), "confidential", "email"),
    Labelled("tel_privat", lambda r: f"0{r.choice(['30', '89', '221'])}/{digits(r, 7)}", "confidential", "phone"),
    Labelled("vorname", first, "confidential", "first_name"),
    Labelled("LastName", last, "confidential", "last_name"),
    Labelled("col_7", lambda r: f"{first(r)} {last(r)}", "confidential", "person_name"),
    Labelled(
        "customerAddress",
        lambda r: f"{r.choice(STREETS)} {r.randrange(1, 190)}, {r.choice(TOWNS)}",
        "confidential",
        "postal_address",
    ),
    Labelled("plz", lambda r: digits(r, 5), "confidential", "postal_code"),
    Labelled("dob", day(1940, 2006), "confidential", "birth_date", "date"),
    Labelled("sex", one_of("M|F|X"), "confidential", "gender"),
    Labelled("steuer_id", valid("de.idnr", lambda r: digits(r, 11)), "confidential", "tax_number"),
    Labelled("ref_no", valid("pl.pesel", lambda r: digits(r, 11)), "restricted", "national_number"),
    Labelled(
        "ssn",
        lambda r: f"{r.randint(100, 650)}-{r.randint(10, 99)}-{r.randint(1000, 9999)}",
        "restricted",
        "national_number",
    ),
    Labelled("payment_ref", luhn("4", 16), "restricted", "payment_card"),
    Labelled("kontoverbindung", iban, "confidential", "iban"),
    Labelled("client_ip", lambda r: str(IPv4Address(r.getrandbits(32))), "confidential", "ip_address"),
    Labelled(
        "config_value",
        sometimes(0.4, lambda r: "ghp_" + "".join(r.choices(string.ascii_letters, k=36)), one_of("true|eu-west|30")),
        "restricted",
        "secret",
    ),
    Labelled("notes", note_with(0.04, mail), "confidential", "free_text"),
    Labelled("annual_salary", lambda r: str(r.randrange(24000, 180000)), "confidential", "income", "integer"),
    Labelled("customer_id", lambda r: f"C{digits(r, 7)}", "internal", "person_id"),
    Labelled("email_sent_at", day(2024, 2025), "internal", None, "timestamp"),
    Labelled("phone_model", one_of("Pixel 8|iPhone 15|Galaxy S24|Fairphone 5"), "internal"),
    Labelled("is_email_confirmed", one_of("true|false"), "internal", None, "boolean"),
    Labelled("city_count", lambda r: str(r.randrange(900)), "internal", None, "long"),
    Labelled("order_number", lambda r: digits(r, 10), "internal"),
    Labelled(
        "app_version",
        lambda r: f"{r.randrange(1, 9)}.{r.randrange(20)}.{r.randrange(20)}.{r.randrange(200)}",
        "internal",
    ),
    Labelled(
        "product_name",
        one_of("Oak desk|Anna chair|Lamp Florence|Rug|Billy shelf|Linen towel|Mug"),
        "public",
        "catalogue",
    ),
    Labelled("country", one_of("DE|FR|ES|IT|PL|NL|AT|SE|FI"), "public", "country"),
    Labelled("event_id", lambda r: str(uuid.UUID(int=r.getrandbits(128))), "internal"),
    Labelled("created_at", day(2023, 2025), "internal", None, "timestamp"),
)
SECOND = (
    Labelled("correo_electronico", sometimes(0.1, nothing, mail), "confidential", "email"),
    Labelled("user_ref", lambda r: mail(r).upper(), "confidential", "email"),
    Labelled("mobileNo", lambda r: f"07{digits(r, 3)} {digits(r, 6)}", "confidential", "phone"),
    Labelled("numero_portable", lambda r: "0" + r.choice("67") + digits(r, 8), "confidential", "phone"),
    Labelled("prenom", first, "confidential", "first_name"),
    Labelled("field_3", lambda r: f"{last(r)}, {first(r)}", "confidential", "person_name"),
    Labelled("requested_by", lambda r: f"{first(r)} {last(r)}", "confidential", "person_name"),
    Labelled(
        "shipTo",
        lambda r: f"{r.randrange(1, 300)} {r.choice(['Oak', 'Elm', 'Mill'])} {r.choice(['Street', 'Road', 'Lane'])}",
        "confidential",
        "postal_address",
    ),
    Labelled(
        "post_cd",
        lambda r: (
            f"{r.choice(['SW', 'LS', 'M'])}{r.randrange(1, 20)} {r.randrange(1, 9)}{r.choice('ABDEF')}{r.choice('GHJL')}"
        ),
        "confidential",
        "postal_code",
    ),
    Labelled(
        "fecha_nacimiento", lambda r: "/".join(reversed(day(1950, 2005)(r).split("-"))), "confidential", "birth_date"
    ),
    Labelled("geschlecht", one_of("männlich|weiblich|divers"), "confidential", "gender"),
    Labelled(
        "codice",
        valid("it.codicefiscale", codice_fiscale),
        "restricted",
        "national_number",
    ),
    Labelled("bsn_nummer", valid("nl.bsn", lambda r: digits(r, 9)), "restricted", "national_number"),
    Labelled("passport_no", lambda r: r.choice("CFGHJK") + digits(r, 8), "restricted", "identity_document"),
    Labelled("pan_masked", lambda r: f"4{digits(r, 5)}******{digits(r, 4)}", "restricted", "payment_card"),
    Labelled("acct", iban, "confidential", "iban"),
    Labelled(
        "remote_host",
        sometimes(0.3, lambda r: str(IPv6Address(r.getrandbits(128))), lambda r: str(IPv4Address(r.getrandbits(32)))),
        "confidential",
        "ip_address",
    ),
    Labelled("hw", lambda r: ":".join(f"{r.randrange(256):02x}" for _ in range(6)), "confidential", "mac_address"),
    Labelled("chat_message", note_with(0.02, luhn("51", 16)), "restricted", "free_text"),
    Labelled("religion", one_of("rk|ev|none|muslim|jewish"), "restricted", "special_category"),
    Labelled("dx", one_of("E11.9|I10.0|J45.909|F32.1|M54.5|K21.0"), "restricted", "health"),
    Labelled("lat", lambda r: f"{r.uniform(45, 55):.6f}", "confidential", "location", "double"),
    Labelled("invoice_no", luhn("7", 12), "internal"),
    Labelled("file_name", lambda r: f"{first(r).lower()}_report_{r.randrange(99)}.pdf", "internal"),
    Labelled("token_count", lambda r: str(r.randrange(4000)), "internal", None, "integer"),
    Labelled("ean", valid("ean", lambda r: "4" + digits(r, 12)), "internal"),
    Labelled("status", one_of("open|closed|pending|shipped"), "internal"),
    Labelled("brand", one_of("Mercedes|Chanel|Oscar|Hugo|Levi|Nike|Lena"), "public", "catalogue"),
    Labelled("ccy", one_of("EUR|USD|GBP|CHF|SEK"), "public", "currency"),
    Labelled("page_age_seconds", lambda r: str(r.randrange(1, 90)), "internal", None, "integer"),
)
THIRD = (
    Labelled("kunde_email_adresse", mail, "confidential", "email"),
    Labelled("beneficiary", lambda r: f"Dr. {first(r)} {last(r)}", "confidential", "person_name"),
    Labelled(
        "c14",
        lambda r: f"{r.choice(['Bahnhofstr.', 'Ringweg', 'Poststr.'])} {r.randrange(1, 80)}",
        "confidential",
        "postal_address",
    ),
    Labelled("naissance", day(1945, 2003), "confidential", "birth_date"),
    Labelled("cpf", valid("br.cpf", lambda r: digits(r, 11)), "restricted", "national_number"),
    Labelled("vat", valid("eu.vat", lambda r: "ATU" + digits(r, 8)), "confidential", "tax_number"),
    Labelled("kreditkarte", sometimes(0.2, one_of("invalid|test"), luhn("37", 15)), "restricted", "payment_card"),
    Labelled(
        "headers",
        lambda r: (
            '{"Authorization": "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.'
            + "".join(r.choices(string.ascii_letters, k=43))
            + '"}'
        ),
        "restricted",
        "free_text",
    ),
    Labelled("hashedPhone", lambda r: f"{r.getrandbits(160):040x}", "confidential", "pseudonym"),
    Labelled("smoker", one_of("true|false"), "restricted", "health", "boolean"),
    Labelled("nationality", one_of("German|French|Polish|Dutch"), "confidential", "demographics"),
    Labelled("twitter", lambda r: "@" + first(r).lower() + digits(r, 3), "confidential", "username"),
    Labelled("geo_point", lambda r: f"{r.uniform(45, 55):.5f},{r.uniform(5, 15):.5f}", "confidential", "location"),
    Labelled("whatsapp_nr", lambda r: "4917" + digits(r, 9), "confidential", "phone", "long"),
    Labelled("feedback", note_with(0.1, lambda r: f"regards, Mrs {last(r)}"), "confidential", "free_text"),
    Labelled("store_city", one_of("Berlin|Paris|Madrid|Roma|Wien|Lisboa"), "internal", "city"),
    Labelled("tracking_no", luhn("4", 16), "internal"),
    Labelled("gender_neutral_packaging", one_of("true|false"), "internal", None, "boolean"),
    Labelled("supplier_name", one_of("Bauer GmbH|Rossi S.p.A.|Huber & Sohn|Tan Ltd"), "internal"),
    Labelled("sku", lambda r: f"{r.choice('ABC')}{digits(r, 2)}.{digits(r, 1)}", "internal"),
    Labelled("sort_order", lambda r: str(r.randrange(100)), "internal", None, "integer"),
    Labelled("lock_token", lambda r: str(uuid.UUID(int=r.getrandbits(128))), "internal"),
    Labelled("weekday", one_of("Monday|Tuesday|Friday|Sunday"), "public", "calendar"),
    Labelled("address_type", one_of("billing|shipping"), "internal"),
    Labelled("password_changed_at", day(2022, 2025), "internal", None, "timestamp"),
    Labelled("checksum", lambda r: f"{r.getrandbits(256):064x}", "internal"),
    Labelled("epoch_us", lambda r: str(1_700_000_000_000_000 + r.randrange(10**13)), "internal", None, "long"),
    Labelled("size", one_of("S|M|L|XL|XXL"), "internal"),
    Labelled("email_domain", one_of("example.com|example.org|mail.example"), "internal"),
    Labelled("race_id", lambda r: digits(r, 5), "internal"),
)
SEEN = (*DEVELOPMENT, *SECOND, *THIRD)
HELD_OUT = (
    Labelled("e_mail_2", sometimes(0.7, nothing, mail), "confidential", "email"),
    Labelled("responsable", sometimes(0.5, mail, lambda r: f"{first(r)} {last(r)}"), "confidential", "person_name"),
    Labelled("Festnetz", lambda r: f"(0{digits(r, 3)}) {digits(r, 6)}", "confidential", "phone"),
    Labelled("call_from", lambda r: "1" + digits(r, 10), "confidential", "phone", "long"),
    Labelled("guest_first", first, "confidential", "first_name"),
    Labelled("apellido1", last, "confidential", "last_name"),
    Labelled("Sachbearbeiter", lambda r: f"{r.choice(['Hr.', 'Fr.'])} {last(r)}", "confidential", "person_name"),
    Labelled(
        "delivery_line_1",
        lambda r: f"{r.choice(STREETS)} {r.randrange(1, 99)}{r.choice(['', 'a', 'b'])}",
        "confidential",
        "postal_address",
    ),
    Labelled("zip5", lambda r: digits(r, 5), "confidential", "postal_code", "integer"),
    Labelled("birthDt", lambda r: day(1935, 2008)(r).replace("-", ""), "confidential", "birth_date", "integer"),
    Labelled("mf_flag", one_of("M|F"), "confidential", "gender"),
    Labelled(
        "nif",
        valid("es.dni", lambda r: digits(r, 8) + r.choice("TRWAGMYFPDXBNJZSQVHLCKE")),
        "restricted",
        "national_number",
    ),
    Labelled(
        "personnr",
        valid("se.personnummer", lambda r: day(1940, 2005)(r)[2:].replace("-", "") + "-" + digits(r, 4)),
        "restricted",
        "national_number",
    ),
    Labelled(
        "ahv_nr",
        valid("ch.ssn", lambda r: f"756.{digits(r, 4)}.{digits(r, 4)}.{digits(r, 2)}"),
        "restricted",
        "national_number",
    ),
    Labelled("cc", luhn("5221", 16), "restricted", "payment_card"),
    Labelled(
        "db_url",
        lambda r: f"postgresql://svc:{digits(r, 9)}@db{r.randrange(9)}.internal:5432/app",
        "restricted",
        "secret",
    ),
    Labelled("pw", lambda r: "".join(r.choices(string.ascii_letters + "!?%", k=11)), "restricted", "secret"),
    Labelled("comment_text", note_with(0.05, lambda r: f"my account is {iban(r)}"), "confidential", "free_text"),
    Labelled(
        "krankheit", one_of("Diabetes Typ 2|Asthma bronchiale|Migräne|Rückenschmerzen|Grippe"), "restricted", "health"
    ),
    Labelled("union_mbr", one_of("true|false"), "restricted", "special_category", "boolean"),
    Labelled("gross_monthly", lambda r: str(r.randrange(2000, 9000)), "confidential", "income", "integer"),
    Labelled(
        "x_forwarded_for",
        lambda r: ", ".join(str(IPv4Address(r.getrandbits(32))) for _ in range(r.choice([1, 2]))),
        "confidential",
        "ip_address",
    ),
    Labelled("article_no", valid("nl.bsn", lambda r: digits(r, 9)), "internal"),
    Labelled("meter_serial", lambda r: f"{r.choice('AZ')}{digits(r, 8)}", "internal"),
    Labelled("contact_channel", one_of("email|phone|post|chat"), "internal"),
    Labelled("login_attempts", lambda r: str(r.randrange(9)), "internal", None, "integer"),
    Labelled("chemical", one_of("7732-18-5|64-17-5|50-00-0|7647-14-5"), "internal"),
    Labelled("page_url", lambda r: f"https://shop.example.com/p/{digits(r, 5)}?ref={digits(r, 3)}", "internal"),
    Labelled("sender_country", one_of("DEU|FRA|ITA|ESP|POL"), "public", "country"),
    Labelled("monat", one_of("2024-01|2024-02|2024-03|2024-04"), "public", "calendar"),
)
