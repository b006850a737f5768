"""Every file of the small company, under the project's own contracts: its records are all accounted
for, its form does not matter, and wherever it is cut, that is noticed or does no harm.

Records are counted here by Python's csv alone. What is known of a layout is only where the header
is: the first record that is what the loader says it bound.
"""

from __future__ import annotations

import csv
import io
import random
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.contracts import PROJECT_ROOT, Contract, pattern, read_contracts
from orchestration.ingest import LoadResult, ingest, load, quarantine, run
from orchestration.ingest.dialect import Head, Refused
from orchestration.ingest.files import ExportFile, discover
from orchestration.ingest.matching import Match, Unmatched, Unneeded, matches
from orchestration.workspace import Workspace, open_workspace

SMALL = PROJECT_ROOT / "tests" / "fixtures" / "workspace"
CONTRACTS = {n: c for n, c in read_contracts().items() if c.source != "definitions"}
KEY = "5e" * 32
# The same again, which `make check` leaves to `make test`.
SLOW = pytest.mark.slow

Rows = Counter[str]


@dataclass(frozen=True)
class Sheet:
    """A file as records, with what stands above and below them as it was written."""

    above: str
    header: list[str]
    rows: list[list[str]]
    below: str

    @classmethod
    def of(cls, text: str, headers: tuple[str, ...], has_footer: bool, mark: str | None) -> Sheet:
        lines = text.splitlines(keepends=True)
        for delimiter in ",;\t|":
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            records, line = [], 0
            for cells in reader:
                records.append((line, cells))
                line = reader.line_num
            for place, (first, cells) in enumerate(records):
                if tuple(cells) == headers:
                    below = records[place + 1 :]
                    ended = (n for n, (_, c) in enumerate(below) if not c or c[0].startswith(mark))  # type: ignore[arg-type]
                    last = next(ended, len(below)) if mark else len(below)
                    while has_footer and last and sum(map(bool, below[last - 1][1])) <= 1:
                        last -= 1
                    after = below[last][0] if last < len(below) else len(lines)
                    rows = [c for _, c in below[:last] if c and (len(c) > 1 or len(cells) == 1)]
                    return cls("".join(lines[:first]), cells, rows, "".join(lines[after:]))
        raise AssertionError(f"no record is {headers}")

    def is_ragged(self, row: list[str]) -> bool:
        return len(row) < len(self.header) or bool("".join(row[len(self.header) :]))

    def written(self, delimiter: str, end: str, order: list[int], quoting: Any) -> str:
        """The same table again, its columns in another order."""
        file = io.StringIO(newline="")
        writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)
        for row in [self.header, *self.rows]:
            writer.writerow(row if self.is_ragged(row) else [row[place] for place in order])
        return self.above.replace("\n", end) + file.getvalue() + self.below.replace("\n", end)


class Company:
    """A copy of the small company's workspace."""

    def __init__(self, root: Path, contracts: dict[str, Contract] = CONTRACTS) -> None:
        self.root, self.contracts = root, contracts
        root.mkdir()
        shutil.copyfile(SMALL / "workspace.yml", root / "workspace.yml")
        known = open_workspace(root)
        rules = tuple(rule for rule in known.config.files if rule.contract in contracts)
        config = known.config.model_copy(update={"files": rules})
        self.workspace: Workspace = replace(known, config=config)

    def put(self, name: str, content: bytes) -> None:
        path = self.workspace.exports / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def ingest(self) -> dict[tuple[str, str, int], LoadResult]:
        files = ingest(self.workspace, self.contracts).files
        return {(result.file_name, result.contract, result.nth): result for result in files}

    def rows(self, results: list[LoadResult]) -> list[Rows]:
        """The rows of each of some files."""
        found = []
        with duckdb.connect() as connection:
            for result in results:
                rows: Rows = Counter()
                path = result.path(self.workspace.raw)
                if path.is_file() and result.status != "refused":
                    query = "select * exclude (_fingerprint) from read_parquet($1)"
                    rows.update(map(repr, connection.execute(query, [str(path)]).fetchall()))
                found.append(rows)
        return found


@pytest.fixture(scope="module", autouse=True)
def _alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLUMBLINE_IDENTITY_KEY", KEY)
        patch.setattr(run, "SEEDS", tmp_path_factory.mktemp("none"))
        yield


def given() -> dict[str, bytes]:
    """The files, and those in archives, that are text."""
    found: dict[str, bytes] = {}
    for file in discover(SMALL / "exports"):
        if file.name.lower().endswith(".zip"):
            with zipfile.ZipFile(file.path) as archive:
                members = {f"{file.name}/{name}": archive.read(name) for name in archive.namelist()}
                found |= members
        elif not file.name.lower().endswith((".gz", ".parquet")):
            found[file.name] = file.path.read_bytes()
    return found


GIVEN = given()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = Company(tmp_path_factory.mktemp("small") / "company")
    shutil.copytree(SMALL / "exports", company.workspace.exports)
    return company


@pytest.fixture(scope="module")
def loaded(small: Company) -> dict[tuple[str, str, int], LoadResult]:
    return small.ingest()


def decoded(content: bytes, encoding: str) -> str:
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    stated = next((name for mark, name in marks.items() if content.startswith(mark)), encoding)
    return content.decode(stated)


def followed(company: Company, name: str, path: Path) -> list[Match]:
    """The contracts that a file follows, as its workspace adjusts them."""
    try:
        found = matches(ExportFile.at(path, name), Head(path, name), company.workspace, CONTRACTS)
    except (Refused, Unmatched, Unneeded):
        return []
    return found


def sheet_of(result: LoadResult, contract: Contract) -> Sheet:
    text = decoded(GIVEN[result.file_name], contract.rules.encoding)
    mark = contract.rules.sections
    return Sheet.of(text, tuple(result.headers), bool(contract.rules.footer), mark)


def test_every_file_is_loaded_as_expected(
    loaded: dict[tuple[str, str, int], LoadResult],
) -> None:
    """The counts were made by hand."""
    with (SMALL.parent / "expected_loads.csv").open(encoding="utf-8", newline="") as file:
        expected = Counter(tuple(row) for row in csv.reader(file))
    header = ("file_name", "contract", "rows", "rejected", "skipped")
    found = Counter(
        tuple(str(getattr(result, field)) for field in header)
        for result in loaded.values()
        if result.status != "ignored"
    )

    assert {r.status for r in loaded.values()} <= {"loaded", "unchanged", "ignored"}, [
        (r.file_name, r.message) for r in loaded.values() if r.status in ("refused", "unmatched")
    ]
    assert sorted(found + Counter([header])) == sorted(expected)


@pytest.mark.hazard("sniffing")
def test_every_record_is_accepted_rejected_or_skipped(
    small: Company, loaded: dict[tuple[str, str, int], LoadResult], tmp_path: Path
) -> None:
    counted = 0
    for (name, _, nth), result in loaded.items():
        if name not in GIVEN or result.status != "loaded":
            continue
        path = tmp_path / "file"
        path.write_bytes(GIVEN[name])
        [match] = [
            m
            for m in followed(small, name, path)
            if (m.contract.name, m.nth) == (result.contract, nth)
        ]
        sheet = sheet_of(result, match.contract)
        expected = sum(_parts(sheet, match.contract, row) for row in sheet.rows)
        counted += 1

        found = (result.rows, result.rejected, result.skipped)
        assert sum(found) == expected, (name, result.contract, found)
    assert counted > 30


def _parts(sheet: Sheet, contract: Contract, row: list[str]) -> int:
    """How many rows a record is under a contract that makes several of one."""
    rules = contract.rules
    if sheet.is_ragged(row):
        return 1
    if rules.unpivot:
        aliases = [
            pattern(alias) or re.compile(re.escape(alias), re.IGNORECASE)
            for alias in rules.unpivot.headers
        ]
        headers = [" ".join(header.split()) for header in sheet.header]
        return sum(any(alias.fullmatch(header) for alias in aliases) for header in headers)
    if rules.split:
        [column] = [c for c in contract.columns if c.name == rules.split.column]
        names = [" ".join(header.split()).casefold() for header in sheet.header]
        place = next(names.index(h.casefold()) for h in column.headers if h.casefold() in names)
        return row[place].count(rules.split.by) + 1
    return 1


def in_cp1252(company: Company) -> None:
    """State the encoding for every contract and mapping."""
    company.contracts = {
        name: replace(c, rules=c.rules.model_copy(update={"encoding": "cp1252"}))
        for name, c in CONTRACTS.items()
    }
    company.workspace = replace(
        company.workspace,
        config=company.workspace.config.model_copy(
            update={
                "files": tuple(
                    rule.model_copy(update={"encoding": "cp1252", "columns": rule.columns})
                    for rule in company.workspace.config.files
                )
            }
        ),
    )


@pytest.mark.hazard("encodings", "new columns")
@pytest.mark.parametrize(
    ("mark", "encoding", "delimiter", "end", "quoting"),
    [
        pytest.param(b"\xff\xfe", "utf-16-le", "\t", "\n", csv.QUOTE_MINIMAL, marks=SLOW),
        (b"\xfe\xff", "utf-16-be", ";", "\r\n", csv.QUOTE_ALL),
        (b"\xef\xbb\xbf", "utf-8", ",", "\r", csv.QUOTE_ALL),
        pytest.param(b"\xef\xbb\xbf", "utf-8", "|", "\r\n", csv.QUOTE_MINIMAL, marks=SLOW),
        (b"", "cp1252", ",", "\n", csv.QUOTE_ALL),
    ],
)
def test_the_form_of_a_file_does_not_matter(
    small: Company,
    loaded: dict[tuple[str, str, int], LoadResult],
    tmp_path: Path,
    mark: bytes,
    encoding: str,
    delimiter: str,
    end: str,
    quoting: Any,
) -> None:
    chance = random.Random(encoding + end)
    other = Company(tmp_path / "other")
    if encoding == "cp1252":
        in_cp1252(other)
    for name, content in GIVEN.items():
        text = rewritten(small, loaded, name, content, delimiter, end, quoting, chance)
        try:
            other.put(name.replace(".zip/", ".zip_/"), mark + text.encode(encoding))
        except UnicodeEncodeError:
            continue

    again = other.ingest()

    compared = 0
    names = {name.replace(".zip_/", ".zip/"): name for name, *_ in again}
    keys = [key for key in loaded if key[0] in names and loaded[key].status != "ignored"]
    pairs = [(loaded[key], again.get((names[key[0]], *key[1:]))) for key in keys]
    assert all(after for _, after in pairs), [b.file_name for b, after in pairs if not after]
    before = small.rows([one for one, _ in pairs])
    after = other.rows([two for _, two in pairs if two])
    for (one, two), rows, rows_again in zip(pairs, before, after, strict=True):
        assert two
        counts = [(r.rows, r.rejected, r.skipped, r.rejects) for r in (one, two)]
        assert counts[0] == counts[1], (one.file_name, two.status, two.message)
        assert rows == rows_again, one.file_name
        compared += 1
    assert compared > 25


def rewritten(
    small: Company,
    loaded: dict[tuple[str, str, int], LoadResult],
    name: str,
    content: bytes,
    delimiter: str,
    end: str,
    quoting: Any,
    chance: random.Random,
) -> str:
    """The text of a file with its columns and rows in another order, as far as they may be."""
    results = [result for (file, *_), result in loaded.items() if file == name]
    path = small.root / "file"
    path.write_bytes(content)
    contracts = [match.contract for match in followed(small, name, path)]
    text = decoded(content, contracts[0].rules.encoding if contracts else "utf-8")
    headless = any(column.rules.position for c in contracts for column in c.columns)
    if not contracts or headless or any(c.rules.sections for c in contracts):
        return text.replace("\r\n", "\n").replace("\n", end)
    sheet = sheet_of(results[0], contracts[0])
    # The label of a total stands in the first cell, whatever that column is.
    fixed = [0] if contracts[0].rules.totals and contracts[0].rules.totals.starts_with else []
    order = [place for place in range(len(sheet.header)) if place not in fixed]
    chance.shuffle(order)
    order = fixed + order
    # Of rows that disagree under one key the last counts: their order means something.
    if not any("duplicate_key" in reason for result in results for reason in result.rejects):
        chance.shuffle(sheet.rows)
    if delimiter not in contracts[0].rules.delimiters:
        delimiter = contracts[0].rules.delimiters[0]
    return sheet.written(delimiter, end, order, quoting)


def shortest() -> Iterator[Any]:
    """The shortest file of each kind, up to three of a folder; the first of them at once, the
    others in their own time.
    """
    kinds, folders = set(), Counter[str]()
    for name in sorted(GIVEN, key=lambda name: (len(GIVEN[name]), name)):
        kind = re.sub("[-_ ](exported|[0-9]+|[A-Z][a-z]{2}).*", "", name.rpartition("/")[2])
        folder = name.partition("/")[0]
        if kind not in kinds and folders[folder] < 3:
            yield pytest.param(name, marks=[SLOW] if folders[folder] else [], id=name)
            kinds.add(kind)
            folders[folder] += 1


@pytest.mark.hazard("files that are cut")
@pytest.mark.parametrize("name", [*shortest()])
def test_wherever_a_file_is_cut_nothing_else_comes_of_it(
    small: Company,
    loaded: dict[tuple[str, str, int], LoadResult],
    tmp_path: Path,
    name: str,
) -> None:
    """A cut that leaves whole records can only be told where the file counts or adds them up
    itself; anywhere else it is refused, or what remains is true and the cut is told.
    """
    content = GIVEN[name]
    path = tmp_path / "whole"
    path.write_bytes(content)
    found = followed(small, name, path)
    ends = boundaries(content, found)
    left = []  # the cuts that leave something
    for end in range(1, len(content)):
        path.write_bytes(content[:end])
        if any(is_in_order(path, name, match) for match in found):
            left.append(end)
    # No header, or only some of it, is no file.
    path.write_bytes(content)
    skips = min((match.layout(Head(path, name)).skip for match in found), default=0)
    first = min(left, default=len(content))
    assert content[:first].count(b"\n") >= skips

    sources = {match.contract.source for match in found}
    cuts = Company(tmp_path / "cuts", {n: c for n, c in CONTRACTS.items() if c.source in sources})
    naming = naming_of_parts(small, name, path, found)
    taken = {naming.format(end): end for end in {*left[::11], *left[-15:], *ends & {*left}}}
    for part, end in taken.items():
        cuts.put(part, content[:end])
    results = {key: r for key, r in cuts.ingest().items() if r.status != "refused"}
    wholes = {key[1:]: result for key, result in loaded.items() if key[0] == name}
    expected = dict(zip(wholes, small.rows(list(wholes.values())), strict=True))
    for result, rows in zip(results.values(), cuts.rows(list(results.values())), strict=True):
        end = taken[result.file_name]
        other = rows - expected.get((result.contract, result.nth), Counter())
        # A row that a later one would have replaced is no other row.
        replaced = wholes[result.contract, result.nth].rejects
        if not any("duplicate_key" in reason for reason in replaced):
            if end in ends or not result.notes:
                assert not other, (end, content[:end][-60:])
            assert other.total() <= most_of_one_record(found, result), (end, content[:end][-60:])


def naming_of_parts(company: Company, name: str, path: Path, found: list[Match]) -> str:
    """A way to call the parts of a file under which they follow the contracts that it follows."""
    folder, _, base = name.rpartition("/")
    stem, _, suffix = base.rpartition(".")
    source, _, rest = name.partition("/")
    ways = f"{source}/{{:05}}/{rest}", f"{folder}/{stem}.{{:05}}.{suffix}"
    for naming in ways:
        if followed(company, naming.format(0), path) == found:
            return naming
    raise AssertionError(f"{name} is known by all of its name")


def most_of_one_record(found: list[Match], result: LoadResult) -> int:
    several = [m for m in found if m.contract.rules.unpivot or m.contract.rules.split]
    return 50 if result.contract in {match.contract.name for match in several} else 1


def boundaries(content: bytes, found: list[Match]) -> set[int]:
    """The places behind the end of a line that is not in quotes."""
    encoding = found[0].contract.rules.encoding if found else "utf-8"
    text = decoded(content, encoding)
    stated = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else encoding
    ends, quotes = set(), 0
    for place, letter in enumerate(text):
        quotes += letter == '"'
        if letter == "\n" and quotes % 2 == 0:
            mark = len(content) - len(text.encode(stated if stated != "utf-16" else "utf-16-le"))
            width = len(text[: place + 1].encode(stated if stated != "utf-16" else "utf-16-le"))
            ends.add(mark + width)
            if text[place - 1 : place] == "\r":
                ends.add(mark + width - (2 if stated == "utf-16" else 1))
    return ends


def is_in_order(path: Path, name: str, match: Match) -> bool:
    """Whether Python's csv, which judges every file that DuckDB alone cannot, accepts a file."""
    file = ExportFile.at(path, name)
    try:
        layout = match.layout(Head(path, name))
        target, temporary = path.with_name("x.parquet"), path.parent
        job = load.Job(file, match.contract, layout, "UTC", "x", target, temporary, b"")
        text, _ = load.as_utf8(job)
        records, _ = quarantine.separate(job, text, path.with_name("clean"))
        load.check_count(job, records)
    except (Refused, UnicodeDecodeError):
        return False
    return True
