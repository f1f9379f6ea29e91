"""Pages, as a signed-in person sees them."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Browser, Database


def test_the_audit_log_shows_a_change_made_by_somebody_else(db: Database, visitor: Callable[..., Browser]) -> None:
    browser = visitor("auditor")
    db.connect("app").execute("insert into contacts (first_name, last_name) values ('Grace', 'Hopper')")
    assert "Grace Hopper" in browser.get("/reports/audit-log")
