"""Characters that a name may hold and a page must not obey."""

from __future__ import annotations

import re

from markupsafe import Markup

#: Controls, but for a tab and the end of a line, and whatever turns the direction of the text after it. The marks
#: for single letters (U+200E, U+200F, U+061C) stay: names in Arabic and Hebrew are written with them.
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]|\r(?!\n)")


def visible(value: object) -> object:
    """A text with the code point in the place of each such character: Eve⟨U+202E⟩. What is no text stays as it is."""
    if isinstance(value, str) and not isinstance(value, Markup) and UNSEEN.search(value):
        return UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", value)
    return value
