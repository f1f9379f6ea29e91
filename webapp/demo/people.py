"""The demo's cast: invented colleagues, and names to make contacts from."""

from __future__ import annotations

import random
from typing import Any

ADMINISTRATOR = (1, "Alex Morgan", "admin@example.org", "administrator")
COLLEAGUES = [
    (2, "Priya Raman", "priya@example.org", "editor"),
    (3, "Jonas Weber", "jonas@example.org", "editor"),
    (4, "Lucía Ortega", "lucia@example.org", "editor"),
    (5, "Tomasz Nowak", "tomasz@example.org", "member"),
    (6, "Mei Tanaka", "mei@example.org", "auditor"),
    (7, "Oskar Lind", "oskar@example.org", "member"),
]
EDITORS = COLLEAGUES[:3]

GROUPS = ["Customers", "Suppliers", "Newsletter", "Press", "Board", "Event guests 2026"]
FIRST = [
    "Ada",
    "Amir",
    "Beatriz",
    "Björn",
    "Chiara",
    "Dmitri",
    "Elena",
    "Farid",
    "Grace",
    "Hana",
    "Ines",
    "Jamal",
    "Katja",
    "Liam",
    "Mona",
    "Noor",
    "Olu",
    "Paula",
    "Quentin",
    "Rosa",
    "Sven",
    "Tala",
    "Uma",
    "Viktor",
    "Wen",
    "Ximena",
    "Yusuf",
    "Zoë",
]
LAST = [
    "Abbott",
    "Bianchi",
    "Castillo",
    "Dubois",
    "Eriksen",
    "Farouk",
    "García",
    "Haddad",
    "Ivanova",
    "Jensen",
    "Kaya",
    "Larsen",
    "Müller",
    "Nakamura",
    "Okafor",
    "Petrov",
    "Quinn",
    "Rossi",
    "Silva",
    "Tremblay",
    "Ueda",
    "Vargas",
    "Weiss",
    "Xu",
    "Young",
    "Zielinski",
]
COMPANIES = [
    "Northwind Bakery",
    "Harbour & Sons",
    "Lumen Studio",
    "Orchard Clinic",
    "Blue Kite Travel",
    "Fjord Energy",
    "Old Mill Press",
    "Sunrise Logistics",
]
CITIES = [
    ("Lisbon", "PT"),
    ("Hamburg", "DE"),
    ("Lyon", "FR"),
    ("Kraków", "PL"),
    ("Osaka", "JP"),
    ("Leeds", "GB"),
]
NOTES = [
    "Prefers to be called in the morning.",
    "Met at the spring fair.",
    "Asked for the new price list.",
    "Moved to another department in summer.",
    "Wants invoices by post.",
]


def contact(chance: random.Random, number: int) -> dict[str, Any]:
    """A contact as the table has it, without id and time."""
    first, last = chance.choice(FIRST), chance.choice(LAST)
    city, country = chance.choice(CITIES)
    return {
        "first_name": first,
        "last_name": last,
        "email": f"contact{number}@example.net",
        "phone": f"+00 555 {number:06d}",
        "company": chance.choice(COMPANIES),
        "address": {"city": city, "country": country, "street": f"{chance.randint(1, 180)} Main Street"},
        "notes": chance.choice([None, *NOTES]),
        "tags": sorted(chance.sample(["customer", "newsletter", "partner", "vip"], chance.randint(0, 2))),
        "custom_fields": {"source": chance.choice(["fair", "website", "referral"])},
        "owner_id": chance.choice(EDITORS)[0],
    }
