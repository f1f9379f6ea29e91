"""Audit Log Report: the web application."""

from __future__ import annotations

from flask import Flask

from . import config, db, logs, permissions
from .views import (
    account,
    auth,
    choosing,
    erasing,
    errors,
    exports,
    finding,
    health,
    inventory,
    my_sessions,
    printing,
    proofs,
    report,
    saved,
    second_step,
    single_sign_on,
)
from .web import addresses, bounds, csrf, forms, headers, hosts, pseudonyms, rendering, signed_in, times, viewing
from .web import settings as web_settings


def create_app(settings: config.Settings | None = None) -> Flask:
    """The application, wired. Without settings it reads AUDITLOG_* from the environment."""
    settings = settings or config.from_environment()
    app = Flask(__name__)
    logs.configure()
    web_settings.init_app(app, settings)
    headers.init_app(app, settings)
    hosts.init_app(app, settings)
    bounds.init_app(app)
    db.init_app(app, settings)
    signed_in.init_app(app, settings)
    permissions.init_app(app)
    csrf.init_app(app)
    forms.init_app(app)
    rendering.init_app(app)
    times.init_app(app)
    addresses.init_app(app)
    pseudonyms.init_app(app)
    errors.init_app(app)
    app.register_blueprint(auth.blueprint)
    single_sign_on.init_app(app, settings)
    app.register_blueprint(second_step.blueprint)
    app.register_blueprint(single_sign_on.blueprint)
    app.register_blueprint(choosing.blueprint)
    app.register_blueprint(account.blueprint)
    app.register_blueprint(my_sessions.blueprint)
    app.register_blueprint(report.blueprint)
    app.register_blueprint(exports.blueprint)
    app.register_blueprint(printing.blueprint)
    app.register_blueprint(finding.blueprint)
    app.register_blueprint(saved.blueprint)
    app.register_blueprint(proofs.blueprint)
    app.register_blueprint(erasing.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(inventory.blueprint)
    viewing.init_app(app)
    return app
