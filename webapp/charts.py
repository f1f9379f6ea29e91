"""Where the bars of a chart stand. A chart is 100 units high and as wide as it has bars: a page stretches it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .activity import Stretch

HEIGHT = 100
WIDTH, GAP = 10, 2  # of a bar, and of the space beside it
LEAST = 0.8  # of a block: one event among thousands is seen, too


@dataclass(frozen=True)
class Block:
    """A rectangle, and the category that it stands for."""

    category: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Bar:
    stretch: Stretch
    x: float
    blocks: list[Block]


@dataclass(frozen=True)
class Stacked:
    """Bars of stacked blocks, up to a round number at the top."""

    bars: list[Bar]
    top: int
    width: int


def stacked(stretches: Sequence[Stretch]) -> Stacked:
    """The categories above each other, in their usual order from the bottom."""
    top = round_up(max((stretch.total for stretch in stretches), default=0))
    bars: list[Bar] = []
    for number, stretch in enumerate(stretches):
        x, y, blocks = number * (WIDTH + GAP) + GAP / 2, float(HEIGHT), list[Block]()
        for category, events in stretch.events.items():
            height = max(events / top * HEIGHT, LEAST)
            y -= height
            blocks.append(Block(category, x, round(y, 2), WIDTH, round(height, 2)))
        bars.append(Bar(stretch, x - GAP / 2, blocks))
    return Stacked(bars, top, len(bars) * (WIDTH + GAP))


def round_up(number: int) -> int:
    """The next number that reads well at the top of an axis: 1, 2, 5, 10, 20, 50 …"""
    step = 1
    while True:
        for digit in (1, 2, 5):
            if digit * step >= number:
                return digit * step
        step *= 10
