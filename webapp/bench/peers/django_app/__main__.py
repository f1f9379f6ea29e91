"""Installs django-pghistory in the database of BENCH_DATABASE_URL, by the commands that its users run."""

from __future__ import annotations

import os

import django
from django.conf import settings
from django.core.management import call_command
from psycopg.conninfo import conninfo_to_dict

from webapp.bench.subjects import ADDRESS


def install(url: str) -> None:
    parts = conninfo_to_dict(url)
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "OPTIONS": parts,
    }
    settings.configure(
        DATABASES={"default": database},
        INSTALLED_APPS=["pgtrigger", "pghistory", "webapp.bench.peers.django_app"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()
    # The application has no migrations of its own: its event table is made by run_syncdb.
    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("pgtrigger", "install", "--database", "default")


if __name__ == "__main__":
    install(os.environ[ADDRESS])
