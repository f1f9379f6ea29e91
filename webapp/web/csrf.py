"""Whatever changes anything takes a token of ours, from a page of ours. A form that was too old is not lost."""

from __future__ import annotations

from flask import Flask, render_template, request, url_for
from flask_wtf.csrf import CSRFError, CSRFProtect

from .forms import typed
from .settings import settings
from .signed_in import current

protect = CSRFProtect()

ELSEWHERE = "The request comes from another site."
NO_SESSION = "The CSRF session token is missing."
#: What Flask-WTF says when there is no token at all; any other complaint is about one of yesterday.
COMPLAINTS = {
    ELSEWHERE: ("That came from another site", "Nothing has happened. Open the page here, and use its buttons."),
    "The CSRF token is missing.": (
        "The form was not complete",
        "It came without the token that our pages put into theirs. Open the page again and use its buttons.",
    ),
    NO_SESSION: (
        "Your session was not found",
        "It has ended, or your browser keeps no cookies for this address. Go back, reload the page, and try once more.",
    ),
}
TOO_OLD = ("This page was too old", "Nothing has happened yet. Try once more.")


def init_app(app: Flask) -> None:
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # as long as the session, so that a page left open still works
    app.before_request(_only_from_here)
    protect.init_app(app)


def complaint(said: str) -> tuple[str, str]:
    """Flask-WTF's complaint in words for people: a title, and what to do."""
    if said not in COMPLAINTS and not current().came_with_cookie:
        said = NO_SESSION
    return COMPLAINTS.get(said, TOO_OLD)


def page(error: CSRFError) -> tuple[str, int, dict[str, str]]:
    """What is answered in place of what was wanted, with what was typed, if that is still of use."""
    title, text = complaint(str(error.description))
    # What somebody else's page may have sent is not offered again.
    kept = typed() if (title, text) == TOO_OLD and _is_surely_from_here() else []
    if not kept:
        return render_template("error.html", code=400, title=title, text=text), 400, {}
    return render_template("too_old.html", kept=kept), 400, {}


def _only_from_here() -> None:
    """A second lock besides the token: browsers say which site a form comes from."""
    if request.method in ("GET", "HEAD", "OPTIONS", "TRACE"):
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site not in (None, "same-origin", "none") or (site is None and origin not in (None, *_own_origins())):
        raise CSRFError(ELSEWHERE)


def _is_surely_from_here() -> bool:
    return request.headers.get("Sec-Fetch-Site") == "same-origin" or request.headers.get("Origin") in _own_origins()


def _own_origins() -> tuple[str, str]:
    """As the browser says it, and as it is known: a proxy may have changed the first."""
    return request.host_url.rstrip("/"), settings().public_url


def page_before() -> str:
    """The page with the button that was pressed, if the browser says which it was; else the reports."""
    said = request.referrer or ""
    ours = next((origin for origin in _own_origins() if said.startswith(f"{origin}/")), None)
    return said.removeprefix(ours) if ours else url_for("report.reports")
