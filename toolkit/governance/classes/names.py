"""What the name of a column says, told by its words.

Owns cutting names into words and telling whether a phrase is what a name is about: `email_sent_at` is about a moment,
`phone_model` about a model. Must not look at values.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

MOST = 200
"""Characters of a name, or of a comment, that are looked at."""
_LOWER_UPPER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ACRONYM_END = re.compile(r"(?<=[A-Z])(?=[A-Z][a-z])")
_LETTER_DIGIT = re.compile(r"(?<=[a-z])(?=\d)")
_WORD = re.compile(r"[a-z0-9]+")
_CLAUSE_END = re.compile(r"[;:,.(]")


def listed(text: str) -> frozenset[str]:
    """The words of a text: a list of many reads better so."""
    return frozenset(text.split())


SAME = {
    "adr": "address",
    "addr": "address",
    "addresse": "address",
    "adresse": "address",
    "anschrift": "address",
    "direccion": "address",
    "tel": "phone",
    "telefon": "phone",
    "telephone": "phone",
    "telefono": "phone",
    "telefone": "phone",
    "telefonnummer": "phone",
    "mobil": "mobile",
    "movil": "mobile",
    "handy": "mobile",
    "handynummer": "mobile",
    "mail": "email",
    "emails": "email",
    "phones": "phone",
    "addresses": "address",
    "names": "name",
    "nr": "number",
    "no": "number",
    "num": "number",
    "nummer": "number",
    "numero": "number",
    "nbr": "number",
    "kunde": "customer",
    "kunden": "customer",
    "cust": "customer",
    "cliente": "customer",
    "clients": "customer",
    "client": "customer",
    "customers": "customer",
    "usr": "user",
    "users": "user",
    "benutzer": "user",
    "usuario": "user",
    "utilisateur": "user",
    "emp": "employee",
    "mitarbeiter": "employee",
    "empleado": "employee",
    "employe": "employee",
    "acct": "account",
    "konto": "account",
    "compte": "account",
    "cuenta": "account",
    "pwd": "password",
    "passwd": "password",
    "passwort": "password",
    "kennwort": "password",
    "contrasena": "password",
    "ident": "id",
    "identifier": "id",
    "uid": "id",
    "ids": "id",
    "cod": "code",
    "dt": "date",
    "fecha": "date",
    "datum": "date",
    "ctry": "country",
    "land": "country",
    "pais": "country",
    "pays": "country",
    "countries": "country",
    "wahrung": "currency",
    "moneda": "currency",
    "devise": "currency",
}
"""Abbreviations and words of other languages, by the word that the lists of phrases have. Accents are gone by then."""
AFTER = listed(
    "value text raw clean cleaned norm normalized normalised lower upper old new prev previous current original primary "
    "secondary main home work private business billing shipping delivery invoice contact customer user employee patient owner "
    "person member account enc encrypted masked str txt string plain e164 full line number field col of de du des del der"
)
"""Words that may follow what a name is about without changing it: `email_raw`, `nom_client`, `phone_number`."""
FLAGS = listed("is has was are can should allow allows use uses enable enabled flag ist hat")
PERSONS = listed(
    "customer user employee patient person contact owner member guest passenger student teacher driver doctor author "
    "holder cardholder subscriber buyer recipient sender applicant beneficiary spouse child parent agent manager staff "
    "player donor tenant insured candidate worker billing shipping emergency"
)
THINGS = listed(
    "store warehouse shop branch supplier vendor airport station company office venue hotel product device server file "
    "event brand category item job task team project campaign channel plant factory bank site depot "
    "restaurant school hospital domain db database package artist movie song album app game city "
    "country region state carrier airline merchant model currency group role step bucket queue topic"
)
"""Whose addresses and names tell of no person."""


def folded(text: str) -> str:
    """A text in small letters without accents, as the lists of this package have their words."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def tokens(name: str) -> tuple[str, ...]:
    """The words of a name: `custEmailAddr` → customer, email, address; of a nested name, `a.b`, all of its parts.

    A name that says `e_mail` or `e-mail` says email.
    """
    cut = _LETTER_DIGIT.sub("_", folded(_ACRONYM_END.sub("_", _LOWER_UPPER.sub("_", name[:MOST]))))
    found = _WORD.findall(cut.replace("e_mail", "email").replace("e-mail", "email"))
    return tuple(SAME.get(word, word) for word in found)


def first_clause(comment: str) -> tuple[str, ...]:
    """The words of a comment up to its first sign that ends a clause: what follows tells of other columns as often."""
    return tokens(_CLAUSE_END.split(comment[:MOST], maxsplit=1)[0])


def head(name: Sequence[str]) -> tuple[str, ...]:
    """A name's words without those at its end that change nothing, and without numbers there."""
    words = list(name)
    while len(words) > 1 and (words[-1] in AFTER or words[-1].isdigit()):
        words.pop()
    return tuple(words)


def ends_with(name: Sequence[str], phrase: Sequence[str]) -> bool:
    """Whether a name is about a phrase: it ends with it, but for words that change nothing."""
    for words in (tuple(name), head(name)):
        if words[-len(phrase) :] == tuple(phrase):
            return True
    # `e164` and the like may stand between, but what is left must still hold the phrase and only neutral words after it.
    size = len(phrase)
    for at in range(len(name) - size, -1, -1):
        if tuple(name[at : at + size]) == tuple(phrase):
            return all(word in AFTER or word.isdigit() for word in name[at + size :])
    return False


def holds(words: Sequence[str], phrase: Sequence[str]) -> bool:
    """Whether a phrase stands somewhere among the words."""
    size = len(phrase)
    return any(tuple(words[at : at + size]) == tuple(phrase) for at in range(len(words) - size + 1))


def is_flag(name: Sequence[str]) -> bool:
    """Whether a name asks a question that is answered by yes or no."""
    return bool(name) and (name[0] in FLAGS or name[-1] in ("flag", "enabled"))
