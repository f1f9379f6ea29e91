"""Which browser it was, in two or three words."""

from __future__ import annotations

#: What a browser says of itself, the more telling first: most claim to be others as well.
NAMES = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "Vivaldi": "Vivaldi",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "Chrome": "Chrome",
    "CriOS": "Chrome",
    "Safari": "Safari",
    "curl": "curl",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


def name(user_agent: str | None) -> str:
    """“Firefox on Windows”; what is not known is said as it came, cut short."""
    said = user_agent or ""
    browser = next((named for sign, named in NAMES.items() if sign in said), "")
    system = next((named for sign, named in SYSTEMS.items() if sign in said), "")
    return " on ".join(part for part in (browser, system) if part) or said[:60] or "Unknown browser"
