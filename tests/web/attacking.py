"""What the attacks share: every route of the application, every parameter that its pages name, and what must not happen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from urllib.parse import quote, urlencode, urljoin, urlsplit
from zipfile import ZipFile, is_zipfile

import html5lib
from flask import Flask
from werkzeug.routing import IntegerConverter, Rule
from werkzeug.test import TestResponse

from tests.conftest import Browser, csrf_token
from webapp.filters import PARAMETERS
from webapp.web.addresses import PLACE

MARKUP = """'"><x-probe onfocus=alert(1) style=a:b>&lt;<script>alert(1)</script><!--]]>{{7*7}}{% x %}"""
READING = {"GET", "HEAD", "OPTIONS"}
#: Words of our own insides. None is in a page, whatever the visitor sends.
INSIDES = re.compile(r"traceback|psycopg|sqlstate|syntax error|site-packages|webapp/|\.py\b|jinja", re.IGNORECASE)


def rules(app: Flask) -> list[Rule]:
    """Every route there is: one that is added tomorrow is attacked tomorrow."""
    return list(app.url_map.iter_rules())


def address(rule: Rule, value: str = "1", *, number: str = "1") -> str:
    """The address of a route with this in each of its variable parts; numbers take `number`."""
    converters = rule._converters  # pyright: ignore[reportPrivateUsage]

    def part(found: re.Match[str]) -> str:
        name = found[1].rpartition(":")[2]
        return number if isinstance(converters[name], IntegerConverter) else quote(value, safe="/")

    return re.sub(r"<([^>]+)>", part, rule.rule)


def forms(app: Flask) -> list[Rule]:
    """The routes that change something."""
    return [rule for rule in rules(app) if (rule.methods or set()) - READING]


def pages(app: Flask) -> list[Rule]:
    return [rule for rule in rules(app) if "GET" in (rule.methods or set()) and rule.endpoint != "static"]


def parameters(app: Flask, browser: Browser) -> list[str]:
    """Every name that a page of ours puts into a form or a link."""
    names = {*PARAMETERS, *PLACE, "next", "csrf_token"}
    for rule in pages(app):
        with browser.client.get(address(rule), follow_redirects=True) as response:
            document = html5lib.parse(response.get_data(as_text=True), namespaceHTMLElements=False)
            names |= {e.get("name") for e in document.iter() if e.get("name") and e.tag != "meta"}
            names |= set(re.findall(r"[?&;]([a-z_]+)=", response.get_data(as_text=True)))
    return sorted(names)


def crawl(app: Flask, browser: Browser, most: int = 70, each: int = 20) -> Iterator[tuple[str, str]]:
    """Pages that can be reached by links from the pages there are, at most so many of `each` kind: address and HTML."""
    waiting = ["/reports/", *(address(rule) for rule in pages(app))]
    seen: set[str] = set()
    kinds: dict[str, int] = {}
    while waiting and len(seen) < most:
        here = waiting.pop(0)
        kind = re.sub(r"\d+", "1", urlsplit(here).path)
        if here in seen or kinds.get(kind, 0) >= each:
            continue
        seen.add(here)
        kinds[kind] = kinds.get(kind, 0) + 1
        with browser.client.get(here, headers={"User-Agent": MARKUP}) as response:
            assert response.status_code < 500, here
            if 300 <= response.status_code < 400:
                waiting.append(response.headers["Location"])
            if response.mimetype != "text/html":
                continue
            html = response.get_data(as_text=True)
        yield here, html
        links = re.findall(r'href="([^"]+)"', html)
        waiting += [urljoin(here, unescape(found)).partition("#")[0] for found in links if "/static/" not in found]


def harmless(response: TestResponse) -> str | None:
    """What is wrong with an answer to an attack: None when it is a page of ours that says nothing of our insides."""
    if response.status_code >= 500:
        return response.status
    if "Content-Security-Policy" not in response.headers:
        return "without our headers"
    # A cookie is random, and its random letters may happen to be anything.
    headers = "\n".join(value for name, value in response.headers if name != "Set-Cookie")
    leak = INSIDES.search(headers) or INSIDES.search(words_of(response))
    return f"{response.status}, shows “{leak[0]}”" if leak else None


def words_of(response: TestResponse) -> str:
    """What can be read in a page or a file, a workbook included."""
    body = response.get_data()
    if not is_zipfile(BytesIO(body)):
        return body.decode(errors="replace")
    with ZipFile(BytesIO(body)) as archive:
        return "\n".join(archive.read(name).decode(errors="replace") for name in archive.namelist())


def with_query(path: str, **query: str) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def token(browser: Browser) -> dict[str, str]:
    """A header with a CSRF token that is good for this browser."""
    with browser.client.get("/reports/", follow_redirects=True) as response:
        return {"X-CSRFToken": csrf_token(response.get_data(as_text=True))}
