"""Where the bars of charts lead: the list, narrowed to what a bar stands for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from ..filter_fields import WEEKDAYS
from ..filters import Filters, Term
from . import addresses

DAYS = list(WEEKDAYS)


@dataclass(frozen=True)
class Links:
    """Addresses of the list, narrowed beyond the filters of a page of charts."""

    filters: Filters

    def everything(self) -> str:
        return addresses.report(self.filters)

    def stretch(self, first: date, last: date, category: str = "") -> str:
        days = replace(self.filters, start=first, end=last)
        return addresses.report(days.adding(Term("category", category)) if category else days)

    def hour(self, weekday: int, hour: int) -> str:
        """Monday is 0."""
        return addresses.report(self.filters.adding(Term("weekday", DAYS[weekday]), Term("hour", str(hour))))

    def field(self, **values: str) -> str:
        return addresses.report(self.filters.adding(*(Term(name, value) for name, value in values.items())))

    def deletion(self, transaction: str, entity: str) -> str:
        """What was deleted of a kind at once."""
        gone = (Term("action", "delete"), Term("action", "truncate"))
        return addresses.report(self.filters.adding(*gone, Term("transaction", transaction), Term("entity", entity)))
