"""Sealing as it is run: once, or again and again until somebody ends it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import psycopg

from .. import config, searching, secret_settings
from ..connecting import connected
from ..errors import AuditLogError
from ..explained import in_words
from . import anchors, delivering, keys
from .anchors import Anchor
from .proof import counted
from .sealing import AnotherSealer, Round, alone, seal

NEEDS = "the role audit_sealer, which the login of the web application must not have"


@dataclass(frozen=True)
class Sealer:
    """What a sealer is given."""

    url: str
    key_file: Path
    passphrase: str
    anchors: list[Anchor]

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Sealer:
        """Raises AuditLogError when a setting is missing or wrong, or the key cannot be used."""
        found = config.evidence(environ)
        if not found.key_file:
            raise keys.KeyFileError(
                f"{keys.SETTING} is not set: make a key with `auditlog keys new`, and name its file there"
            )
        keys.load(Path(found.key_file), found.passphrase)
        return cls(
            secret_settings.seal_database_url(environ),
            Path(found.key_file),
            found.passphrase,
            anchors.parse(found.anchors),
        )

    def run_once(
        self,
        *,
        next_key: keys.SigningKey | None = None,
        on_progress: Callable[[int], None] = lambda done: None,
    ) -> tuple[Round, dict[str, str]]:
        """One round: what was sealed, and which places could not be reached."""
        with connected(self.url, "seal", needs=NEEDS) as connection, alone(connection):
            delivering.require_agreement(connection, self.anchors)
            done = seal(
                connection,
                lambda last: keys.usable(self.key_file, self.passphrase, last),
                next_key=next_key,
                on_progress=on_progress,
            )
            delivered = delivering.deliver(connection, self.anchors)
            searching.extend(connection, seconds=searching.A_WHILE)
            connection.execute("select audit.ensure_partitions()")
            connection.commit()
            return done, delivered

    def run_until(
        self,
        stop: threading.Event,
        every: float,
        *,
        on_round: Callable[[Round, dict[str, str]], None],
        on_failure: Callable[[AuditLogError | psycopg.Error], None],
    ) -> None:
        """A round every so many seconds. A failure is told, and the next round tries again."""
        while not stop.is_set():
            try:
                on_round(*self.run_once())
            except (AuditLogError, psycopg.Error) as error:
                on_failure(error)
            stop.wait(every)


def tell(done: Round, failed: Mapping[str, str]) -> None:
    """What a round did, for whoever reads the sealer's output."""
    # Where standard output is an anchor, it holds checkpoints and nothing else.
    if done.checkpoint:
        click.echo(f"{counted(done.events)} sealed: {done.checkpoint}.", err=True)
    else:
        click.echo("Nothing new since the last checkpoint.", err=True)
    tell_undelivered(failed)


def tell_undelivered(failed: Mapping[str, str]) -> None:
    """What could not be anchored this time."""
    for problem in failed.values():
        click.echo(f"Not anchored, and tried again next time: {problem}", err=True)


def tell_failure(error: AuditLogError | psycopg.Error) -> None:
    """Why a round was not done; a sealer that stands by while another one works is silent."""
    if not isinstance(error, AnotherSealer):
        click.echo(f"Error: {in_words(error)}", err=True)
