"""How much of the report a person may see: all of it, or some of its categories."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

#: The categories of audit.category_of(), as people read them.
CATEGORIES = {
    "contacts": "Contacts",
    "groups": "Groups",
    "users": "Users and permissions",
    "exports": "Exports",
    "access": "Sign-ins and access",
    "settings": "Audit settings",
    "other": "Other tables",
}


@dataclass(frozen=True)
class Scope:
    """A limit. Every query of the report takes one: leaving it out is an error, not everything."""

    categories: frozenset[str] | None = None  # None: no limit. A word that is no category allows nothing.

    @classmethod
    def of(cls, categories: Iterable[str] | None) -> Scope:
        """Of what audit.web_users says: null is everything, an empty list nothing."""
        return cls(None if categories is None else frozenset(categories))

    def allows(self, category: str) -> bool:
        return self.categories is None or category in self.categories

    def condition(self, category: LiteralString = "r.category") -> sql.Composable:
        """A clause for WHERE; `category` is the SQL of the category of the event at hand."""
        if self.categories is None:
            return sql.SQL("true")
        # Planned for as half of the events: a plan for very few would sort them all instead of stopping at a page.
        return sql.SQL("coalesce({} = any ({}::text[]), false)").format(sql.SQL(category), self.listed)

    @property
    def listed(self) -> list[str] | None:
        """For the record of what left."""
        return None if self.categories is None else sorted(self.categories)

    @property
    def choices(self) -> dict[str, str]:
        """The categories to choose from."""
        return {name: label for name, label in CATEGORIES.items() if self.allows(name)}

    def in_words(self) -> str:
        """“Contacts and Groups”; empty without a limit."""
        if self.categories is None:
            return ""
        labels = list(self.choices.values())
        if not labels:
            return "nothing"
        return " and ".join(part for part in (", ".join(labels[:-1]), labels[-1]) if part)


EVERYTHING = Scope()
