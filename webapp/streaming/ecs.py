"""An event in the fields of the Elastic Common Schema."""

from __future__ import annotations

from datetime import datetime
from typing import Any

Fields = dict[str, Any]

SCHEMA = "8.17.0"
#: action -> event.category, event.type
KINDS = {
    "insert": ("database", "creation"), "update": ("database", "change"), "delete": ("database", "deletion"),
    "truncate": ("database", "deletion"), "baseline": ("database", "info"), "export": ("database", "access"),
    "view": ("database", "access"), "denied": ("database", "denied"), "sign_in": ("authentication", "start"),
    "sign_in_failed": ("authentication", "start"), "sign_out": ("authentication", "end"),
    "erase": ("database", "deletion"), "retain": ("database", "deletion"), "configure": ("configuration", "change"),
}  # fmt: skip


def to_ecs(event: Fields, at: datetime) -> Fields:
    """Every column is also there as it is, under `auditlog`."""
    category, kind = KINDS.get(event["action"], ("database", "info"))
    made: Fields = {
        "@timestamp": event["occurred_at"],
        "ecs": {"version": SCHEMA},
        "event": {
            "id": str(event["event_id"]),
            "kind": "event",
            "dataset": "auditlog.events",
            "module": "auditlog",
            "action": event["action"],
            "category": [category],
            "type": [kind],
            "outcome": "failure" if event["action"] in ("sign_in_failed", "denied") else "success",
        },
        "user": {name: value for name, value in (
            ("id", event["actor_id"]), ("name", event["actor_name"] or event["db_user"])) if value},
        "auditlog": {name: value for name, value in event.items() if value is not None},
    }  # fmt: skip
    if event["client_addr"]:
        made["source"] = {"ip": event["client_addr"]}
    if event["request_id"]:
        made["trace"] = {"id": event["request_id"]}
    return made
