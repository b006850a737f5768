"""What an export looks like: the contracts of models/staging/**, read and checked.

A contract is a dbt source table with `config.meta`; this module turns it into frozen objects and
says which key of which file is wrong. What a workspace changes about one file is merged here too
(`Contract.adjusted`). Opening export files and typing their values is the work of
orchestration/ingest.
"""

from __future__ import annotations

import difflib
import hashlib
import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

PROJECT_ROOT = Path(__file__).resolve().parents[1]
# The source whose tables are not exports: seeds/definitions/, or a workspace's own definitions/.
DEFINITIONS = "definitions"

TYPES = re.compile(r"varchar|bigint|date|timestamp|boolean|decimal\(\d+,\d+\)")
NUMBER_SHAPE = re.compile(r"1(?P<thousands>[,. '])?234(?P<decimal>[.,])56")
R = TypeVar("R", bound="Rules")
FALLBACKS = ("from_header", "from_file_name", "from_preamble", "constant")
Mode = Literal["full", "incremental", "window"]


class ContractError(Exception):
    """A contract that cannot be used; the message names the file, the column and the key."""


def _text(value: Any) -> Any:
    """YAML reads `1`, `true` and dates where a text is meant."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float, date)) else value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, (str, int, float, date)) else value


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_text)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_listed)]
Bound = Annotated[Decimal | date | None, Field(union_mode="left_to_right")]


class Rules(BaseModel):
    """Settings in YAML: frozen, and without a key that nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def stated(self) -> dict[str, Any]:
        """The keys that were written down."""
        return {key: getattr(self, key) for key in self.model_fields_set}


class Meaning(Rules):
    """The definition that says what the words of a column mean to the reports, or the list that has
    to know them.
    """

    name: Literal[
        "cac_cost_types",
        "channel_map",
        "exchange_rates",
        "loss_reasons",
        "opportunity_kinds",
        "opportunity_stages",
        "sales_reps",
        "stage_map",
    ]
    system: Text | None = None
    """The system that the definition knows the words under, where it is not that of the rows."""
    day: Text | None = None
    """The column whose day says which row of the definition holds."""
    where: dict[Text, Text] = Field(default_factory=dict)
    """Only rows in which these columns have these texts."""


@cache
def _is_another_day(written: str, read: str) -> bool:
    """Whether a text in one form of dates is another day in the other form."""
    probe = datetime(2003, 4, 5, 6, 7, 8, tzinfo=UTC).strftime(written)
    try:
        return datetime.strptime(probe, written).date() != datetime.strptime(probe, read).date()
    except ValueError:
        return False


class ColumnRules(Rules):
    """How one column of a file is found, read and checked: `config.meta` of a column."""

    headers: Texts | None = None
    required: bool = False
    not_null: bool = False
    format: Texts = ()
    timezone: str | None = None
    number: str = "1234.56"
    percent: bool = False
    currency_symbols: bool = False
    null_values: Texts | None = None
    identity: Literal["email", "id", "domain", "test_flag"] | None = None
    values: dict[Text, Text] = Field(default_factory=dict)
    unmapped: Literal["keep", "null", "reject"] = "keep"
    constant: Text | None = None
    from_header: str | None = None
    from_file_name: str | None = None
    from_preamble: str | None = None
    position: int | None = Field(default=None, ge=1)
    multipliers: dict[Text, int] = Field(default_factory=dict)
    divide: int = Field(default=1, ge=1)
    day_of_period: bool = False
    address_part: str | None = None
    """Of a web address: `path`, `parameters` (the names of those it has, joined by `&`), or one
    such name, for the value of it; a cell that is no address is that value itself.
    """
    min: Bound = None
    max: Bound = None
    trim: bool = True
    definition: Annotated[Meaning | None, BeforeValidator(_named)] = None
    """Which definition the values are looked up in."""
    lists: Annotated[Meaning | None, BeforeValidator(_named)] = None
    """What the values are known to, as a list of sales reps makes its ids known."""

    @field_validator("number")
    @classmethod
    def _shape(cls, value: str) -> str:
        shape = NUMBER_SHAPE.fullmatch(value)
        if not shape or shape["thousands"] == shape["decimal"]:
            raise ValueError("write 1234.56 as the file would, as in '1,234.56' or '1.234,56'")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str | None) -> str | None:
        return known_zone(value) if value else None

    @field_validator("format")
    @classmethod
    def _unambiguous(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for written, read in itertools.permutations(value, 2):
            if _is_another_day(written, read):
                raise ValueError(
                    f"'{written}' and '{read}' read the same text as different days: "
                    "state the one that the file has"
                )
        return value

    @field_validator("divide")
    @classmethod
    def _power_of_ten(cls, value: int) -> int:
        if str(value).rstrip("0") != "1":
            raise ValueError("write 10, 100, 1000000 or another power of ten")
        return value

    @field_validator("from_preamble")
    @classmethod
    def _of_preamble(cls, value: str | None) -> str | None:
        if value not in (None, "period_start", "period_end") and not pattern(value or ""):
            raise ValueError("write period_start, period_end, or /an expression with one (group)/")
        return value

    @field_validator("headers", "from_header", "from_file_name")
    @classmethod
    def _patterns(cls, value: Any) -> Any:
        for alias in (value,) if isinstance(value, str) else value or ():
            pattern(alias)
        return value

    @property
    def has_fallback(self) -> bool:
        """Whether the value can come from elsewhere than a header's cells."""
        return any(getattr(self, key) is not None for key in FALLBACKS)


class Window(Rules):
    """The days that one file replaces: those of `date`, within each value of `scope`."""

    date: str
    scope: Texts = ()


class Totals(Rules):
    """Rows that are totals: how they look, and which of them the other rows must add up to."""

    column: Texts = ()
    starts_with: str | None = None
    blank: bool = False
    control: Texts = ()
    sum: str | None = None


class Preamble(Rules):
    """What stands above the header (and, for `exported_at`, in the footer)."""

    period: bool = False
    exported_at: str | None = None
    """`/regex/` whose first group is the time of the export."""
    format: Texts = ()
    """Of `exported_at`: strptime formats."""
    incomplete: str | None = None
    """`/regex/` of a line that says the numbers may still change."""

    @field_validator("exported_at", "incomplete")
    @classmethod
    def _patterns(cls, value: str | None) -> str | None:
        return expression(value)


class Unpivot(Rules):
    """Columns that become rows: one of each filled cell below these headers."""

    headers: dict[Text, Text]
    """Header, or `/regex/`, and what it is called in the rows; `\\1` is the first group."""
    name: str
    """The column that gets what the header is called."""
    value: str
    """The column that gets the cell."""


class Split(Rules):
    """A cell with several values: one row of each."""

    column: str
    by: Text = ";"


class Ignored(Rules):
    """Files of a source that are known, and not loaded."""

    match: Texts
    because: str


class FileSettings(Rules):
    """What a workspace may say about one file as well as a contract about all of its files."""

    encoding: str = "utf-8"
    timezone: str = "UTC"
    null_values: Texts = ("",)
    totals: Totals | None = None
    footer: Texts = ()
    row_count: str | None = None
    unpivot: Unpivot | None = None
    split: Split | None = None
    max_reject_share: float = Field(default=0.05, ge=0, le=1)
    max_shrink: float = Field(default=0.5, ge=0, le=1)

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        return known_zone(value)

    @field_validator("row_count")
    @classmethod
    def _expression(cls, value: str | None) -> str | None:
        return expression(value)

    @field_validator("encoding")
    @classmethod
    def _codec(cls, value: str) -> str:
        try:
            "".encode(value)
        except LookupError:
            raise ValueError("not an encoding; try utf-8, cp1252 or utf-16") from None
        return value


class TableRules(FileSettings):
    """How the files of one table are recognised and read: `config.meta` of a table."""

    match: Texts = ()
    key: Texts = ()
    mode: Mode = "incremental"
    window: Window | None = None
    repeats: Literal["allowed"] | None = None
    alongside: str | None = None
    full: Texts = ()
    """Names of the files that list everything, where not all files of the table do."""
    where: dict[str, Texts] = Field(default_factory=dict)
    """Only rows whose header has one of these texts are of the table; the others are skipped."""
    by_header: bool | str = True
    """Whether a file outside of the source's folder may be known by its header alone; or only where
    a line above the header has this `/expression/`."""
    sections: str | None = None
    absent: Texts = ()
    delimiters: Texts = (",", ";", "\t", "|")
    empty_marker: str | None = None
    preamble: Preamble = Preamble()


class Period(Rules):
    """A time in whole days, as dbt writes it: exports are files, and tell of days."""

    count: int = Field(ge=1)
    period: Literal["day"]


class Freshness(Rules):
    """How old the newest export may become: `config.freshness` of a table, else of its source."""

    warn_after: Period
    error_after: Period | None = None

    @property
    def days(self) -> int:
        """After how many days a newer export is expected."""
        return self.warn_after.count


@dataclass(frozen=True)
class Column:
    """One column of a raw table."""

    name: str
    data_type: str
    description: str
    rules: ColumnRules

    @property
    def headers(self) -> tuple[str, ...]:
        """The names under which a file may hold the column; without any it has its own."""
        if self.rules.headers is not None:
            return self.rules.headers
        return () if self.rules.has_fallback else (self.name,)

    @property
    def is_text(self) -> bool:
        """Whether its values are taken as they are written."""
        return self.data_type == "varchar"

    @property
    def is_key(self) -> bool:
        """Whether its values are made under the identity key."""
        return self.rules.identity in ("email", "id")


@dataclass(frozen=True)
class Contract:
    """One kind of export file, and the raw table that holds its rows."""

    source: str
    table: str
    description: str
    columns: tuple[Column, ...]
    rules: TableRules
    digest: str
    """Changes with anything that changes the loaded rows, and not with a description."""
    ignored: tuple[Ignored, ...] = ()
    """Files of its source that are known, and not loaded."""
    freshness: Freshness | None = None
    """How old its newest export may become; None where no age is too old."""

    @property
    def name(self) -> str:
        """Name in workspace.yml: source.table."""
        return f"{self.source}.{self.table}"

    @property
    def relation(self) -> str:
        """Name of the raw relation."""
        return f"{self.source}__{self.table}"

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that name a row."""
        return self.rules.key

    @property
    def mode(self) -> Mode:
        """What a newer file means for the rows of an older one."""
        return self.rules.mode

    def mode_of(self, file_name: str) -> Mode:
        """The same for one file: an extract of some rows has another name than a full export."""
        base = file_name.rpartition("/")[2].casefold().removesuffix(".gz")
        names = self.rules.full
        if not names or any(fnmatchcase(base, name.casefold()) for name in names):
            return self.mode
        return "incremental"

    @cached_property
    def has_keys(self) -> bool:
        """Whether loading it takes the identity key."""
        return any(column.is_key for column in self.columns)

    @cached_property
    def required(self) -> tuple[Column, ...]:
        """The columns without which a file is not of this kind."""
        return tuple(column for column in self.columns if column.rules.required)

    def adjusted(
        self, settings: FileSettings, delimiter: str | None, columns: Mapping[str, ColumnRules]
    ) -> Contract:
        """The contract as it holds for one file: with what the workspace says about that file.

        A header that is stated for one file must be there; it replaces any other origin of the
        value, and the other way round. A zone or null values of the file hold for all columns.
        """
        stated = {
            key: value
            for key, value in settings.stated().items()
            if key in FileSettings.model_fields
        }
        if settings.totals and self.rules.totals:
            stated["totals"] = self.rules.totals.model_copy(update=settings.totals.stated())
        adjusted = []
        for column in self.columns:
            changes = dict.fromkeys(stated.keys() & {"timezone", "null_values"})
            own = columns.get(column.name)
            if own is not None:
                if own.headers is not None:
                    changes |= {"required": True} | dict.fromkeys(FALLBACKS)
                elif own.has_fallback:
                    changes |= {"headers": ()}
                changes |= own.stated()
            adjusted.append(replace(column, rules=column.rules.model_copy(update=changes)))
        if delimiter:
            stated["delimiters"] = (delimiter,)
        return replace(self, columns=tuple(adjusted), rules=self.rules.model_copy(update=stated))


def expression(value: str | None) -> str | None:
    """The text, if it is a `/regex/`."""
    if value is not None and not pattern(value):
        raise ValueError("write a regular expression between slashes, like /Rows: ([0-9]+)/")
    return value


def known_zone(value: str) -> str:
    """The name, if it is one of a time zone, or stands for that of the workspace."""
    try:
        if value != "workspace":
            ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        raise ValueError(f"'{value}' is not a time zone; write it like America/New_York") from None
    return value


def pattern(alias: str) -> re.Pattern[str] | None:
    """What `/regex/` matches, or None where the alias is a plain name."""
    if len(alias) < 3 or not (alias.startswith("/") and alias.endswith("/")):
        return None
    try:
        return re.compile(alias[1:-1], re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"{alias} is not a regular expression: {error}") from None


def nearest(name: str, names: list[str]) -> str:
    """Words that point to the most similar name, or none."""
    folded = {other.casefold(): other for other in names}
    found = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    return f" (the nearest is '{folded[found[0]]}')" if found else ""


def read_contracts(models: Path = PROJECT_ROOT / "models") -> dict[str, Contract]:
    """All contracts below models/staging, by source.table, in a steady order."""
    contracts = {}
    for path in sorted(models.rglob("*sources.yml")):
        try:
            document = yaml.load(path.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except yaml.YAMLError as error:
            raise ContractError(f"{path}: not valid YAML: {error}") from None
        for source in document.get("sources", []):
            meta = source.get("config", {}).get("meta", {})
            ignored = tuple(
                _rules(Ignored, entry, f"{path}: {source['name']}: ignored")
                for entry in meta.get("ignored", [])
            )
            for table in source.get("tables", []):
                if table.get("config", {}).get("meta"):
                    contract = _contract(path, source["name"], table)
                    freshness = _freshness(path, source, table)
                    contracts[contract.name] = replace(
                        contract, ignored=ignored, freshness=freshness
                    )
    return dict(sorted(contracts.items()))


def _freshness(path: Path, source: dict[str, Any], table: dict[str, Any]) -> Freshness | None:
    """That of the table, else of the source: as for dbt, which takes null for none."""
    of_source = source.get("config", {}).get("freshness")
    stated = table["config"].get("freshness", of_source)
    where = f"{path}: {source['name']}.{table['name']}: freshness"
    return None if stated is None else _rules(Freshness, stated, where)


def _contract(path: Path, source: str, table: dict[str, Any]) -> Contract:
    where = f"{path}: {source}.{table['name']}"
    columns = []
    for raw in table.get("columns", []):
        data_type = re.sub(r"\s", "", str(raw.get("data_type", ""))).lower()
        if not TYPES.fullmatch(data_type):
            raise ContractError(
                f"{where}.{raw['name']}: data_type '{data_type}' is not one we load"
            )
        meta = raw.get("config", {}).get("meta", {})
        column_rules = _rules(ColumnRules, meta, f"{where}.{raw['name']}")
        if data_type == "date" and any("%z" in form.lower() for form in column_rules.format):
            raise ContractError(f"{where}.{raw['name']}: format: a date has no offset; drop the %z")
        wanted = {None: data_type, "test_flag": "boolean"}.get(column_rules.identity, "varchar")
        if data_type != wanted:
            identity = column_rules.identity
            raise ContractError(f"{where}.{raw['name']}: identity: a {identity} is a {wanted}")
        columns.append(Column(raw["name"], data_type, raw.get("description", ""), column_rules))

    rules = _rules(TableRules, table["config"]["meta"], where)
    totals = rules.totals or Totals()
    stated = [
        *(("key", name) for name in rules.key),
        *(("totals", name) for name in (*totals.column, *filter(None, [totals.sum]))),
    ]
    if rules.unpivot:
        stated += [("unpivot", rules.unpivot.name), ("unpivot", rules.unpivot.value)]
    if rules.split:
        stated += [("split", rules.split.column)]
    if rules.window:
        stated += [("window", name) for name in (rules.window.date, *rules.window.scope)]
    for column in columns:
        for key, meaning in (
            ("definition", column.rules.definition),
            ("lists", column.rules.lists),
        ):
            if meaning:
                named = [*meaning.where, *filter(None, [meaning.day])]
                stated += [(f"{column.name}: {key}", name) for name in named]
    names = [column.name for column in columns]
    for key, name in stated:
        if name not in names:
            raise ContractError(f"{where}: {key}: no column '{name}'{nearest(name, names)}")
    if rules.mode == "window" and not rules.window:
        raise ContractError(f"{where}: window: mode window needs to know the date column")

    loaded = [
        table["config"]["meta"],
        [
            (c.name, c.data_type, _of_rows(raw.get("config")))
            for c, raw in zip(columns, table["columns"], strict=True)
        ],
    ]
    digest = hashlib.blake2b(json.dumps(loaded, default=str, sort_keys=True).encode())
    return Contract(
        source,
        table["name"],
        table.get("description", ""),
        tuple(columns),
        rules,
        digest.hexdigest()[:32],
    )


def _of_rows(config: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a column's `config` says of the rows, and not of what they mean."""
    if not config or "meta" not in config:
        return config
    apart = ("definition", "lists")
    return config | {"meta": {k: v for k, v in config["meta"].items() if k not in apart}}


def _rules(kind: type[R], meta: dict[str, Any], where: str) -> R:
    try:
        return kind.model_validate(meta)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ContractError(f"{where}: {key}: {first['msg']}") from None
