"""A workspace: the folder with one company's files, and its settings in workspace.yml.

Where things lie and what the user has set is known here, with errors that name the key and the
line. What an export looks like is contracts.py; doing something with it belongs to the other
modules.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator

from orchestration.contracts import (
    PROJECT_ROOT as PROJECT_ROOT,
)
from orchestration.contracts import (
    ColumnRules,
    FileSettings,
    Mode,
    Rules,
    Text,
    Texts,
    Totals,
    known_zone,
    nearest,
)

# Folders of runs/ in which a build lies beside the one that is published.
BUILDS_ASIDE = ("as_of", "scenario")
DEMO_ROOT = PROJECT_ROOT / "workspaces" / "demo"
KEY_VARIABLE = "PLUMBLINE_IDENTITY_KEY"
DEMO_KEY = hashlib.sha256(b"plumbline: the identity key of the demo company").digest()

TEMPLATE = """\
# One company's settings. Every key is explained here; lines that start with # are examples.

company: {company}
reporting_currency: USD            # ISO code; all money is reported in it
timezone: America/New_York         # whose days the reports count; a name like Europe/Berlin
fiscal_year_start_month: 1         # 1 = January
# as_of: 2026-10-31                # the day that counts as today; else the day of the newest export

# Exports go below exports/, in a folder per source (exports/salesforce/, exports/google_ads/, ...).
# Those of known sources are recognised by name and header. Any other file is described here:
# which contract it follows, and where it differs. The first column name is ours, the second is
# the header in the file. `plumbline run` says which files were not read, and why.
#
# files:
#   - match: "crm/leads*.csv"      # path below exports/; * stands for anything
#     contract: generic.leads      # source.table
#     delimiter: ";"               # else , ; tab and | are tried
#     encoding: cp1252             # else utf-8; a byte order mark always decides
#     timezone: Europe/Berlin      # of times without an offset
#     null_values: ["", "n/a"]
#     where: {{Field: [Status]}}     # keep only rows whose header Field has one of these values
#     columns:
#       lead_id: Lead No
#       created_at: {{headers: [Created], format: "%d.%m.%Y %H:%M"}}
#       source_system: {{constant: crm}}
files: []

# After how many days a newer export of a source is expected, where that is not as its contract has
# it (`any`: no age is too old). `plumbline status` and Dagster's checks tell what is overdue.
#
# freshness:
#   google_ads: 8
#   generic.costs: 35
"""


class WorkspaceError(Exception):
    """A workspace that cannot be used; the message says which key, which line and what to do."""


class FileRule(FileSettings):
    """One entry of `files`: which files follow which contract, and where they differ from it."""

    match: str
    contract: str
    delimiter: str | None = None
    header: bool = True
    mode: Mode | None = None
    exported_at: datetime | date | None = None
    where: dict[str, Texts] = Field(default_factory=dict)
    columns: dict[str, ColumnRules] = Field(default_factory=dict)

    @field_validator("columns", mode="before")
    @classmethod
    def _headers_alone(cls, value: Any) -> Any:
        """`lead_id: Lead No` is short for `lead_id: {headers: [Lead No]}`."""
        if not isinstance(value, dict):
            return value
        return {k: v if isinstance(v, dict) else {"headers": v} for k, v in value.items()}

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, value: str | None) -> str | None:
        if value is not None and (len(value) != 1 or value in '"\r\n'):
            raise ValueError("a delimiter is one character")
        return value


class Config(Rules):
    """What workspace.yml says."""

    company: Text
    reporting_currency: str = "USD"
    timezone: str = "UTC"
    fiscal_year_start_month: int = Field(default=1, ge=1, le=12)
    as_of: date | None = None
    demo: bool = False
    files: tuple[FileRule, ...] = ()
    freshness: dict[Text, int | Literal["any"]] = Field(default_factory=dict)
    """After how many days a newer export of a source, or `source.table`, is expected."""

    @field_validator("files", mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        return value if value is not None else ()

    @field_validator("freshness", mode="before")
    @classmethod
    def _days(cls, value: Any) -> Any:
        stated = value if isinstance(value, dict) else {"": value}
        for name, days in stated.items():
            if days != "any" and (not isinstance(days, int) or days < 1):
                example = f"{name or 'google_ads'}: 8"
                raise ValueError(f"write a number of days, like `{example}`, or any")
        return value

    @field_validator("reporting_currency")
    @classmethod
    def _currency(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Z]{3}", value):
            raise ValueError("write an ISO code of three capitals, like USD")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value == "workspace":
            raise ValueError("is the workspace's own zone; write it like America/New_York")
        return known_zone(value)


@dataclass(frozen=True)
class Workspace:
    """One company's folder: what was given, what is built, and what is kept for ever."""

    root: Path
    config: Config
    aside: str = ""
    """Names a build beside the one that is published: of a past day, or under other definitions.
    What it builds lies below runs/, what it is built from is the same."""
    as_of: date | None = None
    """The day up to which exports count, and that counts as today; else all, and the settings."""

    def at(self, as_of: date) -> Workspace:
        """The workspace as it was known on a day."""
        return replace(self, aside="as_of", as_of=as_of)

    @property
    def exports(self) -> Path:
        """The files that the company gave."""
        return self.root / "exports"

    @property
    def definitions(self) -> Path:
        """Definitions of its own, in place of those of seeds/definitions/."""
        return self.root / "definitions"

    @property
    def raw(self) -> Path:
        """The loaded files, as Parquet."""
        return self.root / "raw"

    @property
    def lists(self) -> Path:
        """Which of the loaded files count, and the settings: what the models are built from."""
        return self.runs / "lists" if self.aside else self.raw

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that dbt builds."""
        return (self.runs if self.aside else self.root) / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """The DuckDB file that BI reads; the marts of a past day lie beside the build of it."""
        if self.as_of:
            return self.runs / f"plumbline-{self.as_of}.duckdb"
        return self.root / "published" / "plumbline.duckdb"

    @property
    def report(self) -> Path:
        """The report page."""
        return self.root / "report.html"

    @property
    def runs(self) -> Path:
        """Logs, dbt's and Dagster's own files, and temporary ones."""
        return self.root / "runs" / self.aside

    @property
    def history(self) -> Path:
        """What is only ever added to."""
        return self.root / "history"

    def identity_key(self) -> bytes:
        """The secret under which e-mail addresses become keys; the demo has one built in."""
        text = os.environ.get(KEY_VARIABLE, "").strip()
        if not text and self.config.demo:
            return DEMO_KEY
        how = 'make one with: python -c "import secrets; print(secrets.token_hex(32))"'
        if not text:
            raise WorkspaceError(
                f"{KEY_VARIABLE} is not set: e-mail addresses are only loaded as keys under a "
                f"secret of your own; {how}, keep it safe, and set the variable to it"
            )
        if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
            raise WorkspaceError(f"{KEY_VARIABLE} is not 64 hexadecimal digits; {how}")
        key = bytes.fromhex(text)
        if key == DEMO_KEY and not self.config.demo:
            raise WorkspaceError(f"{KEY_VARIABLE} is the demo's key, which anybody can read; {how}")
        return key

    def error(self, message: str, *key: str | int) -> WorkspaceError:
        """An error about one key of workspace.yml, with its line."""
        return _error(self.root / "workspace.yml", message, key)

    def line(self, *key: str | int) -> int:
        """The line of workspace.yml on which a key stands."""
        return _line(self.root / "workspace.yml", key)


def find_root(root: Path | None = None) -> Path:
    """The folder that is meant: `root`, else $PLUMBLINE_WORKSPACE, else the demo's."""
    if root is None:
        stated = os.environ.get("PLUMBLINE_WORKSPACE")
        root = Path(stated) if stated else DEMO_ROOT
    return root.resolve()


def open_workspace(root: Path | None = None) -> Workspace:
    """The workspace in `root`, else in $PLUMBLINE_WORKSPACE, else the demo."""
    root = find_root(root)
    path = root / "workspace.yml"
    try:
        text = path.read_text(encoding="utf-8")
        values = yaml.safe_load(text)
    except FileNotFoundError:
        raise WorkspaceError(
            f"{path} does not exist: make a workspace with `plumbline init {root}`, "
            "or the demo with `plumbline demo`"
        ) from None
    except UnicodeDecodeError:
        raise WorkspaceError(f"{path} is not UTF-8: save it as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or error
        raise WorkspaceError(f"{path}{line}: not valid YAML: {problem}") from None
    if not isinstance(values, dict):
        raise WorkspaceError(f"{path}, line 1: write keys and values, like `company: Acme`")

    try:
        return Workspace(root, Config.model_validate(values))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise _error(path, _advice(first), first["loc"]) from None


def init_workspace(directory: Path) -> Path:
    """Make an empty workspace, with every setting explained; never touches an existing one."""
    directory = directory.resolve()
    path = directory / "workspace.yml"
    if path.exists():
        raise WorkspaceError(f"{path} exists already: choose another folder, or edit that file")
    for name in ("exports", "definitions"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    company = directory.name.replace("-", " ").replace("_", " ").title()
    with path.open("x", encoding="utf-8") as file:
        file.write(TEMPLATE.format(company=yaml.safe_dump(company).splitlines()[0]))
    return path


def _advice(problem: Any) -> str:
    """What pydantic found, in words for the user."""
    if problem["type"] == "missing":
        return "is missing"
    if problem["type"] != "extra_forbidden":
        return str(problem["msg"]).removeprefix("Value error, ")
    location = problem["loc"]
    kind: type[Rules] = Config
    if location[0] == "files":
        inside = set(location[:-1])
        kind = ColumnRules if "columns" in inside else Totals if "totals" in inside else FileRule
    return f"is not a key we know{nearest(str(location[-1]), list(kind.model_fields))}"


def _error(path: Path, message: str, key: Sequence[str | int]) -> WorkspaceError:
    """Name the key, and the line of the deepest part of it that is written down."""
    name = ".".join(str(part) for part in key)
    return WorkspaceError(f"{path}, line {_line(path, key)}: {name}: {message}")


def _line(path: Path, key: Sequence[str | int]) -> int:
    node = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    line = 1
    for part in key:
        if isinstance(node, yaml.MappingNode):
            found = [pair for pair in node.value if pair[0].value == str(part)]
            if not found:
                break
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
