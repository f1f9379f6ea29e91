"""Commands that make evidence: auditlog keys, seal and prove."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

import click
from rich.console import Console

from .. import config, secret_settings
from ..connecting import connected
from ..explained import explained
from . import keys as key_files
from . import proving
from .proving_archived import lines_in
from .sealing import AnotherSealer
from .service import NEEDS, Sealer, tell, tell_failure

progress = Console(stderr=True, quiet=not sys.stderr.isatty())

key_file = click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"The private key. Default: {key_files.SETTING}.",
)


def _named(file: Path | None) -> tuple[Path, str]:
    settings = config.evidence()
    if file is None and not settings.key_file:
        raise key_files.KeyFileError(f"name the key's file with --file, or in {key_files.SETTING}")
    return file or Path(settings.key_file), settings.passphrase


@click.group()
def keys() -> None:
    """Manage the key that signs checkpoints.

    Keep it where the database's administrators cannot reach it.
    """


@keys.command()
@key_file
@explained
def new(file: Path | None) -> None:
    """Make a key. With AUDITLOG_SEAL_KEY_PASSPHRASE set, it is kept encrypted.

    \b
    Example:
      auditlog keys new --file /etc/auditlog/seal.key
    """
    path, passphrase = _named(file)
    key = key_files.create(path, passphrase)
    click.echo(f"The key is in {path}: back it up, and let nobody else read it.")
    click.echo(f"Give auditors its public half, from {key_files.public_file(path)}:\n  {key.public}")


@keys.command()
@key_file
@explained
def show(file: Path | None) -> None:
    """Print the public key, which auditors check seals with.

    \b
    Example:
      auditlog keys show > seal.key.pub
    """
    click.echo(str(key_files.load(*_named(file)).public))


@keys.command()
@explained
def rotate() -> None:
    """Replace the key.

    A checkpoint that both keys sign names the new one.

    \b
    Example:
      auditlog keys rotate
    """
    sealer = Sealer.from_environment()
    waiting = key_files.next_file(sealer.key_file)
    old = key_files.load(sealer.key_file, sealer.passphrase)
    following = (key_files.load if waiting.exists() else key_files.create)(waiting, sealer.passphrase)
    done, failed = sealer.run_once(next_key=following)
    key_files.put_in_place(sealer.key_file, old)
    tell(done, failed)
    click.echo(f"From now on this key signs:\n  {following.public}")


@click.command()
@click.option("--every", type=click.FloatRange(min=1), metavar="SECONDS", help="Go on until ended, a round each time.")
@explained
def seal(every: float | None) -> None:
    """Seal what was written.

    Sign what the log holds, and carry that to the places in AUDITLOG_ANCHORS.

    \b
    Example:
      AUDITLOG_SEAL_KEY_FILE=/etc/auditlog/seal.key auditlog seal --every 60
    """
    sealer = Sealer.from_environment()
    if every is None:
        with progress.status("Sealing") as status:
            try:
                done = sealer.run_once(on_progress=lambda events: status.update(f"Sealing: {events:,} events"))
            except AnotherSealer as error:
                click.echo(f"Nothing done: {error}.")
                return
        tell(*done)
        if done[1]:
            sys.exit(1)
        return
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    sealer.run_until(stop, every, on_round=tell, on_failure=tell_failure)


@click.command()
@click.argument("event_ids", nargs=-1, type=int, metavar="[EVENT]...")
@click.option("--since", type=int, metavar="NUMBER", help="Instead: that the log only grew since this checkpoint.")
@click.option("--until", type=int, metavar="NUMBER", help="… until this one. Default: the last.")
@explained
def prove(event_ids: tuple[int, ...], since: int | None, until: int | None) -> None:
    """Print a proof of events, or of growth between two checkpoints.

    `auditlog verify FILE` and proof.py check it.

    \b
    Example:
      auditlog prove 4711 > proof.ndjson
    """
    if bool(event_ids) == (since is not None):
        raise click.UsageError("name either events or --since")
    with connected(secret_settings.seal_database_url(), "prove", needs=NEEDS) as connection:
        if since is not None:
            click.echo(proving.prove_growth(connection, since, until))
        else:
            elsewhere = lines_in(connection, config.archive())
            for line in proving.prove_events(connection, event_ids, elsewhere):
                click.echo(line)
