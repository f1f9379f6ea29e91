"""Where a stream goes: standard output, a file, or an address. Returning from send() means: it is there."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from ..secret_settings import MAKE_KEY, given
from .cursors import StreamError
from .posting import WebTarget

SECRET = "AUDITLOG_STREAM_SECRET"  # noqa: S105 - the name of a setting
AUTHORIZATION = "AUDITLOG_STREAM_AUTHORIZATION"
SHORTEST = 24  # characters of that secret; Standard Webhooks ask for as many bytes


class Target(Protocol):
    """A receiver."""

    def send(self, batch_id: str, lines: list[str], stop: threading.Event) -> bool:
        """Hand over events, one a line. False: it was told to stop before that. Raises StreamError."""
        ...


class OutputTarget:
    """Standard output, for whoever reads the pipe."""

    def send(self, batch_id: str, lines: list[str], stop: threading.Event) -> bool:
        try:
            sys.stdout.write("".join(f"{line}\n" for line in lines))
            sys.stdout.flush()
        except BrokenPipeError:
            raise StreamError("nobody reads standard output any more") from None
        return True


class FileTarget:
    """A file that grows. Half a line, which a killed consumer left behind, was never confirmed: it goes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, batch_id: str, lines: list[str], stop: threading.Event) -> bool:
        try:
            with os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
                _forget_half_a_line(file.fileno())
                file.seek(0, os.SEEK_END)
                file.write("".join(f"{line}\n" for line in lines).encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StreamError(f'"{self.path}" cannot be written ({error.strerror})') from None
        return True


def _forget_half_a_line(file: int, step: int = 65_536) -> None:
    end = size = os.fstat(file).st_size
    while end:
        begin = max(0, end - step)
        newline = os.pread(file, end - begin, begin).rfind(b"\n")
        if newline >= 0:
            end = begin + newline + 1
            break
        end = begin
    if end != size:
        os.ftruncate(file, end)


def parse(
    place: str, *, environ: Mapping[str, str] = os.environ, on_trouble: Callable[[str], None] = lambda text: None
) -> Target:
    """The target that `place` names: -, an address, or a file. Raises StreamError, ConfigurationError."""
    if place == "-":
        return OutputTarget()
    if place.startswith(("https:", "http:")):
        secret = given(environ, SECRET, MAKE_KEY)
        if not secret:
            raise StreamError(
                f"{SECRET} is not set: the receiver knows by it that events come from here. Make one with `{MAKE_KEY}`"
            )
        if len(secret) < SHORTEST or len(set(secret)) < 10:
            raise StreamError(f"{SECRET} is too weak: at least {SHORTEST} characters, made at random with `{MAKE_KEY}`")
        return WebTarget(place, secret, given(environ, AUTHORIZATION), on_trouble)
    if "://" in place:
        raise StreamError(
            f'"{place.partition(":")[0]}" is no place for a stream: name -, a file, or an https:// address'
        )
    return FileTarget(Path(place.removeprefix("file:")))
