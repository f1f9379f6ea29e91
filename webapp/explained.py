"""Failures of commands, as people should see them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click
import psycopg

from .errors import AuditLogError

P = ParamSpec("P")
R = TypeVar("R")


def explained(command: Callable[P, R]) -> Callable[P, R]:
    """Every expected failure as one line and exit code 1."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except AuditLogError as error:
            raise click.ClickException(str(error)) from None
        except psycopg.OperationalError as error:
            raise click.ClickException(f"the database does not answer: {' '.join(str(error).split())}") from None
        except psycopg.Error as error:
            parts = [
                error.diag.message_primary or str(error),
                error.diag.message_detail,
                error.diag.message_hint,
            ]
            raise click.ClickException("\n  ".join(part for part in parts if part)) from None

    return run
