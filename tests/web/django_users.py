"""Makes Django's own tables of users and fills them: django_users.py NAME=PASSWORD…, connected by the PG* variables."""

# Django comes without types.
# pyright: reportGeneralTypeIssues=false, reportUnknownMemberType=false
from __future__ import annotations

import os
import sys

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["PGDATABASE"],
            "USER": os.environ["PGUSER"],
            "HOST": os.environ["PGHOST"],
            "PORT": os.environ["PGPORT"],
        }
    },
    PASSWORD_HASHERS=[
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.Argon2PasswordHasher",
    ],
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402 - only after the settings
from django.contrib.auth.models import Group, User  # noqa: E402
from django.core.management import call_command  # noqa: E402


def main(password: str) -> None:
    call_command("migrate", verbosity=0)
    auditors, chiefs = (Group.objects.create(name=name) for name in ("Auditors", "Audit administrators"))
    joan = User.objects.create_user("Joan", "joan@corp.example", password, first_name="Joan", last_name="Clarke")
    joan.groups.add(auditors, chiefs)
    hugh = User.objects.create_user("hugh", "hugh@corp.example", None)
    hugh.password = make_password(password, hasher="argon2")
    hugh.save()
    hugh.groups.add(auditors)
    User.objects.create_user("mavis", "mavis@corp.example", password)
    gone = User.objects.create_user("dilly", "dilly@corp.example", password, is_active=False)
    gone.groups.add(auditors)
    User.objects.create_user("keith", "keith@corp.example", None).groups.add(auditors)


if __name__ == "__main__":
    main(sys.argv[1])
