"""What is measured are pages that are there, and every field by which an address can narrow the report is among them."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from tests.conftest import Browser, Database
from webapp import searching
from webapp.filter_fields import FIELDS
from webapp.generating.generator import generate
from webapp.measuring.pages import pages
from webapp.web import cursors


def test_every_page_that_is_measured_is_there(db: Database, app: Flask, visitor: Callable[..., Browser]) -> None:
    generate(db.connect("postgres", autocommit=False), 600, 2)
    searching.extend(db.superuser)
    with app.test_request_context():
        measured = pages(db.superuser, cursors.dump)
    browser = visitor("admin")
    for page in measured:
        if page.address:
            browser.get(page.address)
    asked = " ".join(page.address for page in measured)
    assert [name for name, known in FIELDS.items() if not known.private and f"{name}=" not in asked] == []
    assert [page.name for page in measured if page.typed] == ["a word that is nowhere", "a rare word"]
