"""What the page is put together from: sections of charts and tables, and how a cell is written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from orchestration import scorecard

if TYPE_CHECKING:
    from markupsafe import Markup

Row = Mapping[str, Any]
WORDS = {"ai": "AI", "icp": "ICP", "mql": "MQL", "sal": "SAL", "sql": "SQL", "fx": "exchange rates"}
GOOD = frozenset({"ok", "met", "loaded", "unchanged"})
NEAR = frozenset({"noted", "warning", "unmatched"})


@dataclass(frozen=True)
class Open:
    """A value that may still change, as its time is not over."""

    value: Any


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    words: str
    key: str
    kind: str = "count"
    """A unit of the scorecard; or text, name, note, status, month, date, exact, interval,
    waited (minutes), unit (the row's own)."""
    shade: str = ""
    """bar or heat: how much of the largest a value is, drawn behind it."""

    @property
    def is_text(self) -> bool:
        """Whether it is read from the left."""
        return self.kind in ("text", "name", "note", "status")


@dataclass(frozen=True)
class Table:
    """A table; what is past the `shown` first rows is folded away."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    note: str = ""
    shown: int = 15
    has_total: bool = False
    """Whether the last row is the sum of the others."""

    def share(self, column: Column, row: Row) -> float | None:
        """How much of the largest a value is, from 0 to 1; None where nothing is to be drawn."""
        if not column.shade or (self.has_total and row is self.rows[-1]):
            return None
        parts = self.rows[:-1] if self.has_total else self.rows
        keys = [c.key for c in self.columns if c.shade == "heat"]
        keys = keys if column.shade == "heat" else [column.key]
        largest = max((_number(part[key]) for part in parts for key in keys), default=0.0)
        return max(_number(row[column.key]), 0.0) / largest if largest > 0 else None


@dataclass(frozen=True)
class Chart:
    """A picture, what it shows in words, and the numbers behind it."""

    title: str
    label: str
    svg: str
    table: Table

    @property
    def rows(self) -> Sequence[Row]:
        """The numbers behind it."""
        return self.table.rows


@dataclass(frozen=True)
class Section:
    """A question, its answer in a sentence, and what the answer rests on."""

    key: str
    title: str
    short: str
    """Its name where there is little room."""
    parts: Sequence[Chart | Table]
    finding: str = ""
    note: str = ""
    missing: str = ""
    """What to say when there is nothing to show: which exports it would take."""


def words(name: str | None) -> str:
    """The name of a channel, stage or reason, as people write it."""
    if not name:
        return scorecard.UNKNOWN
    return " ".join(WORDS.get(part, part) for part in name.split("_"))


def sentence(text: str) -> str:
    """The text with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


def cell(column: Column, row: Row, currency: str) -> Markup:
    """A value as HTML: escaped, `–` for unknown, `~` before what may still change."""
    from markupsafe import Markup

    value = row[column.key]
    if isinstance(value, Open):
        if value.value is None:
            return Markup(scorecard.UNKNOWN)
        return Markup('<span class="dim">~{}<span class="unseen"> still open</span></span>').format(
            written(value.value, column, row, currency)
        )
    text = written(value, column, row, currency)
    if column.kind == "status":
        look = "good" if value in GOOD else "near" if value in NEAR else "bad"
        return Markup('<span class="{}">{}</span>').format(
            look if value not in DIM else "dim", text
        )
    return Markup("{}").format(text)


def written(value: Any, column: Column, row: Row, currency: str) -> str:
    """A value as text."""
    if value is None:
        return scorecard.UNKNOWN
    match column.kind:
        case "name":
            return words(value)
        case "text" | "note" | "status":
            return str(value)
        case "month":
            return f"{value:%b %Y}"
        case "date":
            return day(value)
        case "exact":
            return f"{value:,.2f}".removesuffix(".00")
        case "interval":
            low, high = value
            if low is None or high is None:
                return scorecard.UNKNOWN
            return f"{low:.1%} to {high:.1%}"
        case "waited":
            return f"{value:,.0f} min" if value < 120 else f"{value / 60:,.1f} h"
        case "unit":
            return scorecard.written(float(value), row["unit"], currency)
        case unit:
            return scorecard.written(float(value), unit, currency)


def days(count: int) -> str:
    """A number of days, in words."""
    return "1 day" if count == 1 else f"{count:,} days"


def day(value: date | datetime) -> str:
    """A day as people write it."""
    return f"{value.day} {value:%b %Y}"


DIM = frozenset({"compared"})


def _number(value: Any) -> float:
    value = value.value if isinstance(value, Open) else value
    return float(value) if value is not None else 0.0


def formatted(description: str) -> Markup:
    """A description as it is shown: bold and code as the glossary writes them, the rest is text."""
    from markupsafe import Markup, escape

    text = str(escape(" ".join(description.split())))
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    return Markup(re.sub(r"`(.+?)`", r"<code>\1</code>", text))
