"""Files come in any order, at once or one by one, twice, corrected, and go again: what staging
makes of them is the same. Newest wins is decided there, so what comes after it is the same, too.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.contracts import PROJECT_ROOT, Contract, pattern, read_contracts
from orchestration.ingest import ingest
from orchestration.ingest.files import discover
from orchestration.transform import compiled_sql
from orchestration.workspace import Config, Workspace, open_workspace

pytestmark = pytest.mark.slow

SMALL = PROJECT_ROOT / "tests" / "fixtures" / "workspace"
CONTRACTS = read_contracts()
NAMES = [file.name for file in discover(SMALL / "exports")]
Staged = dict[str, Counter[str]]


@pytest.fixture(scope="module", autouse=True)
def _key() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLUMBLINE_IDENTITY_KEY", "5e" * 32)
        yield


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The SQL of every staging model."""
    compiled = compiled_sql(tmp_path_factory.mktemp("compiled"))
    return {name: sql for name, sql in sorted(compiled.items()) if name.startswith("stg_")}


class Company:
    """A workspace of the small company, so far without a file."""

    def __init__(self, root: Path, contracts: dict[str, Contract] = CONTRACTS) -> None:
        self.contracts = contracts
        root.mkdir(exist_ok=True)
        shutil.copyfile(SMALL / "workspace.yml", root / "workspace.yml")
        shutil.copytree(SMALL / "definitions", root / "definitions")
        self.workspace: Workspace = open_workspace(root)

    def put(self, name: str, other_name: str = "") -> Path:
        target = self.workspace.exports / (other_name or name)
        target.parent.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy2(SMALL / "exports" / name, target))

    def ingest(self) -> None:
        found = ingest(self.workspace, self.contracts).files
        assert [f"{r.file_name}: {r.message}" for r in found if r.status == "refused"] == []

    @contextmanager
    def connected(self, sql: str = "") -> Iterator[duckdb.DuckDBPyConnection]:
        """A database in which the raw relations are, as dbt's own hook registers them: all, or
        those that a query names.
        """
        raw = self.workspace.raw
        with duckdb.connect() as connection:
            connection.execute("attach ':memory:' as warehouse; use warehouse; create schema raw")
            connection.execute("set TimeZone = 'UTC'")
            for name in ("files", "settings", "refused"):
                connection.execute(
                    f"create view raw.plumbline__{name} as "
                    f"from read_parquet('{raw}/_{name}.parquet')"
                )
            paths: dict[str, list[str]] = {
                contract.relation: [f"{raw}/{contract.source}/{contract.table}/_schema.parquet"]
                for contract in CONTRACTS.values()
            }
            listed = "select source_name || '__' || table_name, path from raw.plumbline__files"
            for relation, path in connection.execute(listed).fetchall():
                paths[relation].append(f"{raw}/{path}")
            for relation, files in paths.items():
                if sql and f'"{relation}"' not in sql:
                    continue
                connection.execute(
                    f"create view raw.{relation} as select contents.*, files.exported_at as "
                    f"_exported_at, files.file_name as _file_name from read_parquet({files}, "
                    "union_by_name = true) as contents inner join raw.plumbline__files as files "
                    "on contents._fingerprint = files.fingerprint"
                )
            yield connection

    def staged(self, models: dict[str, str]) -> Staged:
        """The rows of each staging model, but for what a file is called."""
        found = {}
        with self.connected() as connection:
            for name, sql in models.items():
                told = f"select columns(c -> c not like '%file_name') from ({sql})"
                found[name] = Counter(map(repr, connection.execute(told).fetchall()))
        return found


@pytest.fixture(scope="module")
def expected(models: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Staged:
    """What all files give, loaded at once."""
    company = Company(tmp_path_factory.mktemp("at_once") / "company")
    for name in NAMES:
        company.put(name)
    company.ingest()
    found = company.staged(models)
    assert sum(rows.total() > 0 for rows in found.values()) > 20
    return found


def in_three_runs(company: Company, chance: random.Random) -> None:
    names = chance.sample(NAMES, len(NAMES))
    for start in range(3):
        for name in names[start::3]:
            company.put(name)
        company.ingest()


def the_newest_first_and_one_by_one(company: Company, _: random.Random) -> None:
    several = ("google_ads/", "hubspot/", "shopify/")
    for name in NAMES:
        if not name.startswith(several):
            company.put(name)
    for name in reversed([name for name in NAMES if name.startswith(several)]):
        company.put(name)
        company.ingest()


def twice_under_other_names(company: Company, chance: random.Random) -> None:
    for name in chance.sample(NAMES, len(NAMES)):
        source, _, rest = name.partition("/")
        stem, _, suffix = name.rpartition(".")
        # A mapping may say how the files begin, and a contract how they are called.
        company.put(name, f"{stem} (1).{suffix}" if source in MAPPED else f"{source}/again/{rest}")
        company.put(name)
    company.ingest()
    company.ingest()


MAPPED = {rule.match.partition("/")[0] for rule in open_workspace(SMALL).config.files} - {
    "salesforce",
    "hubspot",
}


def corrected_in_their_place(company: Company, _: random.Random) -> None:
    changes = {
        "salesforce/2026-03-31/Opportunity.csv": (b"000", b"999"),
        "hubspot/hubspot-crm-exports-all-contacts-2026-03-31.csv": (b"2026-03-11", b"2026-03-01"),
    }
    for name in NAMES:
        path = company.put(name)
        if name in changes:
            before = path.read_bytes()
            path.write_bytes(before.replace(*changes[name]))
            assert path.read_bytes() != before
    company.ingest()
    for name in changes:
        company.put(name)
    company.ingest()


def gone_after_they_were_loaded(company: Company, _: random.Random) -> None:
    for name in NAMES:
        company.put(name)
    company.ingest()
    shutil.rmtree(company.workspace.exports)
    company.workspace.exports.mkdir()
    company.ingest()


@pytest.mark.hazard("the same file again")
@pytest.mark.parametrize(
    ("way", "seed"),
    [
        (in_three_runs, 1),
        (the_newest_first_and_one_by_one, 0),
        (twice_under_other_names, 3),
        (corrected_in_their_place, 0),
        (gone_after_they_were_loaded, 0),
    ],
)
def test_staging_is_the_same(
    way: Callable[[Company, random.Random], None],
    seed: int,
    models: dict[str, str],
    expected: Staged,
    tmp_path: Path,
) -> None:
    company = Company(tmp_path / "company")

    way(company, random.Random(seed))

    found = company.staged(models)
    assert [name for name in models if found[name] != expected[name]] == []


def newest(
    company: Company, model: str, columns: str, models: dict[str, str], files: dict[str, str]
) -> list[tuple[object, ...]]:
    """What staging makes of some files, written in this order and each loaded by itself."""
    for name, text in files.items():
        path = company.workspace.exports / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        company.ingest()
    with company.connected(models[model]) as connection:
        query = f"select {columns} from ({models[model]}) order by all"
        return connection.execute(query).fetchall()


def leads(*ids: str, created: str = "2026-01-02 10:00:00") -> str:
    header = ["Id", "Email", "LeadSource", "Status", "IsConverted", "CreatedDate"]
    rows = [header, *([i, "", "Web", "Open", "0", "2026-01-02 10:00:00"] for i in ids)]
    rows[-1][-1] = created if ids else rows[-1][-1]
    return "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows)


@pytest.mark.hazard("rows that are gone")
@pytest.mark.parametrize("backwards", [False, True])
def test_a_full_export_deletes_what_it_lacks_and_brings_back_what_it_has(
    models: dict[str, str], tmp_path: Path, backwards: bool
) -> None:
    files = {
        "salesforce/2026-01-31/Lead.csv": leads("a", "b", "c"),
        "salesforce/2026-02-28/Lead.csv": leads("a", "b"),
        "salesforce/2026-03-31/Lead.csv": leads("a"),
        "salesforce/2026-04-30/Lead.csv": leads("a", "b", "d"),
        # The row that was rejected may be that of b: this export deletes nothing.
        "salesforce/2026-05-31/Lead.csv": leads("a", "d", "b", created="soon"),
        # Nor does an extract, which says nothing of what it lacks.
        "salesforce/2026-06-30/lead_extract.csv": leads("a"),
    }
    files = dict(reversed(files.items())) if backwards else files

    found = newest(
        Company(tmp_path / "company"),
        "stg_salesforce__leads",
        "lead_id, cast(deleted_at as date)::varchar",
        models,
        files,
    )

    assert found == [("a", None), ("b", None), ("c", "2026-02-28"), ("d", None)]


@pytest.mark.hazard("rows that are gone")
@pytest.mark.parametrize("backwards", [False, True])
def test_an_incremental_export_deletes_nothing(
    models: dict[str, str], tmp_path: Path, backwards: bool
) -> None:
    header = "lead_id,created_at,source\n"
    files = {
        "generic/leads-2026-01-31.csv": f"{header}a,2026-01-01,Web\nb,2026-01-02,Web\n",
        "generic/leads-2026-02-28.csv": f"{header}a,2026-01-01,Ads\n",
    }
    files = dict(reversed(files.items())) if backwards else files

    found = newest(
        Company(tmp_path / "company"),
        "stg_generic__leads",
        "lead_id, channel_source, deleted_at",
        models,
        files,
    )

    assert found == [("a", "Ads", None), ("b", "Web", None)]


@pytest.mark.hazard("the same file again")
@pytest.mark.parametrize("backwards", [False, True])
def test_a_file_replaces_the_days_that_it_covers(
    models: dict[str, str], tmp_path: Path, backwards: bool
) -> None:
    header = "platform,date,campaign,spend\n"
    files = {
        "generic/ad-spend-2026-01-10.csv": (
            f"{header}x,2026-01-01,A,10\nx,2026-01-05,A,20\nx,2026-01-05,B,5\nx,2026-01-10,A,1\n"
        ),
        # On the 5th there is no B any more, and on the 10th nothing.
        "generic/ad-spend-2026-01-12.csv": f"{header}x,2026-01-05,A,21\nx,2026-01-12,A,2\n",
        # Another platform's days are its own.
        "generic/ad-spend-2026-01-13.csv": f"{header}y,2026-01-01,A,7\ny,2026-01-13,A,7\n",
    }
    files = dict(reversed(files.items())) if backwards else files

    found = newest(
        Company(tmp_path / "company"),
        "stg_generic__ad_spend",
        "platform, day(date_day), campaign_name, cast(spend as integer)",
        models,
        files,
    )

    assert found == [
        ("x", 1, "A", 10),
        ("x", 5, "A", 21),
        ("x", 12, "A", 2),
        ("y", 1, "A", 7),
        ("y", 13, "A", 7),
    ]


# Any number of exports of any content, on days of their own, in any order. What staging must make
# of them is worked out here in the plainest way.
Files = dict[date, list[tuple[str, ...]]]
few = st.integers(1, 6).map(lambda day: f"2026-01-0{day}")
spend = st.tuples(st.sampled_from("xy"), few, st.sampled_from("AB"), st.integers(1, 3).map(str))
people = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["Web", "Ads"]), min_size=1)
anything = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def exports(rows: st.SearchStrategy[list[tuple[str, ...]]]) -> st.SearchStrategy[Files]:
    days = st.integers(0, 27).map(lambda days: date(2026, 2, 1) + timedelta(days=days))
    return st.dictionaries(days, rows, min_size=1, max_size=5)


def staged(
    contract: str, name: str, columns: str, models: dict[str, str], files: Files, at_once: bool
) -> list[tuple[object, ...]]:
    """What staging makes of files in the order of `files`, loaded at once or one by one."""
    known = {contract: CONTRACTS[contract]}
    source, _, table = contract.partition(".")
    model = models[f"stg_{source}__{table}"]
    with tempfile.TemporaryDirectory() as folder:
        company = Company(Path(folder), known)
        settings = {"company": "Any", "timezone": "UTC"}
        company.workspace = Workspace(Path(folder), Config.model_validate(settings))
        for day, rows in files.items():
            path = company.workspace.exports / name.format(day)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(",".join(row) + "\n" for row in rows))
            if not at_once:
                company.ingest()
        company.ingest()
        with company.connected(model) as connection:
            return connection.execute(f"select {columns} from ({model}) order by all").fetchall()


def contents(files: Files) -> Files:
    """Each content once, on the last of its days."""
    last = {tuple(rows): day for day, rows in sorted(files.items())}
    return {day: list(rows) for rows, day in last.items()}


@anything
@given(st.data(), exports(st.lists(spend, min_size=1, max_size=5)), st.booleans())
@pytest.mark.hazard("the same file again")
def test_of_overlapping_windows_the_newest_wins_day_by_day(
    models: dict[str, str], data: st.DataObject, files: Files, at_once: bool
) -> None:
    header = ("platform", "date", "campaign", "spend")
    ordered = {day: [header, *files[day]] for day in data.draw(st.permutations(list(files)))}
    expected = []
    for platform in "xy":
        own = {d: [r for r in rows if r[0] == platform] for d, rows in files.items()}
        for day in sorted({row[1] for rows in own.values() for row in rows}):
            covering = [
                exported
                for exported, rows in own.items()
                if rows and min(r[1] for r in rows) <= day <= max(r[1] for r in rows)
            ]
            expected += [row for row in own[max(covering)] if row[1] == day]

    found = staged(
        "generic.ad_spend",
        "generic/ad-spend-{}.csv",
        "platform, date_day::varchar, campaign_name, spend::integer::varchar",
        models,
        ordered,
        at_once,
    )

    assert found == sorted(expected)


@anything
@given(st.data(), exports(people.map(lambda d: sorted(d.items()))), st.booleans())
@pytest.mark.hazard("the same file again")
def test_of_a_key_the_newest_file_that_has_it_wins(
    models: dict[str, str], data: st.DataObject, files: Files, at_once: bool
) -> None:
    header = ("lead_id", "source", "created_at")
    ordered = {
        day: [header, *((*row, "2026-01-01") for row in files[day])]
        for day in data.draw(st.permutations(list(files)))
    }
    expected = {key: value for _, rows in sorted(files.items()) for key, value in rows}

    found = staged(
        "generic.leads",
        "generic/leads-{}.csv",
        "lead_id, channel_source, deleted_at",
        models,
        ordered,
        at_once,
    )

    assert found == sorted((key, value, None) for key, value in expected.items())


@anything
@given(st.data(), exports(people.map(lambda d: sorted(d.items()))), st.booleans())
@pytest.mark.hazard("rows that are gone")
def test_a_key_was_deleted_on_the_day_of_the_first_full_export_without_it(
    models: dict[str, str], data: st.DataObject, files: Files, at_once: bool
) -> None:
    header = ("Id", "LeadSource", "Email", "Status", "IsConverted", "CreatedDate")
    ordered = {
        day: [header, *((*row, "", "Open", "0", "2026-01-01 00:00:00") for row in files[day])]
        for day in data.draw(st.permutations(list(files)))
    }
    counting = contents(files)
    expected = []
    for key in sorted({row[0] for rows in counting.values() for row in rows}):
        has = {day: {r[0]: r[1] for r in rows}.get(key) for day, rows in counting.items()}
        last = max(day for day, value in has.items() if value)
        gone = min((day for day in has if day > last), default=None)
        expected.append((key, has[last], gone))

    found = staged(
        "salesforce.leads",
        "salesforce/{}/Lead.csv",
        "lead_id, lead_source, cast(deleted_at as date)",
        models,
        ordered,
        at_once,
    )

    assert found == expected


# A window that is exported again ------------------------------------------------------------------

DAYS = [date(2026, 3, day) for day in range(1, 11)]
AGAIN = DAYS[3:7]
WINDOWS = [contract for contract in CONTRACTS.values() if contract.mode == "window"]
# One row of an export: the account, the day, which of the account's things, and how much.
Row = tuple[str, date, str, int]


def cell(contract: Contract, name: str, row: Row) -> str:
    """What a file has in a column: scope and things by name, every number told by how much."""
    account, day, thing, amount = row
    column = next(column for column in contract.columns if column.name == name)
    window = contract.rules.window
    assert window
    if name == window.date:
        return f"{day}"
    if column.data_type in ("date", "timestamp"):
        return "2026-03-31"
    if name in window.scope:
        return "EUR" if name == "currency_code" else account
    if column.rules.values:
        return next(iter(column.rules.values))
    if column.data_type == "varchar":
        return thing
    return "true" if column.data_type == "boolean" else f"{amount}"


def headings(contract: Contract) -> dict[str, str]:
    """A header for each column, and none for two: else it is called as in the contract."""
    found: dict[str, str] = {}
    for column in contract.columns:
        plain = [name for name in column.headers if not pattern(name)]
        found[column.name] = next((n for n in plain if n not in found.values()), column.name)
    return found


def export_of(contract: Contract, rows: Iterable[Row]) -> str:
    named = headings(contract)
    lines = [[cell(contract, name, row) for name in named] for row in rows]
    lines = [list(named.values()), *lines]
    return "".join(",".join(f'"{text}"' for text in line) + "\n" for line in lines)


def plainly(contract: Contract) -> dict[str, Any]:
    """An entry of `files:` by which files have the contract's own names and no dress."""
    columns: dict[str, Any] = {}
    named = headings(contract)
    for column in contract.columns:
        columns[column.name] = {"headers": [named[column.name]], "number": "1234.56", "divide": 1}
        if column.data_type in ("date", "timestamp"):
            columns[column.name] |= {"format": "%Y-%m-%d", "day_of_period": False}
    return {
        "match": f"plain/{contract.relation}-*.csv",
        "contract": contract.name,
        "totals": {"control": []},
        "columns": columns,
    }


def rows_of(days: Iterable[date], accounts: Iterable[str], amount: int) -> list[Row]:
    return [
        (account, day, thing, amount + day.day)
        for account in accounts
        for day in days
        for thing in ("spring", "summer")
    ]


BEFORE = rows_of(DAYS, ("one", "two"), 100)
# Of one account: other numbers, a thing less on the second day, one more on the third.
INSIDE = [
    *(row for row in rows_of(AGAIN, ("one",), 500) if row[1:3] != (AGAIN[1], "summer")),
    ("one", AGAIN[2], "autumn", 999),
]
OUTSIDE = [row for row in BEFORE if not (row[0] == "one" and row[1] in AGAIN)]


@pytest.mark.hazard("the same file again")
def test_a_window_that_is_exported_again_replaces_its_days_and_nothing_else(
    models: dict[str, str], tmp_path: Path
) -> None:
    """Of every contract that says a file replaces the days it covers."""
    reading = {
        contract.name: name
        for contract in WINDOWS
        for name, sql in models.items()
        if f'"{contract.relation}"' in sql
    }
    assert reading.keys() == {contract.name for contract in WINDOWS}

    def staged(name: str, *runs: Mapping[str, Iterable[Row]]) -> Staged:
        """What staging has after some runs, each with exports by the day they were made on."""
        company = Company(tmp_path / name)
        settings = company.workspace.root / "workspace.yml"
        entries = {"files": [plainly(contract) for contract in WINDOWS]}
        stated = yaml.safe_load(settings.read_text()) | entries
        settings.write_text(yaml.safe_dump(stated, sort_keys=False), encoding="utf-8")
        company.workspace = open_workspace(company.workspace.root)
        for files in runs:
            for day, rows in files.items():
                for contract in WINDOWS:
                    path = company.workspace.exports / f"plain/{contract.relation}-{day}.csv"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(export_of(contract, rows), encoding="utf-8")
            company.ingest()
        with company.connected() as connection:
            told = "select columns(c -> c not in ('exported_at', 'file_name')) from ({})"
            return {
                contract: Counter(
                    map(repr, connection.execute(told.format(models[model])).fetchall())
                )
                for contract, model in reading.items()
            }

    first, again = {"2026-04-01": BEFORE}, {"2026-04-02": INSIDE}
    expected = staged("expected", {"2026-04-01": [*OUTSIDE, *INSIDE]})
    assert {rows.total() for rows in expected.values()} == {len(OUTSIDE) + len(INSIDE)}
    assert staged("in order", first, again) == expected
    assert staged("backwards", again, first) == expected
    assert staged("at once", first | again) == expected
    before = staged("before", first)
    assert all(before[name] != rows for name, rows in expected.items())
