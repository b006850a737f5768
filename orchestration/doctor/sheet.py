"""A file as a table of texts: its delimiter and header, what its columns look like, and under which
rules all their values are read.

A format is only taken if it reads every value; where two do so differently, both are told.
"""

from __future__ import annotations

import codecs
import collections
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orchestration.contracts import Column, ColumnRules
from orchestration.doctor.trial import Trial
from orchestration.ingest import columns as sql
from orchestration.ingest.dialect import Head, Layout, Names
from orchestration.ingest.files import BLOCK, ExportFile

SAMPLE, FEW = 2_000, 300
# Of a status and the like: more texts than these are no list of words.
MOST_WORDS = 30
NULLS = (
    "-",
    "--",
    "—",
    "n/a",
    "N/A",
    "#N/A",
    "NULL",
    "null",
    "None",
    "none",
    "nan",
    "NaN",
    "(blank)",
)
ADDRESS = re.compile(rf"(?i){sql.ADDRESS}")
# What a number or a date looks like: no header does.
VALUE = re.compile(r"[-+(]?[^\w\s]?\s?\d[\d.,:/'\s%)-]*(?:[KMB]|[AP]M|[€$£])?", re.I)

DAYS = (
    *("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d"),
    *("%Y.%m.%d", "%Y%m%d", "%b %d, %Y", "%B %d, %Y", "%d %b, %Y", "%d %B, %Y", "%d %b %Y"),
    *("%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y"),
)
MONTHS = ("%Y-%m", "%m/%Y", "%m.%Y", "%b %Y", "%B %Y", "%b-%y", "%Y/%m")
CLOCKS = (
    *("", " %H:%M:%S", " %H:%M", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M"),
    *(", %H:%M:%S", ", %I:%M %p", "T%H:%M", " %H:%M:%S.%f", "T%H:%M:%S.%f", "T%H:%M:%S%z"),
    *("T%H:%M:%S.%f%z", " %H:%M:%S%z", " %H:%M:%S.%f%z"),
)
DIRECTIVES = {
    **dict.fromkeys(("%d", "%m", "%H", "%I", "%M", "%S"), r"\d{1,2}"),
    **dict.fromkeys(("%b", "%B"), r"[^\W\d]+\.?"),
    "%Y": r"\d{4}",
    "%y": r"\d\d",
    "%f": r"\d+",
    "%p": "[ap]m",
    "%z": r"(?:Z|[+-][\d:]+)",
}
# Digits, with what may stand around and between them.
NUMBER = re.compile(r"^[^\d@]{0,6}\d[\d.,'’\s]*[^\d@]{0,6}$")
SHAPES = ("1234.56", "1,234.56", "1.234,56", "1234,56", "1 234,56", "1 234.56", "1'234.56")
UNITS = {"K": 1_000, "M": 1_000_000, "B": 1_000_000_000}
SIGNS: tuple[dict[str, Any], ...] = (
    {},
    {"currency_symbols": True},
    {"percent": True},
    {"multipliers": UNITS},
    {"currency_symbols": True, "multipliers": UNITS},
)


@dataclass(frozen=True)
class Fit:
    """How the values of a column are read, if at all."""

    rules: dict[str, Any]
    alternatives: tuple[dict[str, Any], ...] = ()
    """Others that read every value too, and some of them as something else."""
    misses: int = 0
    filled: int = 0


@dataclass(frozen=True)
class Profile:
    """What the values of one column of a file look like."""

    place: int
    header: str
    filled: int
    distinct: int
    addresses: int
    is_date: bool
    is_number: bool
    is_flag: bool

    @property
    def is_address(self) -> bool:
        """Whether it holds e-mail addresses."""
        return self.addresses * 2 > self.filled > 0


@dataclass
class Sheet:
    """A file as a table of texts, whatever it is about."""

    trial: Trial
    file: ExportFile
    head: Head
    layout: Layout
    settings: dict[str, Any]
    """What has to be said to read it so."""
    has_nul: bool = False
    has_header: bool = True

    @cached_property
    def source(self) -> str:
        """Its cells, as SQL."""
        return self.trial.cells(self.file, self.layout, has_nul=self.has_nul)

    def text(self, place: int) -> str:
        """A cell without outer blanks, as SQL; null if it stands for nothing."""
        cell = f"nullif(trim(c{place}, '{sql.BLANKS}'), '')"
        return f"case when {cell} not in ({sql.literals(NULLS)}) then {cell} end"

    def one(self, query: str) -> tuple[Any, ...]:
        """The one row of a query."""
        row = self.trial.connection().execute(query).fetchone()
        assert row
        return tuple(row)

    def values(self, query: str) -> list[Any]:
        """The first column of a query."""
        return [row[0] for row in self.trial.connection().execute(query).fetchall()]

    @cached_property
    def profiles(self) -> list[Profile]:
        """What is in each column."""
        places = range(len(self.layout.headers))
        texts = ", ".join(f"{self.text(place)} as t{place}" for place in places)
        self.trial.connection().execute(
            f"create or replace temp table sample as select {texts} from {self.source} "
            f"limit {SAMPLE}"
        )
        counts = ", ".join(
            f"count(t{p}), count(distinct t{p}), "
            f"count(*) filter (regexp_full_match(t{p}, '(?i){sql.ADDRESS}')), "
            f"count(*) filter (lower(t{p}) not in ({sql.literals((*sql.TRUE, *sql.FALSE))}))"
            for p in places
        )
        counted = self.one(f"select {counts} from sample")
        found = []
        for place, header in enumerate(self.layout.headers):
            filled, distinct, addresses, others = counted[4 * place : 4 * place + 4]
            some = f"(select distinct t{place} as t from sample where t is not null limit {FEW})"
            dates = numbers = False
            if filled and not addresses:
                some_texts = self.values(f"select t from {some}")
                dates = self._reads(some, _likely(_dates(months=True), some_texts, most=0.1))
                numbers = self._reads(some, _likely(_numbers(), some_texts))
            found.append(
                Profile(
                    *(place, header, filled, distinct, addresses, dates, numbers),
                    is_flag=bool(filled) and not others,
                )
            )
        return found

    def _reads(self, relation: str, rules: list[dict[str, Any]]) -> bool:
        """Whether one format reads all of some values, or two do together nearly all."""
        if not rules:
            return False
        readers = [sql.reads(_column(rule), "t") for rule in rules]
        filled, misses = _misses(self, relation, readers)
        best = min(misses)
        if best == 0:
            return True
        if "format" not in rules[0] or best > 0.9 * filled:
            return False
        rest = f"(select t from {relation} where ({readers[misses.index(best)]}) is null)"
        _, left = _misses(self, rest, readers)
        return min(left) <= 0.1 * filled

    def fit(self, places: Sequence[int], column: Column) -> Fit:
        """The rules under which all values of some cells are read as what a column holds."""
        own = {
            key: value
            for key, value in column.rules.stated().items()
            if key in ("format", "number", "percent", "currency_symbols", "multipliers")
        }
        if column.data_type in ("date", "timestamp"):
            own = {"format": column.rules.format or ("%Y-%m-%d",)}
            rules = [own, *_dates(months=column.name == "month")]
        else:
            rules = [own, *_numbers()]
        texts = " union all ".join(
            f"select {self.text(place)} as t from {self.source}" for place in places
        )
        return fit(self, f"({texts})", column, rules)

    def words(self, place: int) -> list[str]:
        """All texts of a column that has few of them; none if it may be personal."""
        text = self.text(place)
        found = self.values(
            f"select {text} as t from {self.source} group by t having t is not null "
            f"order by count(*) desc, t limit {MOST_WORDS + 1}"
        )
        personal = len(found) > MOST_WORDS or any("@" in text or len(text) > 60 for text in found)
        return [] if personal else found

    def nulls(self, places: Iterable[int]) -> list[str]:
        """What stands for nothing in some columns."""
        found = [
            f"select distinct trim(c{place}, '{sql.BLANKS}') as t from {self.source} "
            f"where trim(c{place}, '{sql.BLANKS}') in ({sql.literals(NULLS)})"
            for place in places
        ]
        return sorted(self.values(" union ".join(found))) if found else []


def _column(rules: Mapping[str, Any], kind: str | None = None) -> Column:
    """A column that is read under some rules, and has no name."""
    kind = kind or ("timestamp" if "format" in rules else "decimal(18,6)")
    stated = {"format": rules["format"]} if "format" in rules else rules
    return Column("", kind, "", ColumnRules.model_validate(dict(stated)))


def _dates(months: bool = False) -> list[dict[str, Any]]:
    """All formats of dates and times, the most likely first."""
    days = (*DAYS, *MONTHS) if months else DAYS
    return [{"format": (day + clock,)} for clock in CLOCKS for day in days]


def _numbers() -> list[dict[str, Any]]:
    """All shapes of numbers, the plainest first."""
    return [{"number": shape, **signs} for signs in SIGNS for shape in SHAPES]


def _likely(
    rules: list[dict[str, Any]], texts: Sequence[str], most: float = 1.0
) -> list[dict[str, Any]]:
    """The rules that may read at least a share of some texts, told without asking the database, as
    there are hundreds of formats.
    """
    if not texts:
        return []
    if "format" not in rules[0]:
        return rules if all(NUMBER.search(text) for text in texts) else []
    needed = max(1, int(len(texts) * most))
    return [
        rule
        for rule in rules
        if sum(any(_regex(form).fullmatch(text) for form in rule["format"]) for text in texts)
        >= needed
    ]


@cache
def _regex(form: str) -> re.Pattern[str]:
    """What texts of a format of time look like, roughly."""
    parts = re.split(r"(%[A-Za-z])", form)
    return re.compile("".join(DIRECTIVES.get(part, re.escape(part)) for part in parts), re.I)


def _misses(
    sheet: Sheet, relation: str, readers: Sequence[str], count: str = "count(*)"
) -> tuple[int, list[int]]:
    """How many values `t` there are, and how many of them each reader does not read."""
    counts = ", ".join(
        f"coalesce({count} filter (t is not null and ({reader}) is null), 0)" for reader in readers
    )
    filled, *misses = sheet.one(
        f"select coalesce({count} filter (t is not null), 0), {counts} from {relation}"
    )
    return int(filled), [int(missed) for missed in misses]


def fit(sheet: Sheet, relation: str, column: Column, rules: list[dict[str, Any]]) -> Fit:
    """Which rules read all values `t` of a relation. The first are the contract's own."""
    connection = sheet.trial.connection()
    # Each text once: of a million dates there are some hundreds.
    connection.execute(
        "create or replace temp table texts as "
        f"select t, count(*) as n from {relation} where t is not null group by t"
    )
    connection.execute(
        f"create or replace temp table some_texts as select t from texts limit {SAMPLE}"
    )
    readers = [sql.reads(_column(rule, column.data_type), "t") for rule in rules]
    filled, [missed] = _misses(sheet, "texts", readers[:1], "sum(n)")
    if not missed:
        rivals = _first_of_kind(rules, _left(sheet, rules, readers, among=_rivals(rules))[0])
        return Fit(rules[0], _unlike(sheet, rules, readers, [0, *rivals]), 0, filled)

    left, _ = _left(sheet, rules, readers, among=range(len(rules)))
    first = _first_of_kind(rules, left)
    for places in (first, [place for place in left if place not in first]):
        if not places:
            continue
        _, misses = _misses(sheet, "texts", [readers[place] for place in places], "sum(n)")
        missed = min(misses)
        best = [place for place, count in zip(places, misses, strict=True) if count == missed]
        if not missed:
            return Fit(rules[best[0]], _unlike(sheet, rules, readers, best), 0, filled)
        if "format" in rules[0]:
            break
    return _pair(sheet, column, rules, readers, best) or Fit(rules[best[0]], (), missed, filled)


def _left(
    sheet: Sheet, rules: list[dict[str, Any]], readers: list[str], among: Iterable[int]
) -> tuple[list[int], int]:
    """Of some rules those that read most of a sample, and how many they do not read; where there
    are rivals of the contract's own, only those that read all of it.
    """
    texts = sheet.values("select t from some_texts")
    likely = _likely(rules, texts, most=0.1)
    places = [n for n in among if any(rules[n] is other for other in likely)]
    if not places:
        return [0], len(texts)
    _, misses = _misses(sheet, "some_texts", [readers[place] for place in places])
    least = min(misses)
    return [n for n, count in zip(places, misses, strict=True) if count == least], least


def _first_of_kind(rules: list[dict[str, Any]], places: list[int]) -> list[int]:
    """Of shapes of numbers that differ in signs only, the plainest; of formats all."""
    if "format" in rules[0]:
        return places[:20]
    found: dict[str, int] = {}
    for place in places:
        found.setdefault(decimal_mark(rules[place]), place)
    return list(found.values())


def _pair(
    sheet: Sheet,
    column: Column,
    rules: list[dict[str, Any]],
    readers: list[str],
    best: list[int],
) -> Fit | None:
    """Two formats of time that read all values together, where one does not."""
    if "format" not in rules[0]:
        return None
    rest = f"(select t, n from texts where ({readers[best[0]]}) is null)"
    texts = sheet.values(f"select t from {rest} limit {SAMPLE}")
    likely = _likely(rules, texts)
    places = [n for n, rule in enumerate(rules) if any(rule is other for other in likely)]
    if not places:
        return None
    _, remaining = _misses(sheet, rest, [readers[place] for place in places], "sum(n)")
    others = [n for n, count in zip(places, remaining, strict=True) if count == 0]
    pairs: list[tuple[tuple[str, str], dict[str, Any]]] = []
    # One format is clearer than the list of the contract that has it among others.
    for place in sorted(best, key=lambda n: len(rules[n]["format"])):
        for other in sorted(others, key=lambda n: len(rules[n]["format"])):
            both = (*rules[place]["format"], *rules[other]["format"])
            try:
                reader = sql.reads(_column({"format": both}, column.data_type), "t")
            except ValidationError:  # the two read some texts as different days
                continue
            filled, [missed] = _misses(sheet, "texts", [reader], "sum(n)")
            order = (day_order(rules[place]), day_order(rules[other]))
            if not missed and order not in [known for known, _ in pairs]:
                pairs.append((order, {"format": both}))
    if not pairs:
        return None
    (_, first), *more = pairs
    return Fit(first, tuple(rule for _, rule in more), 0, filled)


def _rivals(rules: list[dict[str, Any]]) -> list[int]:
    """Shapes of numbers that may read what the contract's own shape reads as something else."""
    if "format" in rules[0]:
        return []
    return [n for n, rule in enumerate(rules) if n and set(rule) == {"number"}]


def _unlike(
    sheet: Sheet, rules: list[dict[str, Any]], readers: list[str], whole: list[int]
) -> tuple[dict[str, Any], ...]:
    """Of rules that read every value, those that read some as something else than the first."""
    first, *others = whole
    if "format" in rules[first]:
        own = day_order(rules[first])
        return tuple(rules[n] for n in others if own and day_order(rules[n]) not in ("", own))
    others = [n for n in others if decimal_mark(rules[n]) != decimal_mark(rules[first])]
    if not others:
        return ()
    counts = ", ".join(
        f"count(*) filter (({readers[n]}) is null), "
        f"count(*) filter (({readers[first]}) is distinct from ({readers[n]}))"
        for n in others
    )
    counted = sheet.one(f"select {counts} from texts")
    return tuple(
        rules[n]
        for place, n in enumerate(others)
        if not counted[2 * place] and counted[2 * place + 1]
    )


def decimal_mark(rule: Mapping[str, Any]) -> str:
    """What stands before the decimals of a number."""
    return str(rule.get("number", "1234.56"))[-3]


def day_order(rule: Mapping[str, Any]) -> str:
    """In which order a format has day and month, where both are figures."""
    form = rule["format"][0]
    if "%b" in form.lower() or "%m" not in form or "%d" not in form or form.startswith("%Y"):
        return ""
    return "day first" if form.index("%d") < form.index("%m") else "month first"


def sniff(trial: Trial, file: ExportFile, head: Head, *, has_nul: bool = False) -> Sheet | None:
    """The file as a table: its encoding, delimiter and header row, or None if it is none."""
    encoding = head.encoding("") or _encoding(file.path, has_nul)
    settings: dict[str, Any] = {}
    if encoding not in ("utf-8", "utf-8-sig", head.encoding("")):
        settings["encoding"] = encoding
    best: tuple[float, int, str, int] = (0.0, 0, "", 0)
    for delimiter in (",", ";", "\t", "|"):
        rows = [cells for _, cells in head.rows(encoding, delimiter) if any(cells)]
        widths = collections.Counter(len(cells) for cells in rows if len(cells) > 1)
        if widths:
            width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
            best = max(best, (count / len(rows), width, delimiter, width))
    share, _, delimiter, width = best
    if share < 0.5:
        return None
    for line, cells in head.rows(encoding, delimiter):
        if len(cells) != width or sum(bool(cell.strip()) for cell in cells) < 2:
            continue
        has_header = not any(_is_value(cell) for cell in cells)
        names = Names(cells).cells if has_header else [f"column {n + 1}" for n in range(width)]
        skip = line if has_header else 0
        if not has_header:
            settings["header"] = False
        newline = head.newline(encoding, max(skip, 1))
        layout = Layout(encoding, delimiter, skip, None, newline, tuple(names), {}, {}, {})
        return Sheet(trial, file, head, layout, settings, has_nul, has_header)
    return None


def _is_value(cell: str) -> bool:
    """Whether it is a value rather than a header."""
    text = cell.strip()
    return bool(ADDRESS.search(text) or VALUE.fullmatch(text))


def _encoding(path: Path, has_nul: bool) -> str:
    """UTF-8 if it is that, all of it; else what Western systems wrote before."""
    if has_nul:
        with path.open("rb") as file:
            start = file.read(4096)
        if start[1::2].count(0) * 2 > len(start[1::2]):
            return "utf-16-le"
    for encoding in ("utf-8", "cp1252"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while block := file.read(BLOCK):
                    decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"
