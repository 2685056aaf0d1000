"""Names and sentences to fill records with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

FIRST_NAMES: Final = (
    "Ada", "Bram", "Chloé", "Dmitri", "Elif", "Femke", "Grace", "Håkon", "Inès", "Jun",
    "Kofi", "Lena", "Mateo", "Nia", "Oskar", "Priya", "Quentin", "Rosa", "Søren", "Tomás",
)  # fmt: skip
LAST_NAMES: Final = (
    "Almeida", "Bakker", "Cohen", "Dubois", "Eriksen", "Fischer", "García", "Haddad", "Ito",
    "Jansen", "Kowalski", "Lopez", "Müller", "Nakamura", "O'Brien", "Petrov", "Rossi", "Smith",
)  # fmt: skip
COMPANY_WORDS: Final = (
    "Acme", "Blue", "Cedar", "Delta", "Ember", "Falcon", "Granite", "Harbor", "Iris", "Juniper",
    "Kite", "Lumen", "Maple", "North", "Orchid", "Pine", "Quartz", "River", "Summit", "Tundra",
)  # fmt: skip
COMPANY_FORMS: Final = ("Labs", "Software", "GmbH", "B.V.", "Inc.", "Studio", "Freight", "Health")
SENTENCES: Final = (
    "Thanks for getting back to me so quickly.",
    "I cannot log in since this morning.",
    "Could you tell me where to change the plan?",
    "The export stops at <b>100%</b> and nothing happens &amp; no file arrives.",
    "Here is a screenshot 📷 of what I see.",
    "We have passed this on to our engineers.",
    "Is there anything else that we can help you with?",
    "Das ist leider immer noch nicht gelöst; können Sie bitte nachsehen?",
    "返金をお願いします。",
    'See <a href="https://help.example.com/articles/7?a=1&amp;b=2">our guide</a> for the steps.',
)
COUNTRIES: Final = (
    ("Ireland", "Leinster", "Dublin", "IRL", "EU"),
    ("United States", "California", "San Francisco", "USA", "NA"),
    ("New Zealand", "Auckland", "Auckland", "NZL", "OC"),
    ("Germany", "Berlin", "Berlin", "DEU", "EU"),
    ("Japan", "Tokyo", "Tokyo", "JPN", "AS"),
    ("Brazil", "São Paulo", "São Paulo", "BRA", "SA"),
)


def person_name(random: Random) -> str:
    """A first and a last name."""
    return f"{random.choice(FIRST_NAMES)} {random.choice(LAST_NAMES)}"


def paragraph(random: Random) -> str:
    """A message body in HTML."""
    return f"<p>{random.choice(SENTENCES)}</p><p>{random.choice(SENTENCES)}</p>"
