"""What makes an exported file one that anybody can check: seals in its lines, and evidence at its end."""

from __future__ import annotations

import re
from array import array
from datetime import datetime

from psycopg import sql

from ..db import Connection
from ..errors import ExportRefused
from ..evidence import proving
from ..evidence.proving import ProofError
from ..evidence.queries import load
from .columns import Column

SEAL = Column("seal", 0, "z.seal")
#: Quotes inside of values are escaped, and the seal is the last of an object: nobody can forge this.
LEAF = re.compile(rb'.*"seal" : \{"leaf" : (\d+),', re.DOTALL)


class Proofs:
    """The leaves of the lines that leave: eight bytes each are kept until the end. Raises ExportRefused."""

    def __init__(self, connection: Connection) -> None:
        try:
            self.note, checkpoint = proving.newest(connection)
        except ProofError:
            text = "Nothing can be proven before auditlog seal has run: export without, or tell your administrator."
            raise ExportRefused(409, "Nothing is sealed yet", text) from None
        self.size = checkpoint.size
        self._leaves = array("q")

    @staticmethod
    def joined() -> sql.Composable:
        """The seals of the events of an export."""
        return sql.SQL(
            "left join lateral (select z.seal from ({}) z"
            " where z.occurred_at = r.occurred_at and z.event_id = r.event_id) z on true"
        ).format(load("seals"))

    @staticmethod
    def require_no_archive(until: datetime | None) -> None:
        """Raise ExportRefused where the filters reach into archived months."""
        if until:
            raise ExportRefused(
                409,
                "Archives prove themselves",
                f"Events before {until:%Y-%m-%d} are in archives, each of which carries its own proofs: give their "
                "files to auditlog verify. Export with proofs what is later, or without proofs all of it.",
            )

    def see(self, line: bytes) -> None:
        if found := LEAF.match(line):
            self._leaves.append(int(found[1]))

    def last_line(self, connection: Connection) -> bytes:
        """What leads from those leaves to the checkpoint."""
        return f"{proving.evidence_line(connection, self.note, self._leaves)}\n".encode()
