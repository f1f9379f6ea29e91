"""The figures of the README about seals can be had on any machine."""

from __future__ import annotations

import re

from webapp.bench import evidence


def test_sealing_and_verifying_are_measured_on_a_database_of_their_own(blank: str) -> None:
    steps: list[str] = []
    said = str(evidence.measure(blank, 2000, 1, steps.append))
    assert steps == ["Generating", "Sealing", "Verifying", "Erasing"]
    assert re.fullmatch(
        r"2,\d\d\d events sealed in [\d.]+ s: [\d,]+ a second\n… and verified in [\d.]+ s: [\d,]+ a second\n"
        r"bytes an event, indexes included: \d+ in the log, \d+ in its seals\n"
        r"a contact of [\d,]+ events: what would go is told in [\d.]+ s, and erased in [\d.]+ s",
        said,
    ), said
