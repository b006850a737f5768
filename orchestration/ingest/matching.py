"""Which contracts a file follows.

`files:` in workspace.yml decides; else the file's folder, name and header; else its header alone.
A file that fits nothing is reported and left alone, one that fits two things is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from orchestration.contracts import DEFINITIONS, Contract, nearest
from orchestration.ingest.dialect import Head, Layout, Refused, bind
from orchestration.ingest.files import ExportFile
from orchestration.workspace import FileRule, Workspace

READABLE = (".csv", ".tsv", ".txt", ".tab")
# A file that nobody announced has to have this many headers that its contract requires.
FEWEST_HEADERS = 2


class Unmatched(Exception):
    """No contract is for this file; the message says what to do if one should be."""


@dataclass(frozen=True)
class Match:
    """A contract that a file follows."""

    contract: Contract
    rule: FileRule | None = None
    nth: int = 0
    """Which of the rules that send one file to one contract."""

    def layout(self, head: Head) -> Layout:
        """How the file is to be read; refuses it if its header does not fit."""
        return bind(head, self.contract, self.rule.where if self.rule else {})


def check_rules(workspace: Workspace, contracts: Mapping[str, Contract]) -> None:
    """Complain about entries of `files:` that name a contract or a column that does not exist."""
    for place, rule in enumerate(workspace.config.files):
        where: tuple[str | int, ...] = ("files", place)
        contract = contracts.get(rule.contract)
        if contract is None or contract.source == DEFINITIONS:
            hint = nearest(rule.contract, [*contracts])
            raise workspace.error(f"no contract '{rule.contract}'{hint}", *where, "contract")
        names = [column.name for column in contract.columns]
        for name in rule.columns:
            if name not in names:
                message = f"{contract.name} has no such column{nearest(name, names)}"
                raise workspace.error(message, *where, "columns", name)
        for name in (*rule.totals.column, *filter(None, [rule.totals.sum])) if rule.totals else ():
            if name not in names:
                message = f"{contract.name} has no column '{name}'{nearest(name, names)}"
                raise workspace.error(message, *where, "totals")


def idle_rules(workspace: Workspace, names: Collection[str]) -> list[str]:
    """A line for each entry of `files:` that no file below exports/ fits."""
    return [
        f"workspace.yml, files: no file matches '{rule.match}'{nearest(rule.match, [*names])}"
        for rule in workspace.config.files
        if not any(fnmatchcase(name.casefold(), rule.match.casefold()) for name in names)
    ]


def matches(
    file: ExportFile, head: Head, workspace: Workspace, contracts: Mapping[str, Contract]
) -> list[Match]:
    """The contracts that a file follows, with what the workspace says about it."""
    if not file.name.lower().endswith(READABLE):
        raise Unmatched(f"only {', '.join(READABLE)} files are read: unpack or save it as CSV")
    if not file.size:
        raise Refused("is empty, without even a header: export it again")

    found: list[Match] = []
    for rule in workspace.config.files:
        if fnmatchcase(file.name.casefold(), rule.match.casefold()):
            contract = contracts[rule.contract].adjusted(rule, rule.delimiter, rule.columns)
            nth = sum(match.contract.name == rule.contract for match in found)
            found.append(Match(contract, rule, nth))
    if found:
        return found

    own = [contract for contract in contracts.values() if contract.source == file.folder]
    if own:
        return [_of_folder(file, head, own)]
    return [_by_header(file, head, contracts)]


def _of_folder(file: ExportFile, head: Head, own: list[Contract]) -> Match:
    named = [contract for contract in own if _is_named_for(contract, file)]
    if not named:
        raise Unmatched(
            f"no contract of {file.folder} is for files of this name: rename it, or state its "
            "contract under `files:` in workspace.yml"
        )
    fitting, problems = [], []
    for contract in named:
        try:
            bind(head, contract, {})
            fitting.append(contract)
        except Refused as problem:
            problems.append(str(problem))
    if not fitting:
        raise Refused(problems[-1])
    return Match(_clearest(fitting, file))


def _by_header(file: ExportFile, head: Head, contracts: Mapping[str, Contract]) -> Match:
    fitting = []
    for contract in contracts.values():
        if contract.source != DEFINITIONS and len(contract.required) >= FEWEST_HEADERS:
            try:
                layout = bind(head, contract, {})
            except Refused:
                continue
            # A few common headers (an id, a date) do not make a file one of this kind.
            bound = len(layout.positions)
            if 2 * bound >= min(len(contract.columns), len(layout.headers)):
                fitting.append(contract)
    if not fitting:
        raise Unmatched(
            "its header fits no contract: put it into the folder of its source, or state its "
            "contract and headers under `files:` in workspace.yml"
        )
    return Match(_clearest(fitting, file))


def _is_named_for(contract: Contract, file: ExportFile) -> bool:
    base = file.name.rpartition("/")[2].casefold()
    return any(fnmatchcase(base, pattern.casefold()) for pattern in contract.rules.match)


def _clearest(fitting: list[Contract], file: ExportFile) -> Contract:
    """The contract that asks for most columns; then a named source's; then by the file's name."""

    def rank(contract: Contract) -> tuple[int, bool, bool]:
        named = _is_named_for(contract, file)
        return len(contract.required), contract.source != "generic", named

    best = max(map(rank, fitting))
    first, *others = [contract for contract in fitting if rank(contract) == best]
    if others:
        names = ", ".join(contract.name for contract in (first, *others))
        raise Refused(
            f"could be any of {names}: state its contract under `files:` in workspace.yml"
        )
    return first
