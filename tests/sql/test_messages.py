"""Every error that the SQL of this product raises has a code, says what to do, and is raised by a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from webapp.migrations import sql_root

RAISED = re.compile(r"raise exception\s+'((?:[^']|'')*)'(.*?);\n", re.DOTALL)


def _messages() -> list[tuple[str, str, str]]:
    """(file, message, the rest of the statement) of every raise exception."""
    return [
        (file.stem, message.replace("''", "'"), rest)
        for file in sorted((sql_root() / "triggers").glob("*.sql"))
        for message, rest in RAISED.findall(file.read_text())
    ]


MESSAGES = _messages()
IDS = [f"{file}-{number}" for number, (file, _, _) in enumerate(MESSAGES, 1)]
every_message = pytest.mark.parametrize(("file", "message", "rest"), MESSAGES, ids=IDS)


def _literal(message: str) -> str:
    """The longest piece of a message that no value interrupts, if possible one that no other message contains."""
    others = [other for _, other, _ in MESSAGES if other != message]
    pieces = [piece.strip(' ":,.') for piece in message.split("%")]
    # "audit.track: entity" says where, not what.
    pieces = [piece for piece in pieces if not re.fullmatch(r"audit\.\w+(: \w+)?", piece)]
    distinctive = [piece for piece in pieces if not any(piece in other for other in others)]
    return max(distinctive or pieces, key=len)[:60]


def test_every_raise_exception_is_found() -> None:
    files = [file.read_text() for file in (sql_root() / "triggers").glob("*.sql")]
    assert len(MESSAGES) == sum(text.count("raise exception") for text in files) >= 20


@every_message
def test_every_error_has_a_code_and_a_hint(file: str, message: str, rest: str) -> None:
    code = re.search(r"errcode = '(\w+)'", rest)
    assert code, f'{file}: "{message}" has no errcode'
    assert code[1] != "raise_exception"
    assert "hint = " in rest, f'{file}: "{message}" has no hint'


@every_message
def test_every_error_is_raised_by_a_test(file: str, message: str, rest: str) -> None:
    folders = (Path(__file__).parent, Path(__file__).parents[1] / "evidence")
    files = (path for folder in folders for path in folder.glob("test_*.py") if path != Path(__file__))
    tests = [path.read_text() for path in files]
    piece = _literal(message)
    assert any(piece in text for text in tests), f'{file}: no test expects "{piece}"'


def test_no_two_errors_read_alike() -> None:
    messages = [message for _, message, _ in MESSAGES]
    assert sorted(messages) == sorted(set(messages))
