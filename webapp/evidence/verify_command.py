"""auditlog verify."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TextIO

import click
from rich.progress import DownloadColumn, Progress

from .. import config, secret_settings
from ..connecting import connected
from ..errors import AuditLogError
from ..explained import explained
from ..progress import bar
from . import anchors, archiving, keys
from .object_store import SCHEME, Bucket
from .places import Place, PlaceOption
from .proof import (
    MANIFEST,
    NO_PROOFS,
    PIECE,
    Broken,
    Checkpoint,
    PublicKey,
    Unproven,
    check_file,
    check_manifest,
    counted,
    describe,
    read_checkpoints,
)
from .service import NEEDS
from .verifying import LAG, Verdict
from .verifying import verify as verify_log
from .verifying_archives import verify_archives

SHOWN = 20  # findings; the rest is counted


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--key", "key", metavar="KEY|FILE", help="The public key. Default: the .pub beside the signing key.")
@click.option(
    "--checkpoints",
    "copies",
    multiple=True,
    metavar="FILE|REPOSITORY|s3://…",
    help="An anchored copy; may be given again. Default: what AUDITLOG_ANCHORS names.",
)
@click.option(
    "--lag",
    type=click.FloatRange(min=0),
    default=LAG.total_seconds() / 60,
    show_default=True,
    help="Minutes after which an event must have its seal.",
)
@click.option(
    "--archive",
    type=PlaceOption(),
    help="Where the months are that left the log: check them against their seals, too. Default: AUDITLOG_ARCHIVE.",
)
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Processes.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@explained
def verify(
    files: tuple[Path, ...],
    key: str | None,
    copies: tuple[str, ...],
    lag: float,
    archive: Place | None,
    jobs: int,
    as_json: bool,
) -> None:
    """Check that the log, or FILES, are what was sealed.

    FILES need no database.

    FILES: proofs, exports with proofs, archives, and manifests of other exports, each beside its export.

    What it says of events is proven, erased, retired or not yet sealed; of what does not hold altered, missing,
    inserted, reordered or rewritten checkpoint, with the first place where it breaks.

    Exit code 0: proven. 3: broken. 4: nothing is broken, but seals are late or capture is not whole.
    1: it could not be checked. 2: wrong arguments.

    \b
    Example:
      auditlog verify --key seal.key.pub --checkpoints /mnt/anchor/checkpoints
    """
    public = public_key(key)
    anchored = [_copy(copy) for copy in copies] if copies else _own_copies()
    if files:
        copies_in_one = [checkpoint for copy in anchored for checkpoint in copy]
        sys.exit(_verify_files(files, public, copies_in_one, jobs, as_json))
    url = secret_settings.seal_database_url()
    with connected(url, "verify", needs=NEEDS, autocommit=True) as connection, bar() as progress:
        task = progress.add_task("Verifying", total=None)
        found = verify_log(
            url,
            connection,
            public,
            anchored,
            jobs=jobs,
            lag=timedelta(minutes=lag),
            on_progress=lambda done, size: progress.update(task, completed=done, total=size),
        )
        archive = archive or config.archive()
        if archive and found.retired:
            verify_archives(connection, archive, found)
    if as_json:
        click.echo(json.dumps(as_object(found), indent=2))
    else:
        click.echo("\n".join(lines(found)))
    sys.exit(found.exit_code)


def _verify_files(files: tuple[Path, ...], key: PublicKey, anchored: list[Checkpoint], jobs: int, as_json: bool) -> int:
    code = 0
    for file in files:
        try:
            said = list(_checked(file, key, anchored, jobs))
        except Broken as broken:
            code, said = 3, [str(broken)]
        except Unproven as error:
            raise AuditLogError(f"{file}: {error}") from None
        except UnicodeDecodeError:
            raise AuditLogError(f"{file}: {NO_PROOFS}") from None
        except OSError as error:
            raise AuditLogError(f'"{error.filename or file}" cannot be read ({error.strerror or error})') from None
        if as_json:
            click.echo(json.dumps({"file": str(file), "verdict": said[0].partition(":")[0], "said": said}))
        else:
            click.echo("\n".join(f"{file}: {line}" for line in said))
    return code


def _checked(file: Path, key: PublicKey, anchored: list[Checkpoint], jobs: int) -> Iterable[str]:
    if archiving.is_archive(file):
        return describe(check_file(archiving.lines(file), key, anchored, jobs=jobs))
    if file.name.endswith(MANIFEST):
        return check_manifest(file, key, anchored)
    # Refreshed by hand: with a thread of the bar's own, no process could be forked safely.
    with file.open(encoding="utf-8-sig") as opened, bar(DownloadColumn(), auto_refresh=False) as progress:
        return describe(check_file(_shown(opened, progress), key, anchored, jobs=jobs))


def _shown(opened: TextIO, progress: Progress) -> Iterable[str]:
    """The lines of a file; the bar follows."""
    task = progress.add_task("Verifying", total=Path(opened.name).stat().st_size)
    for number, line in enumerate(opened):
        if number % PIECE == 0:
            progress.update(task, completed=opened.buffer.tell(), refresh=True)
        yield line


def public_key(given: str | None) -> PublicKey:
    """The key itself, or the one in a file. Raises AuditLogError."""
    if given is None:
        settings = config.evidence()
        if not settings.key_file:
            raise AuditLogError("name the public key with --key: what `auditlog keys show` prints, or its file")
        given = str(keys.public_file(Path(settings.key_file)))
    try:
        text = Path(given).read_text(encoding="utf-8") if "+" not in given or Path(given).exists() else given
        return PublicKey.parse(text)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise AuditLogError(
            f'the public key "{given}" cannot be used ({reason}): name what `auditlog keys show` prints, or its file'
        ) from None


def _own_copies() -> list[list[Checkpoint]]:
    places = anchors.parse(config.evidence().anchors)
    found = [place.checkpoints() for place in places if isinstance(place, anchors.Copy)]
    return [copy for copy in found if copy]  # nothing may have been delivered yet


def _copy(place: str) -> list[Checkpoint]:
    if place.startswith(SCHEME):
        return anchors.ObjectAnchor(Bucket.parse(place)).checkpoints()
    path = Path(place)
    try:
        return read_checkpoints((path / "checkpoints" if path.is_dir() else path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, Broken) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise AuditLogError(
            f'the anchored copy "{place}" cannot be read ({reason}): name a file, repository or bucket that '
            "AUDITLOG_ANCHORS has kept checkpoints in"
        ) from None


def lines(found: Verdict) -> Iterable[str]:
    """The verdict in words."""
    by = f"{counted(found.checkpoints, 'checkpoint')}, {found.anchored:,} of them in anchored copies"
    yield f"proven: {counted(found.proven)}, by {by}" + (f"; the last is {found.last}" if found.last else "")
    if found.erased:
        yield f"erased: {counted(found.erased)}, as erase events say"
    if found.archived:
        yield f"retired: {counted(found.retired)}, {found.archived:,} of them in archives as they were sealed"
    elif found.retired:
        yield f"retired: {counted(found.retired)}, whose seals are here: check their archives with --archive"
    if found.unsealed:
        yield f"not yet sealed: {counted(found.unsealed)}"
    if not found.anchored:
        yield "note: no anchored copy was compared; whoever has the key and the database could have rewritten both"
    for note in found.notes:
        yield f"note: {note}"
    for late in found.late:
        yield f"late: {late}"
    yield from map(str, found.broken[:SHOWN])
    if len(found.broken) > SHOWN:
        yield f"… and {len(found.broken) - SHOWN:,} more"
    if found.broken:
        yield "THE LOG IS NOT WHAT WAS SEALED."


def as_object(found: Verdict) -> dict[str, object]:
    """The verdict for programs."""
    return {
        "verdict": {0: "proven", 3: "broken", 4: "late"}[found.exit_code],
        "proven": found.proven,
        "erased": found.erased,
        "retired": found.retired,
        "archived": found.archived,
        "not_yet_sealed": found.unsealed,
        "checkpoints": found.checkpoints,
        "anchored": found.anchored,
        "last_checkpoint": found.last.number if found.last else None,
        "broken": [asdict(finding) for finding in found.broken],
        "late": found.late,
        "notes": found.notes,
    }
