"""Which contracts a file follows.

`files:` in workspace.yml decides; else the file's folder, name and header; else its header alone.
A file that fits nothing is reported and left alone, one that fits two things is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from orchestration.contracts import DEFINITIONS, Contract, nearest
from orchestration.ingest.dialect import Head, Layout, Refused, bind
from orchestration.ingest.files import ExportFile
from orchestration.workspace import FileRule, Workspace

READABLE = (".csv", ".tsv", ".txt", ".tab", ".parquet")
# A file that nobody announced has to have this many headers that its contract requires.
FEWEST_HEADERS = 2


class Unmatched(Exception):
    """No contract is for this file; the message says what to do if one should be."""


class Unneeded(Exception):
    """The file is known, and is left alone; the message says why."""


@dataclass(frozen=True)
class Match:
    """A contract that a file follows."""

    contract: Contract
    rule: FileRule | None = None
    nth: int = 0
    """Which of the rules that send one file to one contract."""
    because: str = ""
    """Why it follows this contract."""

    def layout(self, head: Head) -> Layout:
        """How the file is to be read; refuses it if its header does not fit."""
        rule = self.rule
        return bind(
            head, self.contract, rule.where if rule else {}, header=rule.header if rule else True
        )


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
        totals, unpivot, split = rule.totals, rule.unpivot, rule.split
        stated = {
            "totals": (*totals.column, *filter(None, [totals.sum])) if totals else (),
            "unpivot": (unpivot.name, unpivot.value) if unpivot else (),
            "split": (split.column,) if split else (),
        }
        for key, columns in stated.items():
            for name in columns:
                if name not in names:
                    message = f"{contract.name} has no column '{name}'{nearest(name, names)}"
                    raise workspace.error(message, *where, key)


def check_freshness(workspace: Workspace, contracts: Mapping[str, Contract]) -> None:
    """Complain about keys of `freshness:` that are no source and no contract."""
    names = {name for contract in contracts.values() for name in (contract.source, contract.name)}
    for name in workspace.config.freshness:
        if name not in names - {DEFINITIONS}:
            message = f"there is no source or contract of this name{nearest(name, sorted(names))}"
            raise workspace.error(message, "freshness", name)


def idle_rules(workspace: Workspace, names: Collection[str]) -> list[tuple[int, str]]:
    """The place of each entry of `files:` that no file below exports/ fits, and a hint."""
    return [
        (place, f"no file matches '{rule.match}'{nearest(rule.match, [*names])}")
        for place, rule in enumerate(workspace.config.files)
        if not any(fnmatchcase(name.casefold(), rule.match.casefold()) for name in names)
    ]


def no_definition(name: str, contracts: Iterable[Contract]) -> str:
    """What to say of a file among the definitions that is none."""
    hint = nearest(name, [c.table for c in contracts if c.source == DEFINITIONS])
    return f"there is no definition of this name{hint}: rename the file"


def matches(
    file: ExportFile, head: Head, workspace: Workspace, contracts: Mapping[str, Contract]
) -> list[Match]:
    """The contracts that a file follows, with what the workspace says about it."""
    if not file.base.endswith(READABLE):
        raise Unmatched(
            f"only {', '.join(READABLE)} files are read, also in .zip and .gz: save it as CSV"
        )
    if not file.size:
        raise Refused("is empty, without even a header: export it again")

    found: list[Match] = []
    for place, rule in enumerate(workspace.config.files):
        if fnmatchcase(file.name.casefold(), rule.match.casefold()):
            contract = contracts[rule.contract].adjusted(rule, rule.delimiter, rule.columns)
            nth = sum(match.contract.name == rule.contract for match in found)
            because = f"entry {place + 1} of `files:` in workspace.yml ('{rule.match}')"
            found.append(Match(contract, rule, nth, because))
    if found:
        return found

    source = _source(file, contracts)
    own = [contract for contract in contracts.values() if contract.source == source]
    main = _of_folder(file, head, own, contracts) if own else [_of_any(file, head, contracts)]
    beside = [
        contract
        for contract in contracts.values()
        if any(
            contract.source == match.contract.source
            and contract.rules.alongside == match.contract.table
            for match in main
        )
    ]
    return main + [
        Match(contract, because=f"it follows {main[0].contract.name}, and has these columns too")
        for contract in beside
        if _fits(head, contract)
    ]


def _source(file: ExportFile, contracts: Mapping[str, Contract]) -> str:
    """The source whose folder a file lies in: `fivetran/hubspot/` is that of fivetran_hubspot."""
    known = {contract.source for contract in contracts.values()}
    folders = file.name.split("/")[:-1]
    names = ["_".join(folders[:2]), *folders[:1]]
    return next((name for name in names if name in known), "")


def _fits(head: Head, contract: Contract) -> Layout | None:
    try:
        return bind(head, contract, {}) if head.may_have(contract) else None
    except Refused:
        return None


def _of_folder(
    file: ExportFile, head: Head, own: list[Contract], contracts: Mapping[str, Contract]
) -> list[Match]:
    source = own[0].source
    named = [c for c in own if not c.rules.alongside and is_named_for(c, file)]
    fitting, problems = {}, []
    for contract in named:
        try:
            fitting[contract.name] = bind(head, contract, {})
        except Refused as problem:
            problems.append(problem)
    if not fitting:
        _ignore(file, source, contracts)
        try:
            # A connector's file in the folder of the system that it was taken from, and the like.
            others = {n: c for n, c in contracts.items() if c.source != source}
            match = _by_header(file, head, others)
            because = f"{match.because}, though it lies in the folder of {source}"
            return [replace(match, because=because)]
        except Unmatched:
            if problems:
                raise max(problems, key=lambda problem: problem.near) from None
        raise Unmatched(
            f"no contract of {source} is for files of this name: rename it, or state its "
            "contract under `files:` in workspace.yml"
        )
    chosen = [contracts[name] for name in fitting]
    # Each table of a file of several is one of its own.
    lines = {layout.skip for layout in fitting.values()}
    if all(c.rules.sections for c in chosen) and len(lines) == len(chosen):
        because = f"the folder is that of {source}, and a section of it fits"
        return [Match(contract, because=because) for contract in chosen]
    because = f"the folder is that of {source}, and name and header fit"
    return [Match(_clearest(chosen, file), because=because)]


def _of_any(file: ExportFile, head: Head, contracts: Mapping[str, Contract]) -> Match:
    """The contract that a file's header fits, in a folder that is no source's."""
    try:
        return _by_header(file, head, contracts)
    except Unmatched:
        # A connector's schema lies in a folder of its own name: `facebook_ads/`.
        if folder := file.name.rpartition("/")[0].partition("/")[0]:
            _ignore(file, folder, contracts)
        raise


def _ignore(file: ExportFile, source: str, contracts: Mapping[str, Contract]) -> None:
    """Complain no further about a file that the source is known to have, and nobody needs."""
    for contract in contracts.values():
        if contract.source == source or contract.source.endswith(f"_{source}"):
            for entry in contract.ignored:
                if any(fnmatchcase(file.base, pattern.casefold()) for pattern in entry.match):
                    raise Unneeded(entry.because)


def _by_header(file: ExportFile, head: Head, contracts: Mapping[str, Contract]) -> Match:
    fitting = []
    for contract in contracts.values():
        rules = contract.rules
        if contract.source == DEFINITIONS or rules.alongside or not rules.by_header:
            continue
        if len(contract.required) >= FEWEST_HEADERS and (layout := _fits(head, contract)):
            if isinstance(rules.by_header, str) and not head.says(layout, rules.by_header):
                continue
            # A few common headers (an id, a date) do not make a file one of this kind.
            bound = len(layout.positions)
            possible = sum(bool(column.headers) for column in contract.columns)
            if 2 * bound >= min(possible, len(layout.headers)):
                fitting.append(contract)
    if not fitting:
        raise Unmatched(
            "its header fits no contract: put it into the folder of its source, or state its "
            "contract and headers under `files:` in workspace.yml"
        )
    return Match(_clearest(fitting, file), because="its header fits")


def is_named_for(contract: Contract, file: ExportFile) -> bool:
    """Whether files of a contract have such names."""
    return any(fnmatchcase(file.base, pattern.casefold()) for pattern in contract.rules.match)


def _clearest(fitting: list[Contract], file: ExportFile) -> Contract:
    """The contract that asks for most columns; then a named source's; then by the file's name."""

    def rank(contract: Contract) -> tuple[int, bool, bool]:
        named = is_named_for(contract, file)
        return len(contract.required), contract.source != "generic", named

    best = max(map(rank, fitting))
    first, *others = [contract for contract in fitting if rank(contract) == best]
    if others:
        names = ", ".join(contract.name for contract in (first, *others))
        raise Refused(
            f"could be any of {names}: state its contract under `files:` in workspace.yml"
        )
    return first
