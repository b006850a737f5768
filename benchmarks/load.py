"""How much longer it takes to load a CSV file than DuckDB needs to turn it into Parquet.

The file is a million leads as a CRM's data export writes them: 58 columns, all quoted, two of them
e-mail addresses. `plain` reads it with explicit types into Parquet. `contract` loads it under a
contract for 23 of its columns, as the loader is used: it also trims, checks every value and the
keys, counts the records a second time, and replaces both addresses by keyed hashes (HMAC-SHA256,
half of its time). `all` does the same for all 58 columns, which nobody wants of personal data, but
which is the same output as that of `plain`.

Each run has a process of its own, the cases take turns, and the clock starts when the libraries
are loaded. Run it by `python benchmarks/load.py`.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

ROWS = 1_000_000
REPEATS = 5
PROJECT = Path(__file__).resolve().parents[1]

# Header, type, and an example of a value: {n} is the row, {a} and {b} are at random. Those with a
# star are in the contract.
COLUMNS = (
    ("*Id", "varchar", "00Q46{n:010d}EAF"),
    ("*IsDeleted", "boolean", "0"),
    ("*MasterRecordId", "varchar", "000000000000000AAA"),
    ("Salutation", "varchar", "Ms."),
    ("FirstName", "varchar", "First {b}"),
    ("LastName", "varchar", "Last {a}"),
    ("*Title", "varchar", "Director of Department {b}"),
    ("*Company", "varchar", "Company {a}, Inc."),
    ("Street", "varchar", "{b} Main Street"),
    ("*City", "varchar", "City {b}"),
    ("*State", "varchar", "S{b}"),
    ("PostalCode", "varchar", "{a:05d}"),
    ("*Country", "varchar", "USA"),
    ("Latitude", "decimal(18,6)", "{b}.123456"),
    ("Longitude", "decimal(18,6)", "-{b}.654321"),
    ("GeocodeAccuracy", "varchar", ""),
    ("Phone", "varchar", "(850) 644-{b:04d}"),
    ("MobilePhone", "varchar", ""),
    ("Fax", "varchar", "(850) 645-{b:04d}"),
    ("*Email", "varchar", "person.{n}@company{a}.example"),
    ("*SecondEmail__c", "varchar", "P{n}@Mail{b}.example"),
    ("Website", "varchar", "https://www.company{a}.example/en"),
    ("Description", "varchar", 'Called twice, said ""later"": see note {n}'),
    ("*LeadSource", "varchar", "Web"),
    ("*Status", "varchar", "Working - Contacted"),
    ("*Industry", "varchar", "Agriculture"),
    ("*Rating", "varchar", "Hot"),
    ("*AnnualRevenue", "decimal(18,2)", "{a}.{b:02d}"),
    ("*NumberOfEmployees", "bigint", "{a}"),
    ("*OwnerId", "varchar", "00546{b:013d}"),
    ("HasOptedOutOfEmail", "boolean", "0"),
    ("*IsConverted", "boolean", "1"),
    ("*ConvertedDate", "date", "{day}"),
    ("*ConvertedAccountId", "varchar", "00146{a:013d}"),
    ("*ConvertedContactId", "varchar", "00346{a:013d}"),
    ("*ConvertedOpportunityId", "varchar", "000000000000000AAA"),
    ("IsUnreadByOwner", "boolean", "1"),
    ("*CreatedDate", "timestamp", "{day} 17:16:45"),
    ("CreatedById", "varchar", "00546{b:013d}"),
    ("*LastModifiedDate", "timestamp", "{day} 19:05:00"),
    ("LastModifiedById", "varchar", "00546{b:013d}"),
    ("SystemModstamp", "timestamp", "{day} 19:05:00"),
    ("LastActivityDate", "date", "{day}"),
    ("DoNotCall", "boolean", "0"),
    ("HasOptedOutOfFax", "boolean", "0"),
    ("LastTransferDate", "timestamp", "{day} 17:16:45"),
    ("Jigsaw", "varchar", ""),
    ("JigsawContactId", "varchar", ""),
    ("CleanStatus", "varchar", "Pending"),
    ("CompanyDunsNumber", "varchar", ""),
    ("DandbCompanyId", "varchar", ""),
    ("EmailBouncedReason", "varchar", ""),
    ("EmailBouncedDate", "timestamp", ""),
    ("SICCode__c", "varchar", "{b:04d}"),
    ("ProductInterest__c", "varchar", "GC5000 series"),
    ("Primary__c", "varchar", "Yes"),
    ("CurrentGenerators__c", "varchar", "All"),
    ("NumberofLocations__c", "decimal(18,2)", "{b}.0"),
)
IDENTITIES = ("Email", "SecondEmail__c")


def main() -> None:
    """Generate the file, run both by turns, and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_csv(root / "leads.csv")
        size = (root / "leads.csv").stat().st_size / 1e6
        print(f"{ROWS:,} rows, {len(COLUMNS)} columns, {size:,.0f} MB")

        runs: dict[str, list[dict[str, float]]] = {"plain": [], "contract": [], "all": []}
        for _ in range(REPEATS):
            for case, results in runs.items():
                command = [sys.executable, __file__, case, folder]
                results.append(json.loads(subprocess.check_output(command)))

    for case, results in runs.items():
        assert all(result["rows"] == ROWS for result in results)
        memory = max(result["memory"] for result in results)
        seconds = f"{spread(results, 'wall')} s, CPU {spread(results, 'cpu')} s"
        print(f"{case:8} {seconds}, {memory:,.0f} MB")
    for case in ("contract", "all"):
        pairs = list(zip(runs[case], runs["plain"], strict=True))
        ratios = [{k: ours[k] / plain[k] for k in ("wall", "cpu")} for ours, plain in pairs]
        print(f"{case} / plain: {spread(ratios, 'wall')}, of CPU {spread(ratios, 'cpu')}")


def spread(results: list[dict[str, float]], what: str) -> str:
    """Median, minimum and maximum."""
    values = sorted(result[what] for result in results)
    return f"{statistics.median(values):.2f} ({values[0]:.2f} to {values[-1]:.2f})"


def write_csv(path: Path, rows: int = ROWS, first: int = 0) -> None:
    """A file of leads, the same at every run."""
    chance = random.Random(1)
    row = ",".join(f'"{value}"' for _, _, value in COLUMNS) + "\n"
    header = ",".join(f'"{name.removeprefix("*")}"' for name, _, _ in COLUMNS) + "\n"
    days = [(date(2024, 1, 1) + timedelta(days=day)).isoformat() for day in range(1000)]
    with path.open("w", encoding="utf-8") as file:
        file.write(header)
        for n in range(first, first + rows):
            a, b = chance.randrange(50_000), chance.randrange(100)
            file.write(row.format(n=n, a=a, b=b, day=days[a % 1000]))


def plain(root: Path) -> int:
    """What DuckDB does when it is told the types."""
    import duckdb

    types = ", ".join(f"'{name.removeprefix('*')}': '{kind}'" for name, kind, _ in COLUMNS)
    with duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = false")
        target = root / "plain.parquet"
        found = connection.execute(
            f"copy (select * from read_csv('{root}/leads.csv', columns = {{{types}}}, "
            "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"')) "
            f"to '{target}' (format parquet)"
        ).fetchone()
    target.unlink()
    return int(found[0]) if found else 0


def loader(root: Path, mark: str) -> int:
    """The same file as an export of a new workspace: the columns whose name begins with `mark`."""
    from orchestration.contracts import Column, ColumnRules, Contract, TableRules
    from orchestration.ingest import ingest
    from orchestration.workspace import Config, Workspace

    taken = [(name.lstrip("*"), kind) for name, kind, _ in COLUMNS if name.startswith(mark)]
    columns = tuple(
        Column(
            header,
            kind,
            "",
            ColumnRules(
                required=header in ("Id", *IDENTITIES),
                not_null=header == "Id",
                identity="email" if header in IDENTITIES else None,
            ),
        )
        for header, kind in taken
    )
    nulls = ("", "000000000000000AAA")
    rules = TableRules(match=("*.csv",), key=("Id",), mode="full", null_values=nulls)
    contract = Contract("crm", "leads", "", columns, rules, "benchmark")
    with tempfile.TemporaryDirectory(dir=root) as folder:
        workspace = Workspace(Path(folder), Config(company="Benchmark", demo=True))
        (workspace.exports / "crm").mkdir(parents=True)
        (workspace.exports / "crm" / "leads.csv").hardlink_to(root / "leads.csv")
        return ingest(workspace, {contract.name: contract}).rows(contract.name)


def measure(case: str, root: Path) -> None:
    """Run one case in this process and print what it took, as JSON."""
    import duckdb

    sys.path.insert(0, str(PROJECT))
    import orchestration.ingest  # noqa: F401

    with duckdb.connect() as connection:
        connection.execute("select $1", ["a first parameter loads pandas, if it is installed"])
    before = resource.getrusage(resource.RUSAGE_SELF)
    started = time.perf_counter()
    rows = plain(root) if case == "plain" else loader(root, "*" if case == "contract" else "")
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"rows": rows, "wall": wall, "cpu": cpu, "memory": after.ru_maxrss / 1024}))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
