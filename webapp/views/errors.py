"""Every error as a page that says what to do. No traceback reaches a reader."""

from __future__ import annotations

from http import HTTPStatus

import psycopg
import structlog
from flask import Flask, render_template, request
from flask_wtf.csrf import CSRFError
from gunicorn.http.errors import NoMoreData, ParseException
from psycopg_pool import PoolTimeout
from werkzeug.exceptions import HTTPException

from .. import accounts, db
from ..errors import ExportRefused
from ..web import csrf, hosts, recording
from ..web.signed_in import current_user

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

PAGES = {
    400: ("That did not work", "Something in the address or the form could not be understood."),
    404: (
        "Nothing here",
        "There is no such page or event. It may have been mistyped, or belong to another database.",
    ),
    410: (
        "This link has expired",
        "It stood for a search, which is kept for seven days after it was last made. Search again, or ask whoever sent "
        "it to save the view and to send the link to that.",
    ),
    414: ("The address is too long", "It holds more than this page takes. Go back, and use fewer or shorter filters."),
    405: (
        "That did not work",
        "This address cannot be used in that way. Go back and use the buttons of the page.",
    ),
    431: (
        "Too much beside the address",
        "Your browser sent more headers than this server takes. Delete the cookies of this site, and try again.",
    ),
    413: ("Too much at once", "The form was larger than this page takes. Nothing was done with it."),
}
Page = tuple[str, int, dict[str, str]]


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(ExportRefused, _refused)
    app.register_error_handler(psycopg.OperationalError, _unavailable)
    app.register_error_handler(PoolTimeout, _unavailable)
    app.register_error_handler(psycopg.errors.LockNotAvailable, _busy)
    app.register_error_handler(psycopg.errors.QueryCanceled, _too_slow)
    app.register_error_handler(ParseException, _no_request)
    app.register_error_handler(NoMoreData, _no_request)
    app.register_error_handler(Exception, _bug)


def raw(app: Flask, status: HTTPStatus) -> bytes:
    """A whole answer of HTTP, for what is so wrong that it never becomes a request of Flask's."""
    title, text = PAGES[status]
    with app.test_request_context("/"):
        page = render_template("error.html", code=status, title=title, text=text)
        answer = app.process_response(app.make_response((page, status)))
    head = [f"HTTP/1.1 {status.value} {status.phrase}", "Connection: close"]
    head += [f"{name}: {value}" for name, value in answer.headers]
    return "\r\n".join([*head, "", page]).encode()


def _page(code: int, title: str, text: str, **headers: str) -> Page:
    return render_template("error.html", code=code, title=title, text=text), code, headers


def _try_again(title: str, text: str) -> Page:
    return _page(503, title, text, **{"Retry-After": "10"})


def _http_error(error: HTTPException) -> Page:
    code = error.code or 500
    if isinstance(error, hosts.UnknownHost):
        return *hosts.unknown_host(), {}
    original = getattr(error, "original_exception", None)
    if isinstance(original, (psycopg.OperationalError, PoolTimeout)):  # while the session was being kept
        return _unavailable(original)
    if code == 403:
        return _forbidden()
    if isinstance(error, CSRFError):
        return csrf.page(error)
    if code == 401:
        return render_template("signed_out.html", next=csrf.page_before()), 401, {}
    title, text = PAGES.get(code, ("That did not work", error.name + "."))
    if code == 400 and error.description and error.description != type(error).description:
        text = error.description
    return _page(code, title, text)


def _forbidden() -> Page:
    path = request.path.replace("\x00", "\ufffd")  # PostgreSQL has no text with a NUL in it
    with db.connection() as connection:
        recording.visitor().record(connection, "denied", "report", details={"path": path})
        asked = accounts.administrators(connection)
    return render_template("forbidden.html", administrators=asked, name=current_user.name), 403, {}


def _refused(error: ExportRefused) -> Page:
    return _page(error.status, error.title, str(error))


def _unavailable(error: Exception) -> Page:
    log.error("database unavailable", error=type(error).__name__, path=request.path)
    return _try_again(
        "The database does not answer",
        "Nothing is lost: changes are recorded by the database itself. Try again in a moment.",
    )


def _busy(error: Exception) -> Page:
    log.warning("the database is busy", error=type(error).__name__, path=request.path)
    return _try_again("Too many people at once", "The database is busy with others. Try again in a moment.")


def _too_slow(error: Exception) -> Page:
    log.warning("query took too long", path=request.path)
    return _try_again("That took too long", "Narrow the report, for example to a shorter time, and try again.")


def _no_request(error: Exception) -> Page:
    """gunicorn finds it out while the body is read, when it is a request already."""
    return _page(400, *PAGES[400])


def _bug(error: Exception) -> Page:
    log.error("unexpected error", path=request.path, exc_info=error)
    return _page(
        500,
        "Something went wrong",
        "It is our fault, and it has been noted. Try again, or ask your administrator.",
    )
