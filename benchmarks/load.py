"""How much longer it takes to load a CSV file than DuckDB needs to turn it into Parquet.

Both read the same million rows of a CRM's leads (30 columns, quoted as a CRM writes them) with
explicit types into Parquet; the loader also trims, checks every value and the keys, and replaces
two columns of e-mail addresses by keyed hashes. Each run has a process of its own, the two take
turns, and the clock starts when the libraries are loaded. Run it by `python benchmarks/load.py`.
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

# Header, type, and an example of a value; {n} is the row, {a} and {b} are at random.
COLUMNS = (
    ("Id", "varchar", "00Q46{n:010d}EAF"),
    ("OwnerId", "varchar", "00546{b:013d}"),
    ("Email", "varchar", "person.{n}@company{a}.example"),
    ("SecondEmail", "varchar", "P{n}@Mail{b}.example"),
    ("Title", "varchar", "Director of Department {b}"),
    ("Company", "varchar", "Company {a}, Inc."),
    ("City", "varchar", "City {b}"),
    ("State", "varchar", "S{b}"),
    ("PostalCode", "varchar", "{a:05d}"),
    ("Country", "varchar", "USA"),
    ("Website", "varchar", "https://www.company{a}.example/en"),
    ("Description", "varchar", 'Called twice, said ""later"": see note {n}'),
    ("LeadSource", "varchar", "Web"),
    ("Status", "varchar", "Working - Contacted"),
    ("Industry", "varchar", "Agriculture"),
    ("Rating", "varchar", "Hot"),
    ("Campaign", "varchar", "Campaign {b}"),
    ("Region", "varchar", ""),
    ("ConvertedAccountId", "varchar", "00146{a:013d}"),
    ("ConvertedContactId", "varchar", ""),
    ("ConvertedOpportunityId", "varchar", ""),
    ("LastModifiedById", "varchar", "00546{b:013d}"),
    ("AnnualRevenue", "decimal(18,2)", "{a}.{b:02d}"),
    ("NumberOfEmployees", "bigint", "{a}"),
    ("Score", "decimal(18,6)", "{b}.5"),
    ("IsConverted", "boolean", "0"),
    ("IsDeleted", "boolean", "0"),
    ("ConvertedDate", "date", "{day}"),
    ("CreatedDate", "timestamp", "{day} 17:16:45"),
    ("LastModifiedDate", "timestamp", "{day} 19:05:00"),
)
IDENTITIES = ("Email", "SecondEmail")


def main() -> None:
    """Generate the file, run both by turns, and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_csv(root / "leads.csv")
        size = (root / "leads.csv").stat().st_size / 1e6
        print(f"{ROWS:,} rows, {len(COLUMNS)} columns, {size:,.0f} MB")

        runs: dict[str, list[dict[str, float]]] = {"plain": [], "loader": []}
        for _ in range(REPEATS):
            for case, results in runs.items():
                command = [sys.executable, __file__, case, folder]
                results.append(json.loads(subprocess.check_output(command)))

    for case, results in runs.items():
        walls = sorted(result["wall"] for result in results)
        cpu = statistics.median(result["cpu"] for result in results)
        memory = max(result["memory"] for result in results)
        print(
            f"{case:7} {statistics.median(walls):6.2f} s (min {walls[0]:.2f}, max {walls[-1]:.2f}), "
            f"{cpu:.2f} s of CPU, {memory:,.0f} MB"
        )
        assert all(result["rows"] == ROWS for result in results)
    pairs = zip(runs["loader"], runs["plain"], strict=True)
    ratios = sorted(loader["wall"] / plain["wall"] for loader, plain in pairs)
    print(
        f"ratio   {statistics.median(ratios):6.2f}   "
        f"(min {ratios[0]:.2f}, max {ratios[-1]:.2f}); the aim is at most 2"
    )


def write_csv(path: Path) -> None:
    """A file of leads, the same at every run."""
    chance = random.Random(1)
    row = ",".join(f'"{value}"' for _, _, value in COLUMNS) + "\n"
    days = [(date(2024, 1, 1) + timedelta(days=day)).isoformat() for day in range(1000)]
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(f'"{header}"' for header, _, _ in COLUMNS) + "\n")
        for n in range(ROWS):
            a, b = chance.randrange(50_000), chance.randrange(100)
            file.write(row.format(n=n, a=a, b=b, day=days[a % 1000]))


def plain(root: Path) -> int:
    """What DuckDB does when it is told the types."""
    import duckdb

    types = ", ".join(f"'{header}': '{kind}'" for header, kind, _ in COLUMNS)
    with duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = false")
        target = root / "plain.parquet"
        found = connection.execute(
            f"copy (select * from read_csv('{root}/leads.csv', columns = {{{types}}}, "
            "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"')) "
            f"to '{target}' (format parquet, compression zstd)"
        ).fetchone()
    target.unlink()
    return int(found[0]) if found else 0


def loader(root: Path) -> int:
    """The same file as an export of a new workspace."""
    from orchestration.contracts import Column, ColumnRules, Contract, TableRules
    from orchestration.ingest import ingest
    from orchestration.workspace import Config, Workspace

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
        for header, kind, _ in COLUMNS
    )
    rules = TableRules(match=("*.csv",), key=("Id",), mode="full")
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
    rows = {"plain": plain, "loader": loader}[case](root)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"rows": rows, "wall": wall, "cpu": cpu, "memory": after.ru_maxrss / 1024}))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
