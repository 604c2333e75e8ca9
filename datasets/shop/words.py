"""The words an invented shop is made of: names, places, goods and remarks.

Owns plain lists. Nobody here exists: the lists are drawn from independently, addresses are made up,
telephone numbers use +999, which no country has, and e-mail lies in the domains that are reserved for
examples.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

FIRST_NAMES = (
    "Aaliyah", "Adam", "Agnès", "Aiko", "Alba", "Ana", "Anders", "André", "Anna", "António", "Astrid",
    "Aurélie", "Beatriz", "Benoît", "Bianca", "Björn", "Camila", "Carlos", "Chloé", "Clara", "Daniel",
    "David", "Dieter", "Dominik", "Élodie", "Elena", "Emil", "Emma", "Erik", "Esmée", "Farid", "Fatima",
    "Félix", "Femke", "Finn", "François", "Frida", "Gabriel", "George", "Giulia", "Göran", "Grace", "Greta",
    "Hana", "Hannah", "Haruto", "Helena", "Hélène", "Hugo", "Ida", "Inês", "Ingrid", "Iris", "Isabel",
    "Ivan", "Jakub", "Jamal", "Jan", "Jens", "Joana", "João", "Johan", "José", "Jürgen", "Kaito", "Karin",
    "Katarzyna", "Kenji", "Klaus", "Laura", "Léa", "Leila", "Lena", "Liam", "Lina", "Łukasz", "Lucía",
    "Magdalena", "Maja", "Małgorzata", "Marco", "María", "Mateo", "Matthias", "Maud", "Mei", "Mia",
    "Mikołaj", "Mónica", "Nadia", "Niamh", "Noah", "Noémie", "Nora", "Olaf", "Oliver", "Olivia", "Omar",
    "Otto", "Pablo", "Paweł", "Petra", "Priya", "Raúl", "René", "Rosa", "Ruth", "Saïd", "Sakura", "Salma",
    "Samuel", "Sara", "Seán", "Sebastián", "Simon", "Sofia", "Søren", "Stefan", "Sven", "Tariq", "Teresa",
    "Thérèse", "Thomas", "Tomás", "Ulrike", "Valentina", "Vera", "Victor", "Wanda", "Wiktor", "Willem",
    "Yara", "Yasmin", "Yuki", "Zeynep", "Zoë", "Zuzanna",
)  # fmt: skip

LAST_NAMES = (
    "Abbott", "Åberg", "Ahmed", "Almeida", "Álvarez", "Andersson", "Aoki", "Baker", "Barbier", "Bauer",
    "Becker", "Bell", "Bergström", "Bernard", "Bianchi", "Björk", "Bos", "Brandt", "Brennan", "Carvalho",
    "Castro", "Clarke", "Conti", "Costa", "Cruz", "Dąbrowski", "Dahl", "De Vries", "Delacroix", "Díaz",
    "Dubois", "Eriksson", "Faber", "Fernández", "Ferreira", "Fischer", "Fontaine", "Foster", "Fuchs",
    "Fujita", "Gallo", "García", "Gómez", "Gonçalves", "Graf", "Gray", "Groß", "Gustafsson", "Hall",
    "Hansen", "Hayashi", "Hernández", "Hoffmann", "Holm", "Huber", "Hughes", "Ibáñez", "Ito", "Jackson",
    "Jansen", "Jónsson", "Kaczmarek", "Kaplan", "Keller", "Kelly", "Khan", "Kobayashi", "König", "Kowalski",
    "Krüger", "Lambert", "Lefèvre", "Lindqvist", "López", "Lund", "Maes", "Marín", "Marino", "Martins",
    "Mäkinen", "Meyer", "Molina", "Moreau", "Müller", "Muñoz", "Murphy", "Nakamura", "Navarro", "Neumann",
    "Nowak", "Nuñez", "O'Brien", "Olsen", "Özdemir", "Parker", "Peeters", "Pereira", "Pérez", "Petit",
    "Quinn", "Ramos", "Rawat", "Renard", "Ricci", "Rodríguez", "Rossi", "Roux", "Sánchez", "Sato",
    "Schäfer", "Schneider", "Silva", "Şimşek", "Smit", "Solís", "Sousa", "Strömberg", "Suzuki", "Szymański",
    "Tanaka", "Torres", "Turner", "Ulrich", "Van Dijk", "Vasseur", "Vidal", "Virtanen", "Vogel", "Wagner",
    "Walker", "Weiß", "Wójcik", "Wood", "Yamada", "Zając", "Ziegler", "Zimmer",
)  # fmt: skip

STREETS = (
    "Acacia Avenue", "Ahornweg", "Avenida Central", "Birkenstraße", "Bridge Street", "Calle Mayor",
    "Canal Walk", "Church Lane", "Gartenweg", "Hafenstraße", "Harbour Road", "Hauptstraße", "High Street",
    "Hill Rise", "Kastanienallee", "Kyrkogatan", "Lindenstraße", "Maple Drive", "Market Square",
    "Meadow Close", "Mill Lane", "Molenweg", "Orchard Way", "Park Row", "Plaza del Sol", "Polna",
    "Quai du Port", "River Street", "Rosengasse", "Rua das Flores", "Rue des Lilas", "Rue du Moulin",
    "Schoolstraat", "School Road", "Stationsplein", "Storgatan", "Sunset Boulevard", "Via Garibaldi",
    "Via Roma", "Willow Court",
)  # fmt: skip

# country, share of customers, currency, shape of a postcode (9 stands for any digit), cities
COUNTRIES = (
    ("DE", 0.22, "EUR", "99999", ("Berlin", "Hamburg", "Köln", "München", "Leipzig")),
    ("FR", 0.13, "EUR", "99999", ("Paris", "Lyon", "Nantes", "Orléans")),
    ("ES", 0.09, "EUR", "99999", ("Madrid", "Málaga", "Sevilla", "Valencia")),
    ("IT", 0.08, "EUR", "99999", ("Roma", "Milano", "Torino", "Bari")),
    ("NL", 0.06, "EUR", "9999 XK", ("Utrecht", "Rotterdam", "Groningen")),
    ("PT", 0.04, "EUR", "9999-999", ("Lisboa", "Porto", "Évora")),
    ("IE", 0.03, "EUR", "D99 XK99", ("Dublin", "Cork", "Galway")),
    ("GB", 0.11, "GBP", "N9 9XK", ("London", "Leeds", "Bristol", "Glasgow")),
    ("US", 0.09, "USD", "99999", ("Boston", "Denver", "Portland", "Austin")),
    ("CH", 0.05, "CHF", "9999", ("Zürich", "Genève", "Basel")),
    ("SE", 0.04, "SEK", "999 99", ("Stockholm", "Göteborg", "Malmö")),
    ("PL", 0.04, "PLN", "99-999", ("Warszawa", "Kraków", "Łódź", "Gdańsk")),
    ("JP", 0.02, "JPY", "999-9999", ("Osaka", "Kyoto", "Sapporo")),
)

# category, lowest and highest price in EUR, adjectives, nouns, tags
CATEGORIES = (
    ("kitchen", 6, 120, ("Cast-iron", "Steel", "Ceramic", "Copper", "Oak"),
        ("pan", "kettle", "knife", "bowl", "board"), ("cooking", "dishwasher-safe", "gift")),
    ("garden", 3, 150, ("Folding", "Solar", "Clay", "Teak", "Wild"),
        ("chair", "lantern", "pot", "trowel", "seeds"), ("outdoor", "summer", "weatherproof")),
    ("books", 5, 60, ("Illustrated", "Pocket", "Collected", "Annotated", "Travel"),
        ("atlas", "novel", "essays", "cookbook", "poems"), ("paperback", "gift", "bestseller")),
    ("toys", 4, 80, ("Wooden", "Magnetic", "Giant", "Glow", "Puzzle"),
        ("train", "blocks", "bear", "kite", "cube"), ("children", "gift", "recycled")),
    ("electronics", 12, 400, ("Wireless", "Compact", "Portable", "Smart", "Studio"),
        ("speaker", "headphones", "charger", "lamp", "radio"), ("rechargeable", "warranty", "usb")),
    ("clothing", 6, 180, ("Linen", "Wool", "Cotton", "Rain", "Running"),
        ("shirt", "scarf", "jacket", "socks", "hat"), ("organic", "summer", "sale")),
    ("coffee", 4, 90, ("Dark", "Light", "Café", "Single-origin", "Decaf"),
        ("roast", "beans", "filter set", "grinder", "capsules"), ("fair-trade", "subscription", "organic")),
    ("office", 2, 70, ("Recycled", "Fine", "Desk", "Lined", "Brass"),
        ("notebook", "pen", "organiser", "stapler", "clock"), ("paper", "gift", "bulk")),
)  # fmt: skip

# as typed: some with stray spaces, which cleaning is there to trim
NOTES = (
    "please ring twice", " leave at the door", "gift, no invoice  ", "call before delivery", "  fragile ",
    "Déposer chez le voisin", "back entrance", "deliver after 18:00 ", "birthday present",
    "  no plastic, please", "Bitte klingeln", "second floor",
)  # fmt: skip

REASONS = ("damaged", "wrong_item", "changed_mind", "too_late", "does_not_fit", "not_as_described")

_NOT_DECOMPOSED = str.maketrans(
    {"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "\N{LATIN SMALL LETTER DOTLESS I}": "i"}
)


def ascii_name(name: str) -> str:
    """`name` as it stands in an e-mail address: small letters a to z only."""
    plain = unicodedata.normalize("NFKD", name.translate(_NOT_DECOMPOSED)).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.lower() if letter.isalpha())


def mojibake(text: str) -> str:
    """`text` as it looks when its UTF-8 bytes are read as Latin-1: `José` becomes `JosÃ©`."""
    return text.encode().decode("latin-1")


def shows_mojibake(names: Iterable[str]) -> list[int]:
    """Positions of the names that turn into visible nonsense: with `Ã`, and without control characters."""
    return [at for at, name in enumerate(names) if "Ã" in mojibake(name) and mojibake(name).isprintable()]
