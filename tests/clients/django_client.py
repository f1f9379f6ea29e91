"""Writes with Django's ORM: django_client.py named|unnamed|bulk EMAIL, connected by the PG* variables.

One contact; or, in bulk, two that are then changed and deleted by statements of which no model and no signal hears.
"""

# Django comes without types.
# pyright: reportGeneralTypeIssues=false, reportAttributeAccessIssue=false
from __future__ import annotations

import os
import sys
from dataclasses import dataclass

import django
from django.conf import settings

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["PGDATABASE"],
            "USER": os.environ["PGUSER"],
            "PASSWORD": os.environ["PGPASSWORD"],
            "HOST": os.environ["PGHOST"],
            "PORT": os.environ["PGPORT"],
            "OPTIONS": {"application_name": "crm-django"},
        }
    },
    USE_TZ=True,
)
django.setup()

from django.db import connection, models, transaction  # noqa: E402 - only after the settings


class Contact(models.Model):
    """The application's own model of a table that it does not manage."""

    id = models.BigAutoField(primary_key=True)
    first_name = models.TextField()
    last_name = models.TextField()
    email = models.TextField()

    class Meta:
        app_label = "crm"
        db_table = "contacts"
        managed = False

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}"


@dataclass
class User:
    """Whoever is signed in; in a view, request.user."""

    pk: int
    name: str

    def get_full_name(self) -> str:
        return self.name


def save_for(user: User, contact: Contact) -> None:
    # naming the user
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select audit.set_actor(%s, %s)", [str(user.pk), user.get_full_name()])
        contact.save()
    # end


def write_in_bulk(email: str) -> None:
    Contact.objects.bulk_create(Contact(first_name=name, last_name="L", email=email) for name in ("Ada", "Bo"))
    written = Contact.objects.filter(email=email)
    written.update(last_name="King")
    written.delete()


def main(how: str, email: str) -> None:
    contact = Contact(first_name="Ada", last_name="Lovelace", email=email)
    if how == "bulk":
        write_in_bulk(email)
    elif how == "named":
        save_for(User(42, "Priya Raman"), contact)
    else:
        contact.save()


if __name__ == "__main__":
    main(*sys.argv[1:])
