"""What the report can be narrowed by: the one list behind addresses, query language, form, chips and SQL."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import LiteralString

from .errors import FilterError
from .scopes import CATEGORIES

ACTIONS = {
    "insert": "Created or added",
    "update": "Changed",
    "delete": "Deleted or removed",
    "truncate": "Table emptied",
    "baseline": "Recorded as found",
    "export": "Exported",
    "view": "Viewed",
    "sign_in": "Signed in",
    "sign_in_failed": "Sign-in failed",
    "sign_out": "Signed out",
    "denied": "Access denied",
    "configure": "Audit settings changed",
    "erase": "Personal data erased",
    "retain": "Old months archived",
}
WEEKDAYS = {day.lower(): day for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")}
SOURCES = {"captured": "Captured as it happened", "imported": "Imported from another system"}
LACKING = {
    "actor": "No person named",
    "application": "No application stated",
    "address": "No client address",
    "record": "No record",
}
#: Fields of which a value may be the name of a person.
NAMING = {"actor", "record", "login"}
NAME_OR_NUMBER = re.compile(r"[^\W\d_]\s+[^\W\d_]|^\+\d{5}")
LONGEST_VALUE = 2000  # a record's key may be long


@dataclass(frozen=True)
class Field:
    """One thing to narrow by. `condition` is about a row r of audit.search; {} is the value, a parameter as zone is."""

    label: str
    condition: LiteralString
    choices: Mapping[str, str] | None = None
    example: str = ""
    read: Callable[[str, str], str] | None = None  # (field, text) → the value in its one form
    #: Never in an address, whatever it is.
    private: bool = False


def _address(field: str, text: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise FilterError(field, f"“{text}” is not an address: write 192.0.2.7, 192.0.2.0/24 or 2001:db8::1.") from None
    return str(network.network_address if network.num_addresses == 1 else network)


def _hour(field: str, text: str) -> str:
    if not re.fullmatch(r"\d{1,2}", text, re.ASCII) or int(text) > 23:
        raise FilterError(field, f"“{text}” is not an hour: write 0 for midnight to 23.")
    return str(int(text))


def _transaction(field: str, text: str) -> str:
    if not re.fullmatch(r"\d{1,20}", text, re.ASCII) or int(text) >= 2**64:
        raise FilterError(field, f"“{text}” is not the number of a transaction: an event's page has it.")
    return str(int(text))


FIELDS: dict[str, Field] = {
    "category": Field("Category", "r.category = {}", CATEGORIES, "contacts"),
    "action": Field("What was done", "r.action = {}", ACTIONS, "delete"),
    "actor": Field("Who", "r.actor_id = {}", example="17"),
    "login": Field("Database login", "r.db_user = {}", example="crm_web"),
    "application": Field("Application", "r.application = {}", example="psql"),
    "entity": Field("Kind of record", "r.entity = {}", example="group"),
    "record": Field("Record number", "r.record_id = {}", example="42"),
    "field": Field("Changed field", "r.changed_fields @> array[{}::text]", example="email"),
    # The address that PostgreSQL saw, or the one that the application names.
    "address": Field(
        "Client address",
        "(r.client_addr <<= {0}::text::inet or r.claimed_addr = {0}::text)",
        example="192.0.2.0/24",
        read=_address,
    ),
    "request": Field("Request", "r.request_id = {}", example="req-81"),
    "transaction": Field("Transaction", "r.xact_id = {}::xid8", None, "90210", _transaction),
    # As the reader's clock shows it.
    "weekday": Field(
        "Weekday",
        "date_part('isodow', r.occurred_at at time zone %(zone)s)"
        " = array_position('{{monday,tuesday,wednesday,thursday,friday,saturday,sunday}}', {}::text)",
        WEEKDAYS,
        "friday",
    ),
    "hour": Field(
        "Hour of the day", "date_part('hour', r.occurred_at at time zone %(zone)s) = {}::int", None, "17", _hour
    ),
    "source": Field(
        "Source",
        "({0}::text = 'imported' and r.imported_at is not null or {0}::text = 'captured' and r.imported_at is null)",
        SOURCES,
        "imported",
    ),
    "no": Field(
        "Without",
        "case {} when 'actor' then r.actor_id is null when 'application' then r.application is null"
        " when 'address' then r.client_addr is null when 'record' then r.record_id is null end",
        LACKING,
        "actor",
    ),
    # A view is no change, and holds what was looked for: searching twice would find the first search.
    "words": Field(
        "Words",
        "r.action <> 'view' and r.words @@ audit.words_asked({})",
        private=True,
    ),
}
#: What people call them elsewhere.
SYNONYMS = {
    "by": "actor", "column": "field", "date": "created", "db_user": "login", "id": "record", "ip": "address",
    "is": "source", "kind": "entity", "table": "entity", "text": "words", "time": "created", "tx": "transaction",
    "type": "entity", "user": "actor", "verb": "action", "when": "created", "who": "actor", "xact": "transaction",
    "q": "words", "client": "address", "year": "created", "month": "created", "day": "created", "changed": "field",
}  # fmt: skip


def read_value(field: str, text: str) -> str:
    """The value of a field, as it is compared; raises FilterError that names the field and the cure."""
    text = text.strip()
    if len(text) > LONGEST_VALUE:
        raise FilterError(field, f"This is too long: at most {LONGEST_VALUE} characters.")
    if "\x00" in text:  # PostgreSQL has no text with one
        raise FilterError(field, "This holds a character that no record can hold: type it again.")
    known = FIELDS[field]
    if known.choices is not None and text not in known.choices:
        if text.casefold() in known.choices:
            return text.casefold()
        close = get_close_matches(text.casefold(), known.choices, n=1, cutoff=0.6)
        meant = f": did you mean “{close[0]}”?" if close else "."
        raise FilterError(field, f"“{text}” is not one of {', '.join(known.choices)}{meant}")
    return known.read(field, text) if known.read else text


def nearest(name: str, names: list[str]) -> str:
    """“did you mean …?” for a field that does not exist, or all there are."""
    wanted = name.casefold().lstrip("-")
    close = get_close_matches(wanted, names, n=1, cutoff=0.5)
    meant = SYNONYMS.get(wanted, close[0] if close else "")
    return f": did you mean “{meant}”?" if meant in names else f": there are {', '.join(names)}."


def is_personal(field: str, value: str) -> bool:
    """Whether a value says who somebody is: an e-mail address, or what names a person by name or telephone number."""
    return "@" in value or (field in NAMING and bool(NAME_OR_NUMBER.search(value)))
