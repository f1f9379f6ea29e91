"""The tracked model."""

from __future__ import annotations

import pghistory
from django.db import models


# Insert and update events are the default; without the third a delete would cost nothing and leave nothing.
@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Contact(models.Model):
    """The table that every subject captures; it is there already."""

    id = models.BigAutoField(primary_key=True)
    first_name = models.TextField(null=True)
    last_name = models.TextField(null=True)
    email = models.TextField(null=True)
    phone = models.TextField(null=True)
    company = models.TextField(null=True)
    notes = models.TextField(null=True)
    owner_id = models.IntegerField(null=True)
    created_at = models.DateTimeField(null=True)

    class Meta:
        """Where it is kept."""

        db_table = "contacts"
        managed = False

    def __str__(self) -> str:
        return str(self.id)
