"""Errors that a person is meant to read. The command line prints their text and exits with 1."""

from __future__ import annotations


class AuditLogError(Exception):
    """Something went wrong that the message explains and says how to mend."""


class ConfigurationError(AuditLogError):
    """A setting is missing or wrong."""


class MigrationError(AuditLogError):
    """The database and this version of the program do not fit together."""


class ServerError(AuditLogError):
    """The embedded PostgreSQL server cannot be started."""


class FilterError(AuditLogError):
    """A filter in the address cannot be understood."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class ExportRefused(AuditLogError):
    """An export that cannot begin: a page of that status, with a title, and a text that says what to do."""

    def __init__(self, status: int, title: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.title = title


class ArchiveError(AuditLogError):
    """An archive cannot be written, or is not what it should be."""
