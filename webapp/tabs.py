"""The questions that the report exists for, each a preset of category and action."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .filters import Filters, Query, Term
from .scopes import Scope

#: What a tab sets; other filters stay as they are.
SET = ("category", "action")
TABS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Everything": ((), ()),
    "Contact changes": (("contacts",), ("update", "delete", "truncate")),
    "Contact creation and exports": (("contacts", "exports"), ("insert", "baseline", "export")),
    "Groups": (("groups",), ()),
    "Users and permissions": (("users",), ()),
    "Access to this log": (("access",), ()),
}


@dataclass(frozen=True)
class Tab:
    """A tab, and the address of the report with it."""

    label: str
    query: Query
    current: bool


def tabs(filters: Filters, scope: Scope) -> list[Tab]:
    """Those that can hold something for this reader."""
    found: list[Tab] = []
    others = tuple(term for term in filters.terms if term.field not in SET)
    chosen = {term for term in filters.terms if term.field in SET}
    for label, (categories, actions) in TABS.items():
        if categories and not any(scope.allows(category) for category in categories):
            continue
        own = (*(Term("category", value) for value in categories), *(Term("action", value) for value in actions))
        query = replace(filters, terms=(*own, *others)).to_query()
        found.append(Tab(label, query, chosen == set(own)))
    return found
