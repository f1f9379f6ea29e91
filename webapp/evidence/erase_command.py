"""auditlog erase: one person asks that the log forget a record, another one approves."""

from __future__ import annotations

import json
import sys
from typing import Any

import click
from rich.console import Console

from .. import config
from ..connecting import connected
from ..explained import explained
from . import erasing, reaching
from .places import Place, PlaceOption
from .proof import counted

NEEDS = "the role audit_admin"
progress = Console(stderr=True, quiet=not sys.stderr.isatty())


@click.command()
@click.option("--entity", help="Kind of record, such as contact.")
@click.option("--record", help="Its number: the column record_id of the report.")
@click.option("--mask", "table", metavar="TABLE", help="Instead: what is masked or excluded in TABLE now.")
@click.option("--reason", help="Why, in 3 to 500 characters. It stays in the log: name nobody in it.")
@click.option(
    "--also",
    multiple=True,
    type=click.Choice(["actor", "filter", "nothing"]),
    help="Also what this person did (without them), and searches for them. Default: filter; for users both.",
)
@click.option("--list", "listing", is_flag=True, help="The requests so far.")
@click.option("--preview", type=int, metavar="ID", help="What approving a request would erase.")
@click.option("--approve", type=int, metavar="ID", help="Erase what somebody else has asked for.")
@click.option("--withdraw", type=int, metavar="ID", help="Close a request without erasing anything.")
@click.option("--archives", "in_archives", is_flag=True, help="Erase in archives what was approved and is still there.")
@click.option(
    "--archive",
    type=PlaceOption(),
    help="Where the archives are. Default: AUDITLOG_ARCHIVE, or where auditlog retain put them.",
)
@click.option("--json", "as_json", is_flag=True, help="The list for programs.")
@explained
def erase(
    entity: str | None,
    record: str | None,
    table: str | None,
    reason: str | None,
    also: tuple[str, ...],
    listing: bool,
    preview: int | None,
    approve: int | None,
    withdraw: int | None,
    in_archives: bool,
    archive: Place | None,
    as_json: bool,
) -> None:
    """Forget a record.

    Its values go, and the seals still prove what there was.

    Needs two people: each a login in audit_admin, or one of them on the pages of the report.

    \b
    Example:
      auditlog erase --entity contact --record 42 --reason "letter 2026-117"
    """
    asked = bool(entity or record), bool(table), listing, in_archives
    asked += preview is not None, approve is not None, withdraw is not None
    if sum(asked) != 1:
        raise click.UsageError(
            "say one thing: --entity with --record, --mask, --list, --preview, --approve, --withdraw or --archives"
        )
    if bool(entity) != bool(record):
        raise click.UsageError("--entity and --record go together")
    if (record or table) and not reason:
        raise click.UsageError("say why, with --reason")
    missed = False
    with connected(config.database_url(), "erase", needs=NEEDS) as connection:
        if listing:
            found = erasing.requests(connection)
            _list(found, as_json)
        elif approve is not None:
            with progress.status("Erasing in the log"):
                done = erasing.approve(connection, approve)
                connection.commit()
            click.echo(f"Erased from the log: {erasing.in_words(done)}.")
            missed = reaching.told(connection, archive or config.archive())
            if done["archives"]:
                (request,) = erasing.requests(connection, request_id=approve)
                click.echo(f"Erased from archives: {counted(request['in_archives'])}.")
            _not_reached(done)
        elif in_archives:
            if not reaching.pending(connection):
                click.echo("No archive holds anything that was approved to go.")
            missed = reaching.told(connection, archive or config.archive())
        elif withdraw is not None:
            erasing.withdraw(connection, withdraw)
            click.echo(f"Request {withdraw} is withdrawn; nothing was erased.")
        else:
            if table:
                preview = erasing.request_columns(connection, table, reason or "")
            elif entity and record:
                chosen = [word for word in also if word != "nothing"] if also else None
                preview = erasing.request(connection, entity, record, reason or "", chosen)
            assert preview is not None
            with progress.status("Looking through the log"):
                told = erasing.preview(connection, preview)
            click.echo(f"Request {preview} would erase: {erasing.in_words(told)}.")
            _not_reached(told)
            click.echo(f"Somebody else approves it with: auditlog erase --approve {preview}")
    sys.exit(1 if missed else 0)


def _list(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found, default=str, indent=2))
    elif not found:
        click.echo("Nobody has asked to erase anything yet.")
    else:
        for request in found:
            about = erasing.about(request)
            click.echo("  ".join([str(request["erasure_id"]), about, erasing.state(request), request["reason"]]))


def _not_reached(told: dict[str, Any]) -> None:
    click.echo("Not within reach:")
    for line in erasing.not_reached(told):
        click.echo(f"  {line}")
