"""How a file could be mapped that no contract fits: an entry for `files:` in workspace.yml.

Headers are compared by name, and values by whether they are read: a format is only proposed if it
reads every value, and where two do so differently the choice is left to the user. Each proposal is
tried before it is shown. No value of a file stands in a proposal but the words of its own statuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import ValidationError

from orchestration import gaps
from orchestration.contracts import DEFINITIONS, Column, Contract
from orchestration.doctor.assignment import DATED, Assignment, affinity, assign, normal
from orchestration.doctor.hints import WORDS
from orchestration.doctor.sheet import Fit, Profile, Sheet, decimal_mark
from orchestration.ingest.dialect import Layout, Names, Refused, bind
from orchestration.ingest.matching import is_named_for
from orchestration.workspace import FileRule

STAGE_DATES = re.compile(
    r"(?i)\b(date|datum|on|at|entered|became|since|am|reached|when|a|first|timestamp|time)\b"
)
# Where the people's ids are, of the contracts that have them.
PEOPLE = {"leads": "lead_id", "contacts": "contact_id", "opportunities": "person_record_id"}
# What a pattern of names that fits any file consists of.
EXTENSIONS = ("", "csv", "tsv", "txt")
# Of the nearest contracts, how many are tried.
MOST_TRIED = 3


@dataclass(frozen=True)
class Proposal:
    """Entries for `files:`, as YAML, and what became of them when they were tried."""

    contracts: tuple[str, ...]
    text: str
    rows: int = 0
    rejected: int = 0
    problem: str = ""
    """Why it is not to be used as it is: a choice that is left, or a refusal."""
    replaces: int | None = None
    """The place of the entry that it is to stand for."""
    is_usable: bool = True
    """Whether the file loads under it, at least once the choices are made."""


@dataclass
class Entry:
    """One entry of `files:` in the making."""

    match: str
    contract: Contract
    settings: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, dict[str, Any]] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    """Of a column, or of the entry under an empty name."""
    open_choices: list[str] = field(default_factory=list)
    """Columns of which the user has to say how they are read."""
    choices: dict[str, tuple[Column, Fit]] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    """What stands before decimals in this file for sure, and in which column."""

    def as_rule(self) -> dict[str, Any]:
        """What it says."""
        said: dict[str, Any] = {"match": self.match, "contract": self.contract.name}
        said |= self.settings
        if self.columns:
            said["columns"] = self.columns
        return said

    def as_yaml(self) -> str:
        """The same as it is pasted, with remarks."""
        said = self.as_rule()
        lines = [f"  # {remark}" for remark in self.remarks.get("", "").splitlines()]
        for key, value in said.items():
            mark = "- " if key == "match" else "  "
            if key != "columns":
                lines.append(f"  {mark}{key}: {_flow(value)}")
                continue
            lines.append("    columns:")
            for name, rules in self.columns.items():
                short = rules.get("headers") if set(rules) == {"headers"} else None
                plain = short[0] if short and len(short) == 1 else rules
                remark = self.remarks.get(name)
                note = f"  # {remark}" if remark else ""
                lines.append(f"      {name}: {_flow(plain)}{note}")
        return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    """A value as YAML on one line."""
    text = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, width=10**6, sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...").removesuffix("\n")


def propose(sheet: Sheet, contracts: Mapping[str, Contract]) -> tuple[list[Proposal], str]:
    """Entries that load a file, and else what the nearest contract lacks."""
    if plain := _as_it_is(sheet, contracts):
        return [plain], ""
    found = sorted(
        (assign(sheet, contract) for contract in _candidates(sheet, contracts)),
        key=lambda done: -done.score,
    )
    near = [done for done in found if done.is_near(sheet.has_header)]
    # A contract that far more headers speak for is meant, even if one column is not there.
    lacking = max((done for done in near if done.lacks), key=lambda done: done.named, default=None)
    least = lacking.named - 1 if lacking and sheet.has_header else 0
    whole = [done for done in near if not done.lacks and done.named >= least][:MOST_TRIED]
    for done in whole:
        if (proposal := _tried(sheet, [_entry(sheet, done)])).is_usable:
            if done.contract.table in PEOPLE and (dates := _stage_dates(sheet, contracts, done)):
                return [_tried(sheet, [_entry(sheet, done), dates])], ""
            return [proposal], ""
    if dates := _stage_dates(sheet, contracts, None):
        return [_tried(sheet, [dates])], ""
    if lacking:
        lacks = ", ".join(lacking.lacks)
        return [], f"the nearest contract is {lacking.contract.name}, but nothing gives {lacks}"
    return [], ""


def onto(sheet: Sheet, contract: Contract) -> Proposal | None:
    """An entry that loads a file under a contract that is known to be meant."""
    done = assign(sheet, contract)
    return None if done.lacks or contract.rules.unpivot else _tried(sheet, [_entry(sheet, done)])


def _as_it_is(sheet: Sheet, contracts: Mapping[str, Contract]) -> Proposal | None:
    """An entry that only names the contract: of a source that is known, by name and header."""
    found = []
    for contract in contracts.values():
        if contract.source in (DEFINITIONS, "generic") or contract.rules.alongside:
            continue
        telling = any(pattern.strip("*.") not in EXTENSIONS for pattern in contract.rules.match)
        if not telling or not is_named_for(contract, sheet.file):
            continue
        try:
            layout = bind(sheet.head, contract, {})
        except Refused:
            continue
        if 2 * len(layout.positions) >= len(contract.columns):
            found.append((len(contract.required), len(layout.positions), contract))
    for _, _, contract in sorted(found, key=lambda item: (-item[0], -item[1])):
        entry = Entry(_glob(sheet.file.name), contract)
        entry.remarks[""] = (
            f"or put it into exports/{contract.source.replace('fivetran_', 'fivetran/')}/"
        )
        if (proposal := _tried(sheet, [entry])).is_usable:
            return proposal
    return None


def with_stage_dates(
    sheet: Sheet, contracts: Mapping[str, Contract], contract: Contract
) -> list[Proposal]:
    """Entries for a file that follows a contract already, and has columns of dates of stages that
    nothing uses.
    """
    done = assign(sheet, contract)
    if contract.table not in PEOPLE or contract.source != "generic" or done.lacks:
        return []
    dates = _stage_dates(sheet, contracts, done)
    return [_tried(sheet, [_entry(sheet, done), dates])] if dates else []


def _candidates(sheet: Sheet, contracts: Mapping[str, Contract]) -> list[Contract]:
    """Contracts that may be meant: any generic one, and those of which much is there by name."""
    found = []
    names = Names(list(sheet.layout.headers))
    for contract in contracts.values():
        rules = contract.rules
        if contract.source == DEFINITIONS or rules.alongside or rules.sections or rules.unpivot:
            continue
        if contract.source.startswith("fivetran_") and not is_named_for(contract, sheet.file):
            continue
        wanted = [column for column in contract.required if column.headers]
        there = sum(bool(names.find(column)) for column in wanted)
        if contract.source == "generic" or (len(wanted) > 2 and there * 4 >= len(wanted) * 3):
            found.append(contract)
    return found


def _entry(sheet: Sheet, done: Assignment) -> Entry:
    """An entry that says of each column where it is and how it is read."""
    contract = done.contract
    entry = Entry(_glob(sheet.file.name), contract, dict(sheet.settings))
    if not sheet.has_header:
        entry.remarks[""] = "it has no header: this is told from the looks of its columns alone"
    if sheet.layout.delimiter not in contract.rules.delimiters:
        entry.settings["delimiter"] = sheet.layout.delimiter
    typed = []
    order = [column for column in contract.columns if column.name in done.columns]
    for column in order:
        profile, _ = done.columns[column.name]
        rules = _where(sheet, profile)
        if column.rules.identity == "test_flag" and sheet.has_header:
            rules = {"headers": _names_of_people(sheet, column, profile)}
        if not column.is_text and column.rules.identity is None:
            typed.append(profile.place)
            if column.data_type != "boolean":
                _state(sheet, entry, column, profile.place, rules)
        elif column.rules.values and column.rules.unmapped == "reject":
            _state_words(sheet, entry, column, profile.place, rules)
        entry.columns[column.name] = rules
    _settle(entry)
    for name, value in done.constants.items():
        entry.columns[name] = {"constant": value}
        entry.remarks[name] = "say which platform it is"
    _state_system(sheet, entry)
    _state_currency(sheet, entry, done)
    if nulls := sheet.nulls(typed):
        entry.settings["null_values"] = ["", *nulls]
    used = {profile.place for profile, _ in done.columns.values()}
    spare = [p.header for p in sheet.profiles if p.place not in used and p.header.strip()]
    if spare and sheet.has_header:
        listed = ", ".join(gaps.shown(header) for header in spare[:12])
        entry.remarks[""] = f"not used: {listed}{', ...' if len(spare) > 12 else ''}"
    elif spare:
        listed = ", ".join(str(p.place + 1) for p in sheet.profiles if p.place not in used)
        entry.remarks[""] += f"\nnot used: column{'s' if len(spare) > 1 else ''} {listed}"
    return entry


def _where(sheet: Sheet, profile: Profile) -> dict[str, Any]:
    if sheet.has_header:
        return {"headers": [profile.header]}
    return {"position": profile.place + 1}


def _names_of_people(sheet: Sheet, column: Column, best: Profile) -> list[str]:
    """All headers that hold a part of a name: a test may be called so in either."""
    named = [p.header for p in sheet.profiles if affinity(p.header, column) >= 0.9]
    return named or [best.header]


def _state(sheet: Sheet, entry: Entry, column: Column, place: int, rules: dict[str, Any]) -> None:
    """Say how a number or a time is read, unless the contract says it already."""
    fit = sheet.fit([place], column)
    if fit.alternatives:
        entry.choices[column.name] = (column, fit)
        return
    _tell(entry, column, fit.rules, rules)
    if fit.misses:
        entry.remarks[column.name] = f"{fit.misses:,} of {fit.filled:,} values fit no format"
    if "number" in fit.rules:
        header = rules.get("headers", [column.name])[0]
        entry.marks.setdefault(decimal_mark(fit.rules), header)


def _tell(entry: Entry, column: Column, found: Mapping[str, Any], rules: dict[str, Any]) -> None:
    told = {key: value for key, value in found.items() if value != _default(column, key)}
    if "format" in told:
        formats = list(told["format"])
        told["format"] = formats if len(formats) > 1 else formats[0]
    rules |= told


def _settle(entry: Entry) -> None:
    """Choose between shapes of a number where another column of the file tells; leave other choices
    to the user.
    """
    for name, (column, fit) in entry.choices.items():
        ways = [fit.rules, *fit.alternatives]
        if "format" not in fit.rules and len(entry.marks) == 1:
            [(mark, header)] = entry.marks.items()
            fitting = [rule for rule in ways if decimal_mark(rule) == mark]
            if fitting:
                _tell(entry, column, fitting[0], entry.columns[name])
                entry.remarks[name] = f"decimals as in '{gaps.shown(header)}'"
                continue
        listed = " or ".join(dict.fromkeys(map(_way, ways)))
        entry.remarks[name] = f"choose: {listed}: each reads all values, as different ones"
        entry.open_choices.append(name)


def _default(column: Column, key: str) -> Any:
    return getattr(column.rules, key)


def _way(rule: Mapping[str, Any]) -> str:
    """How the rules are written."""
    if "format" in rule:
        forms = [f'"{form}"' for form in rule["format"]]
        return f"format: {forms[0]}" if len(forms) == 1 else f"format: [{', '.join(forms)}]"
    said = {"number": "1234.56", **rule}
    return ", ".join(
        f'{key}: "{value}"' if isinstance(value, str) else f"{key}: {_flow(value)}"
        for key, value in said.items()
    )


def _state_words(
    sheet: Sheet, entry: Entry, column: Column, place: int, rules: dict[str, Any]
) -> None:
    """Say what the words of a status mean, where the contract does not know them."""
    words = sheet.words(place)
    known = column.rules.values
    unknown = [word for word in words if word.casefold() not in {k.casefold() for k in known}]
    if not unknown:
        return
    folded = {key.casefold(): value for key, value in known.items()}
    guesses = WORDS.get(column.name, ())
    allowed = {*known.values()}
    meant = {}
    for word in words:
        value = folded.get(word.casefold()) or gaps.guess(word, guesses, "")
        if value in allowed:
            meant[word] = value
    rules["values"] = meant
    entry.remarks[column.name] = f"check what each means: {', '.join(sorted(allowed))}"


def _state_system(sheet: Sheet, entry: Entry) -> None:
    """Keep the ids of one system apart from those of another: its folder names it."""
    names = [column.name for column in entry.contract.columns]
    folder = sheet.file.folder
    is_generic = entry.contract.source == "generic" and folder not in ("", "generic")
    if is_generic and "source_system" in names and "source_system" not in entry.columns:
        entry.columns["source_system"] = {"constant": gaps.slug(folder)}


def _state_currency(sheet: Sheet, entry: Entry, done: Assignment) -> None:
    """A sign that only one currency has says which it is."""
    names = [column.name for column in entry.contract.columns]
    signs = {"€": "EUR", "£": "GBP", "R$": "BRL", "zł": "PLN", "₹": "INR"}
    if "currency_code" not in names or "currency_code" in entry.columns:
        return
    for name, rules in list(entry.columns.items()):
        if not rules.get("currency_symbols") or name not in done.columns:
            continue
        text = sheet.text(done.columns[name][0].place)
        found = sheet.values(
            f"select distinct regexp_extract(t, '[A-Z]{{0,3}}\\p{{Sc}}|zł', 0) as sign "
            f"from (select {text} as t from {sheet.source}) where sign != '' limit 3"
        )
        if len(found) == 1 and found[0] in signs:
            entry.columns["currency_code"] = {"constant": signs[found[0]]}
        elif found:
            entry.remarks[name] = "if this is not the reporting currency, add currency_code"


def _stage_dates(
    sheet: Sheet, contracts: Mapping[str, Contract], beside: Assignment | None
) -> Entry | None:
    """An entry for dates of stages that stand in columns of their own: a row per filled cell."""
    contract = contracts.get("generic.stage_events")
    if contract is None or not sheet.has_header:
        return None
    stages: dict[str, str] = {}
    places = []
    for profile in sheet.profiles:
        bare = " ".join(STAGE_DATES.sub(" ", normal(profile.header)).split())
        stage = bare if bare in gaps.LADDER else gaps.guess(bare, gaps.STAGES, "")
        if stage and stage != "lead" and profile.is_date and stage not in stages.values():
            stages[profile.header] = stage
            places.append(profile.place)
    if len(stages) < 2:
        return None
    key = PEOPLE.get(beside.contract.table, "") if beside else ""
    if beside and key in beside.columns:
        record = beside.columns[key][0]
    else:
        own = assign(sheet, contract).columns.get("record_id")
        if own is None:
            return None
        record = own[0]
    unpivot = {"headers": stages, "name": "stage", "value": "changed_at"}
    entry = Entry(_glob(sheet.file.name), contract, {**sheet.settings, "unpivot": unpivot})
    entry.columns["record_id"] = _where(sheet, record)
    changed = next(column for column in contract.columns if column.name == "changed_at")
    fit = sheet.fit(places, changed)
    if fit.alternatives:
        ways = dict.fromkeys(_way(rule) for rule in (fit.rules, *fit.alternatives))
        entry.columns["changed_at"] = {"format": list(changed.rules.format)}
        entry.remarks["changed_at"] = f"choose: {' or '.join(ways)}: each reads all values"
        entry.open_choices.append("changed_at")
    elif fit.rules["format"] != changed.rules.format:
        entry.columns["changed_at"] = {"format": list(fit.rules["format"])}
    if nulls := sheet.nulls(places):
        entry.settings["null_values"] = ["", *nulls]
    _state_system(sheet, entry)
    return entry


def mended(
    sheet: Sheet, contract: Contract, layout: Layout, bad: Iterable[str], rule: FileRule | None
) -> Entry | None:
    """An entry that says how the columns are read that do not fit; None if nothing would help."""
    entry = Entry(_glob(sheet.file.name), contract)
    if rule is not None:
        stated = rule.model_dump(mode="json", exclude_unset=True)
        entry.match = stated.pop("match")
        stated.pop("contract")
        entry.columns = stated.pop("columns", {})
        entry.settings = stated
    helped = False
    for name in bad:
        column = next((c for c in contract.columns if c.name == name), None)
        places = [p for p in layout.positions.get(name, ()) if p < len(layout.headers)]
        if column is None or not places:
            continue
        before = dict(entry.columns.get(name, {}))
        rules = {
            k: v
            for k, v in before.items()
            if k not in ("format", "number", "percent", "currency_symbols", "multipliers")
        }
        if column.is_text:
            _state_words(sheet, entry, column, places[0], rules)
        elif column.data_type == "boolean":
            continue
        else:
            _state(sheet, entry, column, places[0], rules)
        entry.columns[name] = rules
        helped = helped or rules != before
    _settle(entry)
    return entry if helped or entry.choices else None


def tried(sheet: Sheet, entry: Entry) -> Proposal:
    """The entry as a proposal, after loading the file under it."""
    return _tried(sheet, [entry])


def _tried(sheet: Sheet, entries: list[Entry]) -> Proposal:
    text = "".join(entry.as_yaml() for entry in entries)
    names = tuple(entry.contract.name for entry in entries)
    choices = [name for entry in entries for name in entry.open_choices]
    if choices:
        problem = f"choose the format of {', '.join(choices)} first"
        return Proposal(names, text, problem=problem)
    rows = rejected = 0
    for entry in entries:
        try:
            rule = FileRule.model_validate(entry.as_rule())
            contract = entry.contract.adjusted(rule, rule.delimiter, rule.columns)
            layout = bind(sheet.head, contract, rule.where, header=rule.header)
            loaded, _ = sheet.trial.load(
                sheet.file, contract, layout, name="tried", has_nul=sheet.has_nul
            )
        except (Refused, ValidationError) as problem:
            reason = str(problem) if isinstance(problem, Refused) else "is not valid as it is"
            problem_told = f"tried, the file {reason}"
            return Proposal(names, text, problem=problem_told, is_usable=False)
        rows, rejected = rows + loaded.rows, rejected + loaded.rejected
    return Proposal(names, text, rows, rejected)


def _glob(name: str) -> str:
    """A pattern for this file and later ones of its kind: without the date in its name."""
    folder, slash, base = name.rpartition("/")
    literal = re.sub(r"([*?\[])", r"[\1]", folder + slash)
    marked = re.sub(r"([*?\[])", r"[\1]", base)
    return literal + re.sub(r"\*+", "*", DATED.sub("*", marked))


def with_encoding(sheet: Sheet, contract: Contract, rule: FileRule | None) -> Proposal | None:
    """An entry that states the encoding of a file that is not in the one it should be."""
    if "encoding" not in sheet.settings:
        return None
    entry = Entry(_glob(sheet.file.name), contract, {"encoding": sheet.settings["encoding"]})
    if rule is not None:
        stated = rule.model_dump(mode="json", exclude_unset=True)
        entry.match = stated.pop("match")
        stated.pop("contract")
        entry.columns = stated.pop("columns", {})
        entry.settings = {**stated, **entry.settings}
    return tried(sheet, entry)
