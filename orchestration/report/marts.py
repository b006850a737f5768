"""The published marts, as the page reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from orchestration import scorecard
from orchestration.report import charts
from orchestration.warehouse import literal
from orchestration.workspace import WorkspaceError

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Marts:
    """The published marts of one company, and its scorecard."""

    connection: duckdb.DuckDBPyConnection
    card: scorecard.Scorecard
    months: Sequence[date]
    """The months that the page shows, the newest last."""

    def rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query, by column; none where a mart of it was not published."""
        import duckdb

        there = {
            name
            for (name,) in self.connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'marts'"
            ).fetchall()
        }
        if not set(re.findall(r"marts\.(\w+)", query)) <= there:
            return []
        # Given as parameters, the first one would have DuckDB import pandas, which takes its time.
        for name, value in {"months": self.months, **parameters}.items():
            query = re.sub(rf"\${name}\b", _literal(value).replace("\\", r"\\"), query)
        try:
            result = self.connection.execute(query)
        except duckdb.BinderException as error:
            raise _other_version(str(error).splitlines()[0]) from None
        names = [column[0] for column in result.description]
        return [_Row(zip(names, row, strict=True)) for row in result.fetchall()]

    def say(self, value: Any, unit: str) -> str:
        """A number in a sentence."""
        number = None if value is None else float(value)
        return scorecard.written(number, unit, self.card.currency)

    @property
    def money_axis(self) -> str:
        """How an axis of amounts is written."""
        return charts.money_axis(
            scorecard.SYMBOLS.get(self.card.currency, f"{self.card.currency} ")
        )

    @property
    def period(self) -> str:
        """The months that the page shows, in words."""
        return f"{self.months[0]:%b %Y} to {self.months[-1]:%b %Y}" if self.months else ""

    def settled(self, metric: str, variant: str) -> Settled | None:
        """The newest value of a metric that has had its time."""
        line = self.card.line(metric, variant)
        if line is None or line.settled is None:
            return None
        now = line.cells[line.settled]
        before = line.cells[line.settled - 1] if line.settled else None
        return Settled(line, self.card.months[line.settled], now, before) if now else None


@dataclass(frozen=True)
class Settled:
    """A number that has had its time, and the one before it."""

    line: scorecard.Line
    month: date
    cell: scorecard.Cell
    before: scorecard.Cell | None


class _Row(dict[str, Any]):
    """A row of a mart, by column."""

    def __missing__(self, column: str) -> Any:
        raise _other_version(f"no column {column}")


def _other_version(detail: str) -> WorkspaceError:
    return WorkspaceError(
        "the published file was made by another version of Plumbline: run `plumbline run` "
        f"({detail})"
    )


def _literal(value: Any) -> str:
    """A value that the page chose, as SQL."""
    if isinstance(value, date):
        return f"date '{value}'"
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, Iterable):
        return f"[{', '.join(map(_literal, value))}]"
    return str(value)
