"""The list of routes that is committed beside this file, and what each permission opens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import Browser, Database, csrf_token
from tests.web.test_permissions import ADDRESSES
from webapp import permissions

Visitor = Callable[..., Browser]
LIST = Path(__file__).with_name("routes.txt")
OWN = {"HEAD", "OPTIONS"}  # Flask's answer to them follows from the others


def routes(app: Flask) -> Iterator[tuple[str, list[str], str]]:
    """Endpoint, methods and rule of everything that can be asked for."""
    for rule in app.url_map.iter_rules():
        yield rule.endpoint, sorted((rule.methods or set()) - OWN), rule.rule


def shut_out(response_code: int, location: str | None) -> bool:
    return response_code in (401, 403) or (response_code == 302 and (location or "").startswith("/login"))


def test_every_route_stands_in_the_committed_list_with_what_it_takes(app: Flask) -> None:
    """A route that is added, opened or closed shows in the change of that file. To accept it, write the line there."""
    now = [f"{rule:<58} {', '.join(methods):<10} {permissions.ROUTES.get(endpoint, 'nobody')}"
           for endpoint, methods, rule in routes(app)]  # fmt: skip
    assert LIST.read_text().splitlines() == sorted(now)


def test_every_permission_that_a_route_takes_is_one_that_a_person_can_have(db: Database, app: Flask) -> None:
    given = {p for role in ("auditor", "administrator") for p in db.value("select audit.permissions_of(%s)", role)}
    assert given == {"audit.view", "audit.export", "audit.manage"}
    assert db.value("select audit.permissions_of('auditor')") == ["audit.view", "audit.export"]
    for other in ("member", "editor", "Administrator", "", None):
        assert db.value("select audit.permissions_of(%s)", other) == []
    taken = set(permissions.ROUTES.values()) - {permissions.PUBLIC, permissions.SIGNED_IN}
    assert taken <= permissions.PERMISSIONS
    assert given | {"audit.erase"} == permissions.PERMISSIONS


@pytest.mark.parametrize(
    "permission", ["audit.view", "audit.export", "audit.manage", "audit.erase", "audit.everything"]
)
def test_a_permission_opens_what_takes_it_and_nothing_else(
    db: Database, app: Flask, visitor: Visitor, permission: str
) -> None:
    db.run("insert into user_permissions values (3, %s)", permission)
    browser = visitor("plain")
    token = csrf_token(browser.client.get("/reports/").text)
    for endpoint, methods, _ in routes(app):
        if endpoint == "auth.logout":
            continue
        for method in methods:
            address = ADDRESSES[endpoint][1]
            with browser.client.open(address, method=method, headers={"X-CSRFToken": token}) as response:
                opened = not shut_out(response.status_code, response.location)
            required = permissions.ROUTES[endpoint]
            assert opened == (required in (permissions.PUBLIC, permissions.SIGNED_IN, permission)), (method, address)


@pytest.mark.parametrize(
    "change",
    ["set active = false", "set role = 'member'", "set categories = '{}', role = 'member'"],
    ids=["disabled", "demoted", "demoted and limited"],
)
def test_who_loses_a_permission_loses_it_everywhere_at_once(
    db: Database, app: Flask, visitor: Visitor, change: str
) -> None:
    browser = visitor("admin")
    token = csrf_token(browser.get("/reports/audit-log"))
    db.run(f"update users {change} where id = 1")
    before = db.value("select count(*) from audit.events where action in ('export', 'view')")
    for endpoint, methods, _ in routes(app):
        if permissions.ROUTES[endpoint] not in (permissions.PUBLIC, permissions.SIGNED_IN):
            for method in methods:
                address = ADDRESSES[endpoint][1]
                with browser.client.open(address, method=method, headers={"X-CSRFToken": token}) as response:
                    assert shut_out(response.status_code, response.location), (method, address, response.status)
    assert db.value("select count(*) from audit.events where action in ('export', 'view')") == before
