"""Flask's session, kept by the server. The cookie is a random token; the CSRF token hangs on it.

Who is not signed in has a cookie that names nothing in the database, so that visitors cost it nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from typing import Any, cast

from flask import Flask, Request, Response, g, request, session
from flask.sessions import SessionInterface, SessionMixin
from werkzeug.local import LocalProxy

from .. import db, keys, sessions, tokens
from ..accounts import Nobody, User
from ..config import SessionLimits, Settings
from ..sessions import Session

CSRF = "csrf_token"  # Flask-WTF's name for it
FRESH = "~"  # begins a cookie for which nothing is kept


def current() -> WebSession:
    """The session of this request."""
    return cast(WebSession, session._get_current_object())  # pyright: ignore[reportAttributeAccessIssue, reportPrivateUsage]


def user_id() -> str:
    """Of whoever is signed in, on pages that nobody else gets to."""
    user = current().user
    assert user is not None
    return user.user_id


#: Who makes this request: a User, or Nobody.
current_user = cast("User | Nobody", LocalProxy(lambda: current().user or Nobody()))


class WebSession(SessionMixin):
    """The session of one request, looked up when somebody first asks.

    As a mapping it keeps small things between two requests, such as the first step of a sign-in, for minutes
    before signing in and as long as the session afterwards.
    """

    def __init__(self, cookie: str, limits: SessionLimits, secret_key: str) -> None:
        token = cookie.removeprefix(FRESH)
        self.limits = limits
        self.cookie = cookie if sessions.TOKEN.fullmatch(token) else ""
        self.came_with_cookie = bool(self.cookie)
        self.modified = False
        self._secret_key = secret_key
        self._looked_up = not self.cookie or self.cookie.startswith(FRESH)
        self._session: Session | None = None
        self._has_ended = False
        self._data: dict[str, Any] = {}

    # -- who ---------------------------------------------------------------------------------------

    @property
    def found(self) -> Session | None:
        """What the server keeps of this session; None before anything is kept."""
        if not self._looked_up:
            with db.connection() as connection:
                self._session = sessions.find(connection, self.cookie, self.limits)
            self._looked_up = True
            self._data = dict(self._session.data) if self._session else {}
            self._has_ended = self._session is None
        return self._session

    @property
    def user(self) -> User | None:
        """Who is signed in."""
        return self.found.user if self.found else None

    @property
    def has_ended(self) -> bool:
        """Whether the browser came with the token of a session that is over."""
        return self.found is None and self._has_ended

    @property
    def was_confirmed(self) -> bool:
        """Whether the person proved lately who they are."""
        ago = self.found.proved_ago if self.found else None
        return ago is not None and ago < self.limits.confirmed

    # -- beginning and end: in the transaction that puts it on record -------------------------------

    def begin(
        self,
        connection: db.Connection,
        user: User,
        client_addr: str | None,
        user_agent: str | None,
        data: Mapping[str, Any] | None = None,
    ) -> int:
        """Sign in: a new session with a new token. Nothing from before lives on but `data`. Returns its number."""
        if self.found:
            sessions.end(connection, self.cookie, "replaced")
        began = sessions.begin(
            connection, self.limits, user=user, client_addr=client_addr, user_agent=user_agent, data=data
        )
        self._become(*began)
        return began[1].session_id

    def confirm(self, connection: db.Connection) -> None:
        """The person has just proved again who they are."""
        token = sessions.renew(connection, self.cookie)
        found = sessions.find(connection, token, self.limits)
        assert found is not None
        self._become(token, found)

    def end(self, connection: db.Connection) -> None:
        """Sign out."""
        sessions.end(connection, self.cookie)
        self._become("", None)

    def save(self) -> None:
        """Keep what was noted. Once: where it fails, the page that says so has nothing to keep."""
        self.modified = False
        with db.connection() as connection:
            if self.found:
                sessions.keep(connection, self.cookie, self._data)
            else:
                self._become(*sessions.begin(connection, self.limits, data=self._data))

    def _become(self, token: str, found: Session | None) -> None:
        self.cookie, self._session, self._looked_up = token, found, True
        self._data = dict(found.data) if found else {}
        self.modified = False
        g.pop(CSRF, None)  # Flask-WTF keeps it there

    # -- a mapping, with the CSRF token in it --------------------------------------------------------

    def _csrf(self) -> str | None:
        # By the number of a session, not its token: pages that are open outlive a renewal.
        if self.found:
            basis = f"session {self.found.session_id} {self.found.user.user_id if self.found.user else ''}"
        elif self.cookie.startswith(FRESH):
            basis = self.cookie
        else:
            return None
        return hmac.new(keys.derived(self._secret_key, "csrf"), basis.encode(), "sha256").hexdigest()

    def __getitem__(self, key: str) -> Any:
        if key != CSRF:
            return self._noted[key]
        if token := self._csrf():
            return token
        raise KeyError(key)

    def __setitem__(self, key: str, value: Any) -> None:
        if key == CSRF:  # whatever the value: it is ours to make, and takes a cookie
            self.cookie = FRESH + tokens.new()
        else:
            self._noted[key] = value
            self.modified = True

    def __delitem__(self, key: str) -> None:
        del self._noted[key]
        self.modified = True

    def __iter__(self) -> Iterator[str]:
        return iter(self._noted)

    def __len__(self) -> int:
        return len(self._noted)

    @property
    def _noted(self) -> dict[str, Any]:
        _ = self.found
        return self._data


class ServerSessions(SessionInterface):
    """Opens and saves them for Flask."""

    def __init__(self, limits: SessionLimits) -> None:
        self.limits = limits

    def open_session(self, app: Flask, request: Request) -> WebSession:
        cookie = request.cookies.get(self.get_cookie_name(app), "")
        return WebSession(cookie, self.limits, str(app.secret_key))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        ours = cast(WebSession, session)
        if ours.modified:
            ours.save()
        name, held = self.get_cookie_name(app), request.cookies.get(self.get_cookie_name(app), "")
        if ours.cookie != held:
            response.set_cookie(
                name,
                ours.cookie,
                max_age=None if ours.cookie else 0,
                path="/",
                secure=self.get_cookie_secure(app),
                httponly=True,
                samesite="Lax",
            )


def init_app(app: Flask, settings: Settings) -> None:
    app.session_interface = ServerSessions(settings.session_limits)
    app.jinja_env.globals["current_user"] = current_user  # pyright: ignore[reportArgumentType]
