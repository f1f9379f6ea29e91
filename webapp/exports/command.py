"""auditlog export."""

from __future__ import annotations

import getpass
import json
import logging
import signal
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import psycopg
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from .. import archives, config, query_language
from ..connecting import connected
from ..db import Connection
from ..errors import AuditLogError, ExportRefused
from ..evidence import places
from ..evidence.places import Place, PlaceOption
from ..evidence.proof import counted
from ..explained import explained
from ..filter_fields import FIELDS
from ..filters import Filters
from ..progress import bar
from ..scopes import EVERYTHING
from . import manifest
from .columns import ALWAYS, Column, chosen
from .export import Export
from .files import FORMATS, File
from .half_written import HalfWritten

NEEDS = "the role audit_reader"
EVERY_ROW = 2**62
F = TypeVar("F", bound=Callable[..., Any])


class DatabaseLogin:
    """Whoever runs the command: known to the database by its login, and by what this machine calls them."""

    user_id = None

    def act(self, connection: Connection) -> None:
        context = {"os_user": getpass.getuser(), "host": socket.gethostname()}
        connection.execute("select audit.set_actor(null, context => %s)", (Jsonb(context),))


def _filters(command: F) -> F:
    """An option for each filter that an address can have."""
    for name, known in reversed(FIELDS.items()):
        shown = f"{known.label}." + (f" Such as {known.example}." if known.example else "")
        command = click.option(f"--{name}", multiple=True, metavar="VALUE", help=shown)(command)
    for name, shown in (
        ("to", "Last day, included."),
        ("from", "First day, such as 2026-10-01."),
        ("period", "Such as last-month."),
    ):
        command = click.option(f"--{name}", metavar="DAYS" if name == "period" else "DAY", help=shown)(command)
    return command


@click.command("export")
@click.option("--query", help="As above the list: 'action:delete -entity:group \"main street\"'.")
@_filters
@click.option("--tz", help="Zone of the days. Default: AUDITLOG_TIME_ZONE, or UTC. Times in files are UTC.")
@click.option("--format", "kind", type=click.Choice([*FORMATS]), help="Default: by the name of the file; else CSV.")
@click.option("--columns", metavar="NAMES", help=f"With commas; {' and '.join(ALWAYS)} are always there. Default: all.")
@click.option("--with-proof", is_flag=True, help="Seals, by which auditlog verify can check NDJSON.")
@click.option("--for-excel", is_flag=True, help="Mark CSV as UTF-8, for Excel.")
@click.option(
    "--archive",
    type=PlaceOption(),
    help="Where the months are that left the log: read them, too. Default: AUDITLOG_ARCHIVE, if it is set.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Default: standard output.")
@click.option("--resume", is_flag=True, help="Go on with a file that broke off.")
@explained
def export(
    query: str | None,
    kind: str | None,
    columns: str | None,
    with_proof: bool,
    for_excel: bool,
    archive: Place | None,
    output: Path | None,
    resume: bool,
    **given: Any,
) -> None:
    """Write what the filters show into a file.

    Beside it goes a manifest, FILE.manifest.json. Needs a login in the role audit_reader. The export is an event,
    with the login that it left by. What is written of a file that breaks off stays in FILE.part, and --resume goes
    on there. Where archives are read, a last column says which events are archived.

    With --with-proof, lines carry all that was sealed of each event, whatever columns are chosen, and the last line
    leads to the last checkpoint: `auditlog verify FILE --key seal.key.pub` then needs no database.

    Exit code 0: complete. 1: it failed. 130: interrupted.

    \b
    Example:
      auditlog export --category contacts --period last-month -o contacts.csv
    """
    if resume and (query or kind or columns or with_proof or for_excel or any(given.values())):
        raise click.UsageError("--resume goes on with what the file was begun with: give nothing else but -o")
    if resume and output is None:
        raise click.UsageError("--resume takes the file, with -o")
    archive = archive or config.archive()
    if output and not output.parent.is_dir():
        raise click.UsageError(f'there is no folder "{output.parent}" for {output.name}: make it, or name another')
    half = (HalfWritten.found(output) if resume else HalfWritten.begin(output)) if output else None
    if half and resume:
        filters = Filters.from_query(half.what["filters"])
        file = File(half.what["format"], chosen(half.what["columns"]), so_far=half.so_far)
        archive = places.parse(half.what["archive"]) if half.what["archive"] else None
        file = replace(file, continues=half.what["export"], after=half.what["after"])
    else:
        filters = _narrowed(query, given).dated(datetime.now(UTC))
        so_far = half.so_far if half else None
        file = File(_kind(kind, output), _columns(columns), for_excel, with_proof, so_far=so_far)
    if with_proof and file.kind != "ndjson":
        raise click.UsageError("proofs travel in NDJSON: add --format ndjson")
    if for_excel and file.kind != "csv":
        raise click.UsageError(f"--for-excel marks CSV, and this is {file.kind.upper()}: leave it out")
    if file.kind == "xlsx" and output is None:
        raise click.UsageError("a workbook goes into a file: name it with -o")
    with _pool() as pool, _interruptible():
        forever = float("inf")
        leaving = Export(
            pool, filters, EVERYTHING, DatabaseLogin(), limit=EVERY_ROW, file=file, archive=archive, patience=forever
        )
        try:
            if half:
                half.what = {"archive": archive.name if archive else None}
                _into_file(leaving, half, filters, file)
            else:
                _into_pipe(leaving)
        except KeyboardInterrupt:
            leaving.outcome = "interrupted"
            leaving.close()
            click.echo(f"Stopped after {counted(leaving.done)}.{_how_to_go_on(half)}", err=True)
            sys.exit(130)
        except (psycopg.Error, OSError) as error:
            if not isinstance(error, psycopg.Error | BrokenPipeError):
                leaving.outcome = "the file could not be written"
            leaving.close()
            if isinstance(error, BrokenPipeError):  # who reads has had enough
                sys.stderr.close()
                sys.exit(1)
            reason = error.strerror if isinstance(error, OSError) else str(error).strip()
            if half and isinstance(error, OSError):
                reason = f'"{half.part}" cannot be written: {reason}'
            raise AuditLogError(f"broke off after {counted(leaving.done)} ({reason}).{_how_to_go_on(half)}") from None
        finally:
            leaving.close()
        if archive is None:
            _say_what_left(pool, filters)
        if half:
            _write_manifest(pool, leaving.event_id, half.target)
    if half:
        held, verb = counted(half.so_far.rows), "is" if half.so_far.rows == 1 else "are"
        click.echo(
            f"{held} {verb} in {half.target}, and all about the export in {_manifest_of(half.target)}.", err=True
        )


def _kind(asked: str | None, output: Path | None) -> str:
    ending = output.suffix[1:].lower() if output else "csv"
    if asked and output and ending in FORMATS and ending != asked:
        raise click.UsageError(f'the name "{output.name}" says {ending}, and --format {asked}: make them agree')
    if asked:
        return asked
    if output and ending not in FORMATS:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise click.UsageError(f'the name "{output.name}" does not tell the format: end it in {known}, or add --format')
    return ending


def _columns(given: str | None) -> tuple[Column, ...]:
    try:
        return chosen([name.strip() for name in (given or "").split(",") if name.strip()])
    except ExportRefused as error:
        raise click.UsageError(str(error)) from None


def _narrowed(query: str | None, given: dict[str, Any]) -> Filters:
    zone = given.pop("tz") or config.time_zone()
    asked = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items() if value}
    filters = Filters.from_query({**asked, "tz": zone})
    if not query:
        return filters
    said = query_language.parse(query, zone)
    if said.has_dates() and filters.has_dates():
        raise click.UsageError("days are given twice: in --query, and by --from, --to or --period")
    dated = said if said.has_dates() else filters
    return Filters((*filters.terms, *said.terms), dated.start, dated.end, dated.period, zone)


def _into_pipe(leaving: Export) -> None:
    with _bar(leaving) as move:
        for chunk in leaving:
            sys.stdout.buffer.write(chunk)
            move()
    sys.stdout.buffer.flush()


def _into_file(leaving: Export, half: HalfWritten, filters: Filters, file: File) -> None:
    half.what |= {
        "filters": filters.recorded(),
        "format": file.kind,
        "columns": [column.name for column in file.columns],
        "export": file.continues or leaving.event_id,
        "after": file.after,
    }
    try:
        with half.open() as target, _bar(leaving) as move:
            for chunk in leaving:
                target.write(chunk)
                target.flush()
                half.what["after"] = leaving.last_event or half.what["after"]
                half.note()
                move()
            half.finish(target)
    except BaseException:
        if half.what["after"] is None:
            half.discard()  # a header, or what is of use only as a whole
        raise


def _how_to_go_on(half: HalfWritten | None) -> str:
    if half is None:
        return ""
    if half.what.get("format") == "xlsx":
        return " Half a workbook is of no use: begin anew, or write CSV or NDJSON, which can be gone on with."
    if not half.part.exists():
        return " Nothing is left of it: begin anew."
    return f" Go on with: auditlog export --resume -o {half.target}"


def _say_what_left(pool: ConnectionPool[Connection], filters: Filters) -> None:
    """Whoever is not told takes the file for all there was."""
    _, parameters = filters.conditions(EVERYTHING)
    with pool.connection() as connection:
        left = archives.months(connection, parameters.get("start"), parameters.get("end"))
    if left:
        click.echo(
            f"Not in it: {len(left)} months that have left the log, {left[-1].month:%Y-%m} to {left[0].month:%Y-%m}. "
            "Name the place of their archives with --archive.",
            err=True,
        )


def _manifest_of(target: Path) -> Path:
    return target.with_name(target.name + ".manifest.json")


def _write_manifest(pool: ConnectionPool[Connection], event_id: int, target: Path) -> None:
    with pool.connection() as connection:
        found = manifest.one(connection, event_id)
        assert found is not None
        text = json.dumps(manifest.manifest(connection, found) | {"file": target.name}, indent=2, ensure_ascii=False)
    _manifest_of(target).write_text(text + "\n", encoding="utf-8")


@contextmanager
def _pool() -> Generator[ConnectionPool[Connection]]:
    url = config.database_url()
    with connected(url, "export", needs=NEEDS, autocommit=True) as connection:
        connection.execute("select from audit.report limit 0")
        connection.execute("select audit.end_lost_exports()")
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # it tells of connections that we close ourselves
        settings = {"application_name": "auditlog export"}
        pool: ConnectionPool[Connection] = ConnectionPool(url, min_size=0, max_size=2, kwargs=settings, open=True)
        with pool:
            yield pool


@contextmanager
def _interruptible() -> Generator[None]:
    """What a service manager sends ends it like Ctrl-C, so that the end is on record."""

    def stop(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _bar(leaving: Export) -> Generator[Callable[[], None]]:
    with bar() as progress:
        task = progress.add_task("Exporting", total=leaving.count)
        yield lambda: progress.update(task, completed=leaving.done)
