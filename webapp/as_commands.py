"""What the database advises, as somebody at a shell would do it.

SQL functions give their cures as SQL, for whoever called them from psql; the command line has a command for some.
"""

from __future__ import annotations

import re
import shlex

CALL = re.compile(r"(?:select )?audit\.(track|untrack)\(((?:'(?:[^']|'')*'|[^()'])*)\)")
ARGUMENT = re.compile(r"(?:(\w+) => )?'((?:[^']|'')*)'|(\w+) => true")
LEFT_OPEN = re.compile(r"\b(mask|exclude) => …")


def as_commands(advice: str) -> str:
    """The same advice with `auditlog …` in the place of each call that it can stand for."""
    return LEFT_OPEN.sub(r"--\1 …", CALL.sub(_command, advice))


def _command(call: re.Match[str]) -> str:
    words = ["auditlog", call[1]]
    for name, value, flag in ARGUMENT.findall(call[2]):
        value = value.replace("''", "'")
        if flag:
            words.append(f"--{flag}")
        elif value == "{}":
            words.append(f"--no-{name}")
        else:
            words += [f"--{name}"] * bool(name) + [value.strip("{}") if value.startswith("{") else value]
    return f"`{shlex.join(words)}`"
