"""What the name, the comment and the type of a column say, and what they do not."""

from __future__ import annotations

import pytest

from toolkit.governance.classes import judge
from toolkit.governance.classes.kinds import ALL_NAMES, KINDS
from toolkit.governance.classes.names import ends_with, first_clause, tokens


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        ("cust_email_addr", ("customer", "email", "address")),
        ("custEmailAddr", ("customer", "email", "address")),
        ("HTTPServerIP", ("http", "server", "ip")),
        ("e-mail", ("email",)),
        ("E_Mail2", ("email", "2")),
        ("Größe", ("grosse",)),
        ("numéro de téléphone", ("number", "de", "phone")),
        ("payment.card_last4", ("payment", "card", "last", "4")),
        ("", ()),
        ("__", ()),
        ("数据", ()),
    ],
)
def test_names_are_cut_into_words(name, cut):
    assert tokens(name) == cut


@pytest.mark.parametrize(
    ("name", "phrase", "says"),
    [
        ("customer_email", "email", True),
        ("email_2", "email", True),
        ("email_raw_old", "email", True),
        ("email_sent_at", "email", False),
        ("email", "email address", False),
        ("phone_model", "phone", False),
    ],
)
def test_a_name_is_about_what_it_ends_with(name, phrase, says):
    assert ends_with(tokens(name), tuple(phrase.split())) is says


@pytest.mark.parametrize(
    ("name", "type_", "kind"),
    [
        ("dob", "date", "birth_date"),
        ("ssn", "string", "national_number"),
        ("Geburtsdatum", "date", "birth_date"),
        ("date_de_naissance", "date", "birth_date"),
        ("fecha_nacimiento", "string", "birth_date"),
        ("Kundennummer", "long", "person_id"),
        ("mot_de_passe", "string", "secret"),
        ("password_hash", "binary", "secret"),
        ("adresse_client", "string", "postal_address"),
        ("telefon_privat", "string", None),
        ("has_diabetes", "boolean", "health"),
        ("billingAddress", "string", "postal_address"),
    ],
)
def test_a_name_alone_suggests_a_kind(name, type_, kind):
    assert judge(name, type_).kind == kind


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("email_sent_at", "timestamp"),
        ("phone_model", "string"),
        ("product_name", "string"),
        ("city_count", "long"),
        ("is_email_confirmed", "boolean"),
        ("ip_version", "string"),
        ("warehouse_address", "string"),
        ("email", "boolean"),
        ("address_type", "string"),
        ("token_count", "integer"),
        ("file_name", "string"),
        ("tax_rate", "double"),
        ("page_age", "integer"),
        ("email", "array<string>"),
    ],
)
def test_a_name_that_is_about_something_else_suggests_nothing(name, type_):
    finding = judge(name, type_)
    assert (finding.state, finding.class_, finding.kind) == ("unknown", None, None)


def test_the_first_clause_of_a_comment_supports_a_kind_but_does_not_decide():
    values = ["x1y2", "z3w4", "q5r6"]
    assert judge("c1", comment="Social security number; given by the state.", values=values).kind is None
    alone = judge("ssn", values=["123456789"]).confidence
    assert judge("ssn", values=["123456789"], comment="Social security number").confidence > alone
    assert "number" in first_clause("Social security number; refers to email")
    assert "email" not in first_clause("Social security number; refers to email")


def test_public_is_never_suggested_by_a_name_alone():
    for name in ("country", "currency", "product_category", "weekday"):
        assert judge(name).class_ is None


def test_each_kind_is_declared_once_and_says_why():
    assert len(ALL_NAMES) == len(set(ALL_NAMES))
    assert all(kind.title and kind.why.endswith((".", ")")) for kind in KINDS)
    assert all(kind.phrases or kind.recognisers for kind in KINDS)


def test_phrases_are_written_in_the_words_that_names_are_cut_into():
    """Else they could never be found: an abbreviation stands there by its full word."""
    odd = [phrase for kind in KINDS for phrase in (*kind.phrases, *kind.weak) if tokens("_".join(phrase)) != phrase]
    assert odd == []
