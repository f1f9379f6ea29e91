"""What an erasure takes from one row of an archive: the same as audit.approve_erasure() takes from the log."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from .archiving import COLUMNS, SEAL, STAYS, Row
from .proof import payload_commit

MASKED = {"$masked": True}
LOOKING = ("export", "view", "denied")
STAY = ("erase", "retain")  # they are what says that the rest has gone
NOT_WORDS = {"from", "to", "period", "tz", "category", "action", "entity", "field", "login", "application", "source"}
WHO = ("actor_id", "actor_name", "client_addr", "request_id")


@dataclass
class Forgetting:
    """One approved request. `known` are texts that the record had: somebody may have looked for it by these."""

    request: int
    at: str
    entity: str
    record_id: str | None
    schema_name: str | None
    table_name: str | None
    columns: list[str] | None
    also: list[str]
    known: set[str] = field(default_factory=set[str])

    def learn(self, row: Row) -> None:
        """Take note of what the record was called."""
        if "own" in self.kinds(row):
            for image in (_object(row["before"]), _object(row["after"])):
                self.known.update(text.lower() for value in image.values() if len(text := _text(value)) > 2)

    def kinds(self, row: Row) -> set[str]:
        """Why the row is concerned: own, actor, filter, columns, or not at all."""
        if row["salt"] is None or row["action"] in STAY:
            return set()
        shape, details = json.loads(row["shape"]), json.loads(row["details"])
        if self.columns is not None:
            same = (shape["schema_name"], shape["table_name"]) == (self.schema_name, self.table_name)
            return {"columns"} if same and any(map(self._holds, (row["before"], row["after"]))) else set()
        found: set[str] = set()
        key = shape["key"] or []
        changed = row["action"] == "update" and len(key) == 1 and not shape["parent"]
        if shape["entity"] == self.entity and (
            details["record_id"] == self.record_id
            or (changed and _text(_object(row["after"]).get(key[0])) == self.record_id)
        ):
            found.add("own")
        if "actor" in self.also and details["actor_id"] == self.record_id:
            found.add("actor")
        if "filter" in self.also and row["action"] in LOOKING and self._looked_for(_told(row)):
            found.add("filter")
        return found

    def forgotten(self, row: Row, kinds: set[str]) -> Row:
        """What is left of it. The commitment stays, so that the seal still proves what there was."""
        commit = payload_commit(row["salt"], row["details"], row["old_row"], row["new_row"])
        whole, told = "own" in kinds, _told(row)
        mark = {"erased": {"request": self.request, "at": self.at, "whole": whole}}
        left = row | {name: None for name in SEAL if name not in STAYS} | {"payload_commit": commit}
        if whole:
            left |= {name: None for name in COLUMNS if name not in STAYS}
            told = {}
        if "actor" in kinds:
            left |= dict.fromkeys(WHO)
            told = {name: value for name, value in told.items() if name not in ("ip", "actor_id")}
        if "filter" in kinds:
            gone = ("filter", "record_id", "actor_id", "reason")
            told = {name: value for name, value in told.items() if name not in gone}
        if "columns" in kinds:
            left |= {"record_label": None} | {name: self._masked(row[name]) for name in ("before", "after")}
        context = _object(row["context"]) if kinds == {"columns"} else {row["action"]: told} if told else {}
        return left | {"context": _written(context | mark)}

    def is_done(self, row: Row) -> bool:
        """Whether this request has erased it already."""
        if row["salt"] is not None:
            return False
        return _text(_object(row["context"]).get("erased", {}).get("request")) == str(self.request)

    def _looked_for(self, told: dict[str, Any]) -> bool:
        if _text(told.get("record_id")) == self.record_id and told.get("entity", self.entity) == self.entity:
            return True
        if "actor" in self.also and _text(told.get("actor_id")) == self.record_id:
            return True
        asked = told.get("filter")
        return isinstance(asked, dict) and any(
            self._is_word(str(name), word)
            for name, value in asked.items()  # pyright: ignore[reportUnknownVariableType]
            for word in _leaves(value)
        )

    def _is_word(self, name: str, word: str) -> bool:
        if name in ("record", "actor"):
            return word == self.record_id and (name == "record" or "actor" in self.also)
        if name in NOT_WORDS:
            return False
        return (len(word) > 2 and any(word.lower() in text for text in self.known)) or (
            name in ("id", "key") and word == self.record_id
        )

    def _holds(self, image: str | None) -> bool:
        values = _object(image)
        return any(values.get(name) not in (None, MASKED, "*", "**") for name in self.columns or [])

    def _masked(self, image: str | None) -> str | None:
        if image is None:
            return None
        values = _object(image)
        masks = {name: MASKED for name in self.columns or [] if values.get(name) is not None}
        return _written(values | masks)


def _object(text: str | None) -> dict[str, Any]:
    value = json.loads(text, parse_int=_marked, parse_float=_marked) if text else {}
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _told(row: Row) -> dict[str, Any]:
    value = _object(row["context"]).get(row["action"])
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in _leaves(inner)]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _leaves(inner)]  # pyright: ignore[reportUnknownVariableType]
    return [_text(value)]


def _marked(digits: str) -> str:
    """A number as it was written, told from a text by what no JSON of PostgreSQL holds."""
    return f"\x00{digits}"


def _written(value: Any) -> str:
    return re.sub(r'"\\u0000([^"]+)"', r"\1", json.dumps(value, ensure_ascii=False))


def _text(value: Any) -> str:
    return str(value).removeprefix("\x00")
