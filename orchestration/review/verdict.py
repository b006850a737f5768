"""Which movements nothing explains, and whether the pull request says that they are meant.

Rows of the definitions explain what they move: both owners and the reason stand in the row. All
else has to be meant, by a line in the text of the pull request, or of a commit:

    Moves: mqls, sql_to_opportunity_rate - recycled leads count from their second cycle on
    Moves: all - the demo had no refunds before
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from orchestration.diff import SCORECARD, Difference, MartChange

ALL = "all"
LINE = re.compile(r"^\W{0,4}moves:[\s*]*(?P<names>.*?)(?:\s+[-–—]+\s+(?P<why>\S.*))?\s*$", re.I)
COMMENT = re.compile(r"<!--.*?-->", re.S)


@dataclass(frozen=True)
class Meant:
    """A line `Moves:`."""

    names: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Verdict:
    """What moves without an explanation, and what was said about it."""

    metrics: tuple[str, ...]
    """That moved and that no row explains, in the order of the funnel."""
    marts: tuple[str, ...]
    """The same of marts; only where no metric moved, as these would name themselves."""
    unmeant: tuple[str, ...]
    """Those of both that the pull request does not name."""
    meant: tuple[Meant, ...]
    without_reason: tuple[str, ...]
    """Names that were said to move, and not why."""
    unmoved: tuple[str, ...]
    """Names that were said to move, and did not."""

    @property
    def passes(self) -> bool:
        """Whether all that moves is explained, or meant."""
        return not self.unmeant


def meant_by(text: str) -> tuple[list[Meant], list[str]]:
    """The lines `Moves:` of a text, and the names of those that give no reason."""
    found: list[Meant] = []
    without: list[str] = []
    for line in COMMENT.sub("", text).splitlines():
        if match := LINE.match(line):
            names = tuple(re.findall(r"[\w.]+", match["names"].lower()))
            if match["why"]:
                found.append(Meant(names, match["why"].strip()))
            else:
                without += names
    return found, without


def judge(
    difference: Difference | None,
    unexplained: Difference | None,
    known: Collection[tuple[str, str]],
    said: str,
) -> Verdict:
    """The verdict on all that moved, and on what of it no row of a definition explains.

    Each is None where there is nothing of the kind. `known` are the metrics, with their variants,
    that the base has: another one is new, and a new number moves nothing. `said` is the text of the
    pull request and of its commits.
    """
    metrics: list[str] = []
    marts: list[str] = []
    if unexplained is not None:
        moved = [m for m in unexplained.metrics if (m.metric, m.variant) in known]
        metrics = list(dict.fromkeys(movement.metric for movement in moved))
        new_rows = len(unexplained.metrics) - len(moved)
        if not metrics:
            marts = [mart.name for mart in unexplained.marts if _moved(mart, new_rows)]
    happened = set()
    if difference is not None:
        happened = {movement.metric for movement in difference.metrics}
        happened |= {mart.name for mart in difference.changed_marts}
    meant, without = meant_by(said)
    named = {name for line in meant for name in line.names}
    return Verdict(
        metrics=tuple(metrics),
        marts=tuple(marts),
        unmeant=tuple(x for x in (*metrics, *marts) if x not in named and ALL not in named),
        meant=tuple(meant),
        without_reason=tuple(dict.fromkeys(without)),
        unmoved=tuple(sorted(named - happened - {ALL})),
    )


def _moved(mart: MartChange, new_rows: int) -> bool:
    """Whether rows that were there are others now; a new mart or column moves nothing."""
    if mart.rows_before is None:
        return False
    if mart.rows_after is None or mart.columns_gone or mart.columns_retyped:
        return True
    added = mart.added - new_rows if mart.name == SCORECARD else mart.added
    return bool(added or mart.gone or mart.changed)
