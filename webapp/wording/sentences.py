"""What happened, as a sentence: who, did what, to what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..events import Event, Names
from .values import plain

VERBS = {
    "insert": "created",
    "update": "changed",
    "delete": "deleted",
    "truncate": "deleted",
    "baseline": "found",
    "export": "exported",
    "view": "viewed",
    "sign_in": "signed in",
    "sign_in_failed": "failed to sign in",
    "sign_out": "signed out",
    "denied": "was denied",
    "erase": "erased",
    "retain": "archived",
    "configure": "configured",
}
#: Rows that belong to a record read as something that happened to it.
MEMBER_VERBS = {
    "insert": "added",
    "update": "changed",
    "delete": "removed",
    "truncate": "removed",
    "baseline": "found",
}
MEMBER_NOUNS = {"contact_groups": "member", "user_permissions": "permission"}
#: What a view was of, when it was not of a record's table.
PAGES = {
    "audit_log": "the audit log",
    "event": "event",
    "printed": "a page to print",
    "listed": "the list of exports",
    "followed": "the list of exports",
    "about": "the manifest of export",
    "mine": "their saved views",
    "show": "the log inventory",
    "requests": "the requests to erase",
    "request_page": "request to erase",
    "record": "the history of",
    "actor": "what was done by person",
    "activity": "the activity charts",
    "health": "the health of capture",
    "proof": "the proof of event",
    "proof_file": "and took along the proof of event",
    "checkpoints": "the list of checkpoints",
    "growth": "and took along the proof of growth between checkpoints",
}
FAILURES = {
    "unknown_login": "no such user",
    "wrong_password": "wrong password",
    "disabled": "account disabled",
    "wrong_code": "wrong code",
    "used_code": "code used before",
    "throttled": "too many attempts",
    "unverified_email": "the provider has not verified the e-mail address",
    "refused": "refused by the provider",
    "bad_answer": "the provider's answer did not hold",
}
#: Why a session was over without its owner signing out in it.
ENDED = {
    "elsewhere": "signed out from another session",
    "idle": "not used for too long",
    "limit": "signed in for too long",
    "account": "the account was changed or disabled",
    "administrator": "signed out by an administrator",
    "replaced": "signed in again",
}

#: What was done to the way in of a person: verb, what goes before the name, tone.
WAYS_IN = {
    "issue_password_link": ("made", "a link to choose a password, for", "neutral"),
    "start_totp": ("set up", "the authenticator app of", "good"),
    "renew_recovery_codes": ("renewed", "the recovery codes of", "neutral"),
    "remove_totp": ("removed", "the authenticator app of", "bad"),
}
#: With what somebody signed in, besides the password.
METHODS = {"totp": "with a code from the app", "recovery code": "with a recovery code", "oidc": "by single sign-on"}

#: What was done to the capture of a table: verb, what goes before its name, tone.
CAPTURE = {
    "track": ("set up", "capture of", "neutral"),
    "untrack": ("stopped", "capture of", "neutral"),
    "drop": ("dropped", "the tracked table", "bad"),
    "break": ("damaged", "capture of", "bad"),
    "mend": ("restored", "capture of", "good"),
}
#: What became of a request to erase.
ERASURES = {"request": "asked to erase", "approve": "erased", "withdraw": "gave up erasing"}
TONES = {
    "insert": "good",
    "update": "changed",
    "delete": "bad",
    "truncate": "bad",
    "denied": "bad",
    "sign_in_failed": "bad",
}
#: A sign beside the verb, for what happens to records; elsewhere the word is sign enough.
MARKS = {"insert": "plus", "update": "tilde", "delete": "minus", "truncate": "minus"}


@dataclass(frozen=True)
class Sentence:
    """“created” “contact” “Ada Lovelace”, and what is worth adding."""

    verb: str
    noun: str
    note: str = ""
    tone: str = "neutral"  # good, bad, changed or neutral: a second sign beside the word, never the only one
    mark: str = ""  # plus, minus or tilde


def subject(event: Event) -> str:
    """Who did it. Neither a login that carried somebody's failure nor one that imported is its author."""
    if event.actor_name or event.actor_id:
        return str(event.actor_name or event.actor_id)
    return "Somebody" if event.action == "sign_in_failed" or event.imported_at else event.db_user


def sentence(event: Event, names: Names) -> Sentence:
    """What happened, to what."""
    details = event.details or {}
    tone = TONES.get(event.action, "neutral")
    if isinstance(gone := details.get("erased"), dict) and gone.get("whole") is True:
        note = f"personal data erased on {plain(gone.get('at'))[:10]} by request {plain(gone.get('request'))}"
        return Sentence(VERBS[event.action], event.entity.replace("_", " "), note, tone, MARKS.get(event.action, ""))
    if event.action == "erase" and details.get("did") in ERASURES:
        noun = event.entity.replace("_", " ")
        return Sentence(ERASURES[details["did"]], noun, f"request {plain(details.get('request'))}")
    if event.action == "export":
        return _export(event, details)
    if event.action == "view":
        return _view(event, details)
    if event.action == "configure":
        return _configure(event, details)
    if event.action == "denied":
        return Sentence("was denied", f"the page {details.get('path', 'of the report')}", tone=tone)
    if event.action == "sign_in_failed":
        return _failed_sign_in(event, details, tone)
    if event.action == "sign_in" and "confirmed" in details:
        return Sentence("signed in again", "")
    if event.action == "sign_out" and details.get("reason") in ENDED:
        return Sentence("ended", "a session of", ENDED[details["reason"]])
    if event.action in ("sign_in", "sign_out"):
        return Sentence(VERBS[event.action], "", METHODS.get(str(details.get("method")), ""), tone)
    mark = MARKS.get(event.action, "")
    if event.details is not None and event.action in MEMBER_VERBS:
        return _member(event, details, names, tone, mark)
    note = "the whole table was emptied" if event.action == "truncate" else ""
    if event.action == "baseline":
        note = "there when capture began"
    return Sentence(VERBS[event.action], event.entity.replace("_", " "), note, tone, mark)


def _configure(event: Event, details: Mapping[str, Any]) -> Sentence:
    did = str(details.get("did"))
    table = ".".join(str(details[k]) for k in ("schema_name", "table_name") if k in details)
    what = table or str(details.get("file") or f"{event.entity} records")
    if did in WAYS_IN:
        verb, before, tone = WAYS_IN[did]
        return Sentence(verb, before, tone=tone)
    if did in CAPTURE:
        verb, before, tone = CAPTURE[did]
        return Sentence(verb, f"{before} {what}", plain(details.get("problem")), tone)
    grants = {
        "allow_export": f"let {details.get('grantee')} export",
        "deny_export": f"no longer lets {details.get('grantee')} export",
    }
    return Sentence(grants.get(did, "configured"), what)


def _failed_sign_in(event: Event, details: Mapping[str, Any], tone: str) -> Sentence:
    # Events of before the address was among the details have it beside them; a list does not read that far.
    ip = details.get("ip") or (getattr(event, "context", None) or {}).get("ip")
    reason = FAILURES.get(str(details.get("reason")), "")
    more = details.get("not_looked_at")
    untold = f"{more} more were not looked at" if isinstance(more, int) else ""
    note = " · ".join(part for part in (f"from {plain(ip)}" if ip else "", reason, untold) if part)
    return Sentence(VERBS[event.action], "as" if event.record_id is not None else "", note, tone)


def _export(event: Event, details: Mapping[str, Any]) -> Sentence:
    rows = _rows(details.get("row_count"))
    noun = "the audit log" if event.entity == "report" else f"{event.entity.replace('_', ' ')} records"
    if "completes" in details:
        if details.get("outcome") == "complete":
            return Sentence("finished exporting", noun, rows)
        after = f", after {'at least ' if details.get('at_least') else ''}{rows}" if rows else ""
        return Sentence("broke off exporting", noun, f"{details.get('outcome')}{after}", "bad")
    kind = str(details.get("format") or "").upper()
    return Sentence("exported", noun, _joined(rows, kind, _only(event, details), str(details.get("reason") or "")))


def _view(event: Event, details: Mapping[str, Any]) -> Sentence:
    page = str(details.get("page") or "")
    if event.entity != "report" or not page:
        return Sentence(VERBS["view"], event.entity.replace("_", " "))
    # What a page is of: the number of an event, the key of a record.
    of = [plain(value) for name, value in details.items() if name not in ("page", "filter", "repeats")]
    noun = " ".join([PAGES.get(page, f"the page “{page.replace('_', ' ')}”"), *of])
    repeats = details.get("repeats")
    again = f"{repeats:,} more views since the one before" if isinstance(repeats, int) else ""
    return Sentence(VERBS["view"], noun, _joined(_only(event, details), again))


def _rows(count: object) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}" if isinstance(count, int) else ""


def _only(event: Event, details: Mapping[str, Any]) -> str:
    """What a page or a file was narrowed to. A zone by itself narrows nothing: it says which days are meant."""
    filtered: dict[str, Any] = details["filter"] if isinstance(details.get("filter"), dict) else {}
    if event.entity == "report" and not filtered.keys() & {"from", "to", "period"}:
        filtered = {name: value for name, value in filtered.items() if name != "tz"}
    return "only " + ", ".join(f"{_named(name)} {plain(value)}" for name, value in filtered.items()) if filtered else ""


def _named(name: str) -> str:
    return f"not {name[1:]}" if name.startswith("-") else name


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def member_noun(event: Event) -> str:
    """What a row that belongs to a record is called: member, permission, or as its table is."""
    return MEMBER_NOUNS.get(event.table_name or "", (event.table_name or "row").replace("_", " "))


def member(event: Event, names: Names) -> str:
    """Which row it is: by the name of what it refers to, or by its first text."""
    details = event.details or {}
    named = next((found for column, value in details.items() if (found := names.of(event, column, value))), None)
    text = next((v for v in details.values() if isinstance(v, str)), "")
    return named or text or ", ".join(map(plain, details.values()))


def _member(event: Event, details: Mapping[str, Any], names: Names, tone: str, mark: str) -> Sentence:
    noun, what = member_noun(event), member(event, names)
    joint = {"insert": "to", "delete": "from", "truncate": "from"}.get(event.action, "of")
    return Sentence(f"{MEMBER_VERBS[event.action]} {noun}", f"{what} {joint} {event.entity}".strip(), "", tone, mark)
