"""Eight weeks of the past, as another system would hand them over.

It comes in through audit.import_events(), so every event is marked as imported: nothing here
pretends to have been captured.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from .people import CITIES, COLLEAGUES, EDITORS, GROUPS, NOTES, contact

WEEKS = 8
CONTACTS = 160

Json = dict[str, Any]


def load(connection: psycopg.Connection[Any], chance: random.Random) -> list[Json]:
    """Import the past; return the contacts that are still there at its end, ids included."""
    now = datetime.now(UTC)
    story = _Story(chance, now)
    story.tell()
    with connection.transaction():
        connection.execute("select audit.import_events(%s)", (Jsonb(story.events),))
    return list(story.contacts.values())


class _Story:
    def __init__(self, chance: random.Random, now: datetime) -> None:
        self.chance = chance
        self.now = now
        self.events: list[Json] = []
        self.contacts: dict[int, Json] = {}

    def tell(self) -> None:
        for number, name in enumerate(GROUPS[:4], start=1):
            created = {
                "id": number,
                "name": name,
                "description": None,
                "created_at": _text(self._at(WEEKS * 7 - 1)),
            }
            self._event(self._at(WEEKS * 7 - 1), EDITORS[0], "group", "groups", number, name, "insert", after=created)
        for number in range(1, CONTACTS + 1):
            self._create(number, self._at(WEEKS * 7 - 2 - number * (WEEKS * 7 - 8) / CONTACTS))
        for _ in range(CONTACTS * 2):
            self._edit()
        for number in self.chance.sample(sorted(self.contacts), 12):
            row = self.contacts.pop(number)
            self._event(
                self._at(self.chance.uniform(1, 6)),
                self.chance.choice(EDITORS),
                "contact",
                "contacts",
                number,
                _label(row),
                "delete",
                before=row,
            )
        for days in (40, 26, 12, 5):
            person = self.chance.choice(COLLEAGUES)
            self._event(
                self._at(days),
                person,
                "contact",
                None,
                None,
                None,
                "export",
                context={"export": {"format": "csv", "row_count": self.chance.randint(40, 150)}},
            )
        self.events.sort(key=lambda event: event["occurred_at"])

    def _create(self, number: int, at: datetime) -> None:
        row = {"id": number, **contact(self.chance, number), "created_at": _text(at)}
        self.contacts[number] = row
        self._event(at, self.chance.choice(EDITORS), "contact", "contacts", number, _label(row), "insert", after=row)

    def _edit(self) -> None:
        number = self.chance.choice(sorted(self.contacts))
        before = self.contacts[number]
        after = dict(before)
        latest = max(
            e["occurred_at"] for e in self.events if e["record_id"] == str(number) and e["entity"] == "contact"
        )
        room = (self.now - timedelta(days=7) - datetime.fromisoformat(latest)).total_seconds()
        if room <= 0:
            return
        at = datetime.fromisoformat(latest) + timedelta(seconds=self.chance.uniform(60, room))
        city, country = self.chance.choice(CITIES)
        after |= self.chance.choice(
            [
                {"phone": f"+00 555 {self.chance.randint(100000, 999999)}"},
                {"notes": self.chance.choice(NOTES)},
                {
                    "address": {
                        "city": city,
                        "country": country,
                        "street": f"{self.chance.randint(1, 180)} Station Road",
                    }
                },
                {"tags": ["customer", "vip"], "owner_id": self.chance.choice(EDITORS)[0]},
            ]
        )
        if after == before:
            return
        self.contacts[number] = after
        self._event(
            at,
            self.chance.choice(EDITORS),
            "contact",
            "contacts",
            number,
            _label(after),
            "update",
            before=before,
            after=after,
        )

    def _event(
        self,
        at: datetime,
        person: tuple[int, str, str, str],
        entity: str,
        table: str | None,
        number: int | None,
        label: str | None,
        action: str,
        **rest: Any,
    ) -> None:
        self.events.append(
            {
                "occurred_at": _text(at),
                "entity": entity,
                "schema_name": table and "public",
                "table_name": table,
                "record_id": number and str(number),
                "record_label": label,
                "action": action,
                "actor_id": str(person[0]),
                "actor_name": person[1],
                "application": "previous system",
                **rest,
            }
        )

    def _at(self, days_ago: float) -> datetime:
        day = self.now - timedelta(days=days_ago)
        return day.replace(
            hour=self.chance.randint(8, 17),
            minute=self.chance.randint(0, 59),
            second=self.chance.randint(0, 59),
        )


def _text(at: datetime) -> str:
    return at.isoformat()


def _label(row: Json) -> str:
    return f"{row['first_name']} {row['last_name']}"
