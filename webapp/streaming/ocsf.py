"""An event in the fields of the Open Cybersecurity Schema Framework, version 1.8."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from typing import Any

Fields = dict[str, Any]

SCHEMA = "1.8.0"
INFORMATIONAL, LOW = 1, 2
SUCCESS, FAILURE = 1, 2
ACCOUNT_CHANGE, AUTHENTICATION, ENTITY_MANAGEMENT = 3001, 3002, 3004
OTHER = 99

LOGONS = {"sign_in": (1, SUCCESS), "sign_in_failed": (1, FAILURE), "sign_out": (2, SUCCESS)}
ACCOUNTS = {"insert": 1, "delete": 6, "truncate": 6}
MANAGED = {"insert": 1, "baseline": 2, "view": 2, "export": 2, "denied": 2, "update": 3, "configure": 3, "delete": 4,
           "truncate": 4, "erase": 4, "retain": 4}  # fmt: skip
#: Columns that have no field of their own there.
UNMAPPED = ("category", "changed_fields", "schema_name", "table_name", "db_user", "application", "before", "after",
            "context", "imported_at")  # fmt: skip


def to_ocsf(event: Fields, at: datetime) -> Fields:
    """Sign-ins are Authentication; making and removing users, Account Change; anything else Entity Management."""
    action = event["action"]
    subject = {"uid": event["record_id"], "name": event["record_label"]}
    made: Fields
    if action in LOGONS:
        activity, status = LOGONS[action]
        made = {"class_uid": AUTHENTICATION, "user": _named(subject), "service": {"name": "Audit Log Report"}}
    elif event["category"] == "users" and action in ACCOUNTS:
        activity, status = ACCOUNTS[action], SUCCESS
        made = {"class_uid": ACCOUNT_CHANGE, "user": _named(subject)}
    else:
        activity, status = MANAGED.get(action, OTHER), FAILURE if action == "denied" else SUCCESS
        made = {"class_uid": ENTITY_MANAGEMENT, "entity": _named(subject) | {"type": event["entity"]}}
        if activity == OTHER:
            made["activity_name"] = action
    made |= {
        "category_uid": 3,
        "activity_id": activity,
        "type_uid": made["class_uid"] * 100 + activity,
        "severity_id": LOW if status == FAILURE else INFORMATIONAL,
        "status_id": status,
        "time": int(at.timestamp() * 1000),
        "actor": {"user": _actor(event), "app_name": event["application"]},
        "metadata": {
            "version": SCHEMA,
            "product": {"name": "Audit Log Report", "version": version("audit-log-report")},
            "event_code": action,
            "original_event_uid": str(event["event_id"]),
            "original_time": event["occurred_at"],
            "correlation_uid": event["request_id"] or event["xact_id"],
        },
        "unmapped": {name: event[name] for name in UNMAPPED if event[name] is not None},
    }
    if event["client_addr"]:
        made["src_endpoint"] = {"ip": event["client_addr"]}
    return _without_nothing(made)


def _named(subject: Fields) -> Fields:
    """A thing must have a name or an id there; one that has neither here is called unknown, and not left out."""
    return subject if any(subject.values()) else {"name": "unknown"}


def _actor(event: Fields) -> Fields:
    """Whom the application says it acted for; without such a claim, the login of the database."""
    if event["actor_id"] or event["actor_name"]:
        return {"uid": event["actor_id"], "name": event["actor_name"]}
    return {"name": event["db_user"], "type_id": OTHER, "type": "database login"}


def _without_nothing(fields: Fields) -> Fields:
    """What is not known is left out, except in what was left as it is."""
    cleaned = {
        name: _without_nothing(value) if isinstance(value, dict) and name != "unmapped" else value
        for name, value in fields.items()
    }
    return {name: value for name, value in cleaned.items() if value is not None}
