"""A sealer beside the web processes, which know nothing of its login and its key.

Whoever serves starts a keeper, which starts the sealer, and another one whenever that has died. Both end when the
pipe at their standard input does: its other end is held by whoever serves, and by nobody else.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from types import FrameType

import psycopg

from .. import config, secret_settings
from ..errors import AuditLogError
from . import keys
from .service import Sealer, tell_failure, tell_undelivered

EVERY = 60.0  # seconds between rounds
PAUSE = 2.0  # before another sealer follows one that died


def wanted(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the settings ask for a sealer beside the web processes."""
    return bool(secret_settings.given(environ, "AUDITLOG_SEAL_DATABASE_URL"))


def warnings(environ: Mapping[str, str] = os.environ) -> list[str]:
    """What whoever starts the server may have meant otherwise."""
    if not wanted(environ) and environ.get(keys.SETTING, "").strip():
        return [
            f"{keys.SETTING} is set, but no login that seals: this server seals nothing. Name one in the role "
            "audit_sealer in AUDITLOG_SEAL_DATABASE_URL_FILE, or run auditlog seal"
        ]
    return []


def require(environ: Mapping[str, str] = os.environ) -> None:
    """Raise AuditLogError or psycopg.Error when the sealer could not work."""
    sealer = Sealer.from_environment(environ)
    secret_settings.require_strong_password(sealer.url, "AUDITLOG_SEAL_DATABASE_URL")
    with psycopg.connect(sealer.url, application_name="auditlog serve") as connection:
        try:
            connection.execute("select from audit.sealing")
        except psycopg.errors.InsufficientPrivilege:
            # Not "grant it": this may be the web application's login, which serve refuses once it can seal.
            raise AuditLogError(
                f'the login "{connection.info.user}" in AUDITLOG_SEAL_DATABASE_URL cannot seal. Give the sealer a '
                "login of its own (create role auditlog_sealer login in role audit_sealer)"
            ) from None


def start(environ: Mapping[str, str] = os.environ) -> tuple[subprocess.Popen[bytes], int]:
    """Start the keeper; it ends when the returned descriptor is closed, or whoever holds it has died."""
    theirs, ours = os.pipe()
    command = [sys.executable, "-c", f"from {__name__} import main; main()"]
    own = {name: value for name, value in environ.items() if not name.startswith("AUDITLOG_SECRET_KEY")}
    keeper = subprocess.Popen(command, stdin=theirs, env=own, start_new_session=True)  # noqa: S603
    os.close(theirs)
    return keeper, ours


@contextmanager
def sealing(environ: Mapping[str, str]) -> Generator[None]:
    """A sealer for as long as the block lasts."""
    keeper, descriptor = start(environ)
    try:
        yield
    finally:
        os.close(descriptor)
        keeper.wait()


def forget() -> None:
    """Start the keeper if one is wanted, and become the same command without the sealer's settings, if there are any.

    A process cannot take back what it was started with: /proc shows that, of each process that it forks, too.
    """
    if not any(name in os.environ for name in config.SEALERS_OWN):
        return
    if wanted():
        _, descriptor = start()
        os.set_inheritable(descriptor, True)
    without = {name: value for name, value in os.environ.items() if name not in config.SEALERS_OWN}
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], without)  # noqa: S606 - the same command again


def main() -> None:
    """Keep a sealer at work until standard input ends, or we are told to end."""
    told = False

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal told
        told = True
        os.kill(sealer, signal.SIGTERM)

    while True:
        sealer = os.fork()
        if not sealer:
            _seal()
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        os.waitpid(sealer, 0)
        if told or select.select([sys.stdin], [], [], PAUSE)[0]:
            return


def _seal() -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    threading.Thread(target=_end_with_input, args=(stop,), daemon=True).start()
    # In the output of a web server, only what goes wrong is of interest.
    Sealer.from_environment().run_until(
        stop, EVERY, on_round=lambda _done, failed: tell_undelivered(failed), on_failure=tell_failure
    )


def _end_with_input(stop: threading.Event) -> None:
    select.select([0], [], [])
    stop.set()
    time.sleep(10)  # for the round at work, which is safe to be ended at any point
    os._exit(0)
